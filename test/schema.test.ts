import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect } from "chai";
import { migrate } from "../src/services/platform/migrate.ts";
import { cloneDatabase, type TestDatabase } from "./support/database.ts";
import { describeSchema } from "./support/schema.ts";

describe("schema", () => {
  let database: TestDatabase;
  before(async () => {
    database = await cloneDatabase();
  });
  after(() => database.drop());

  it("is what migrations/schema.sql says (npm run db:schema writes it)", async () => {
    const committed = readFileSync(resolve(import.meta.dirname, "../migrations/schema.sql"), "utf8");
    expect(await describeSchema(database.db)).to.equal(committed);
  });

  it("migrates once however many start at once", async () => {
    const ran = await Promise.all([migrate(database.db), migrate(database.db), migrate(database.db)]);
    expect(ran.flat()).to.deep.equal([]);
  });

  it("recovers from a migration lock that a killed process left", async () => {
    await database.db.raw("update knex_migrations_lock set is_locked = 1");
    expect(await migrate(database.db)).to.deep.equal([]);
  });

  it("refuses to change or remove what was audited", async () => {
    await database
      .db("audit_events")
      .insert({ actor_kind: "system", source: "cli", act: "test.done", created_at: new Date() });
    for (const sql of [
      "update audit_events set act = 'x'",
      "delete from audit_events",
      "truncate audit_events",
    ]) {
      const error: Error = await database.db.raw(sql).then(
        () => new Error("was allowed"),
        (refused: Error) => refused,
      );
      expect(error.message, sql).to.contain("append-only");
    }
  });
});
