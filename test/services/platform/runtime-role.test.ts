import { expect } from "chai";
import { seal } from "../../../src/services/audit/seal.ts";
import { openDatabase, row } from "../../../src/services/platform/database.ts";
import { prepareRuntimeRole } from "../../../src/services/platform/runtime-role.ts";
import { eraseContact } from "../../../src/services/privacy/erase-contact.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { eventually, rejected, startHilo } from "../../support/hilo.ts";
import { write } from "../../support/meta.ts";

describe("the database's role", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
  });
  after(() => cast.close());

  it("adds to the audit and can do nothing else with it, nor with tables, triggers and rights", async () => {
    const { logger } = cast.platform;
    const ready = await Promise.all([0, 1, 2, 3].map(() => prepareRuntimeRole(cast.platform.db, logger)));
    expect(ready).to.deep.equal(Array(4).fill("hilo_runtime"));
    const db = openDatabase(cast.database.url, { size: 2, name: "test-role", role: "hilo_runtime" });
    const ctx = { ...cast.system, db };
    const { contactId } = await write(cast);
    const refused = async (sql: string) => String(await rejected(db.raw(sql) as never));
    for (const sql of [
      "update audit_events set act = 'x'",
      "delete from audit_events",
      "truncate audit_events",
      "delete from seals",
      "truncate seals cascade",
      "alter table audit_events disable trigger all",
      "drop trigger audit_events_append_only on audit_events",
      "drop table seals",
      "create table mine (a int)",
      "set session_replication_role = replica",
      "create role another superuser",
    ])
      expect(await refused(sql), sql).to.match(/permission denied|must be owner|append-only/);
    // Postgres only warns of a right that one cannot give.
    await db.raw("grant delete on audit_events to hilo_runtime");
    expect(await refused("delete from audit_events")).to.match(/permission denied/);
    await seal(ctx);
    await eraseContact({ ...ctx, actor: cast.diego.actor }, contactId);
    await seal(ctx);
    expect(await row(db, "select 1 from seals limit 1")).to.not.equal(null);
    await db.destroy();
  });

  it("is whom a server works as: every connection of its pools, but the one that listens", async () => {
    const hilo = await startHilo();
    await hilo.as("ana");
    const found = await eventually(async () =>
      row<{ user: string; may: boolean }>(
        hilo.server.platform.db,
        "select current_user as user, has_table_privilege('audit_events', 'delete') as may",
      ),
    );
    expect(found).to.deep.equal({ user: "hilo_runtime", may: false });
    const cookie = await hilo.cookie("ana");
    expect((await fetch(`${hilo.url}/inbox`, { headers: { cookie } })).status).to.equal(200);
    await hilo.close();
  });
});
