import { expect } from "chai";
import type { Knex } from "knex";
import { linkAfter } from "../../../src/services/audit/chain.ts";
import { seal } from "../../../src/services/audit/seal.ts";
import { verify } from "../../../src/services/audit/verify.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { eventually, rejected } from "../../support/hilo.ts";
import { write } from "../../support/meta.ts";

describe("seals", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    for (const message of ["Hola", "¿Están?", "Necesito ayuda"]) {
      const { conversationId } = await write(cast, { message });
      await reply(cast.ana, conversationId, { text: "Buenas" });
      await seal(cast.system);
      await resolve(cast.ana, conversationId);
      // Numbers that were given out and never used, and a seal that is closed.
      await cast.platform.db.raw("select nextval('audit_events_id_seq'), nextval('messages_id_seq')");
      await asOwner((db) => db.raw("update seals set created_at = now() - interval '2 hours'"));
    }
    await write(cast, { message: "Otra vez" });
    await seal(cast.system);
  });
  after(() => cast.close());

  /** As somebody who has the whole database in their hands: no trigger stops them. */
  const asOwner = <T>(work: (db: Knex.Transaction) => Promise<T>): Promise<T> =>
    cast.platform.db.transaction(async (db) => {
      await db.raw("set local session_replication_role = replica");
      return work(db);
    });
  /** What is found after `work`, which is then taken back. */
  async function faultAfter(work: (db: Knex.Transaction) => Promise<unknown>): Promise<string | null> {
    let found: string | null = null;
    const error = await rejected(
      asOwner(async (db) => {
        await work(db);
        found = (await verify({ ...cast.system, db })).fault;
        throw new Error("taken back");
      }),
    );
    if ((error as Error).message !== "taken back") throw error;
    return found;
  }
  const idsOf = async (table: string) =>
    (await rows<{ id: number }>(cast.platform.db, `select id from ${table} order by id`)).map(({ id }) => id);

  it("prove that nothing was changed, and stay valid when a message is delivered", async () => {
    await asOwner((db) =>
      db.raw("update messages set delivery = 'read', external_id = 'w' || id where direction = 'outbound'"),
    );
    const result = await verify(cast.system);
    expect(result).to.include({ messages: 7, fault: null });
    expect(result.seals).to.be.greaterThan(3);
    expect(result.auditEvents).to.be.greaterThan(10);
  });

  it("name the very row that was changed, removed or inserted, in 100 of 100 tries", async () => {
    const seed = Number(process.env.SEALS_SEED ?? Date.now() % 1_000_000);
    let state = seed;
    const pick = <T>(list: readonly T[]): T => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return list[Math.floor((state / 2_147_483_648) * list.length)] as T;
    };
    const known = { audit_events: await idsOf("audit_events"), messages: await idsOf("messages") };
    const words = { audit_events: "audit event", messages: "message" };
    const changes = {
      audit_events: ["act = act || 'x'", "actor_id = 77", "data = '{\"a\":1}'", "address = '10.0.0.1'"],
      messages: [
        "text = text || ' '",
        "sent_at = sent_at - interval '1 second'",
        "created_at = created_at + interval '1 second'",
      ],
    };
    const seen = new Set<string>();
    for (let n = 0; n < 100; n += 1) {
      const table = pick(["audit_events", "messages"] as const);
      const act = pick(["changed", "removed", "inserted"]);
      const ids = known[table];
      const gaps = Array.from({ length: ids.at(-1) ?? 0 }, (_, at) => at + 1).filter(
        (id) => !ids.includes(id),
      );
      const id = act === "inserted" ? pick(gaps) : pick(ids);
      seen.add(`${table} ${act}`);
      const found = await faultAfter(async (db) => {
        if (act === "changed") await db.raw(`update ${table} set ${pick(changes[table])} where id = ?`, [id]);
        if (act === "removed") await db.raw(`delete from ${table} where id = ?`, [id]);
        if (act === "inserted") {
          await db.raw(`create temp table copied on commit drop as select * from ${table} where id = ?`, [
            pick(ids),
          ]);
          await db.raw("update copied set id = ?", [id]);
          if (table === "messages")
            await db.raw(
              "alter table copied drop column shown, drop column if exists search; update copied set external_id = null",
            );
          const columns = await rows<{ name: string }>(
            db,
            "select attname as name from pg_attribute where attrelid = 'copied'::regclass and attnum > 0 and not attisdropped",
          );
          const names = columns.map(({ name }) => `"${name}"`).join();
          await db.raw(`insert into ${table} (${names}) overriding system value select ${names} from copied`);
        }
      });
      expect(found, `${act} ${table} ${id}, seed ${seed}`).to.match(
        new RegExp(`^${words[table]} ${id} was ${act} `),
      );
    }
    expect(seen.size).to.equal(6);
    expect((await verify(cast.system)).fault).to.equal(null);
  });

  it("cannot be made again without the installation's key, nor left out", async () => {
    const last = await row<{
      id: number;
      previous_hash: string;
      first_audit_event_id: number;
      first_message_id: number;
    }>(cast.platform.db, "select * from seals order by id desc limit 1");
    if (!last) throw new Error("nothing is sealed");
    const previous = {
      hash: last.previous_hash,
      last_audit_event_id: last.first_audit_event_id - 1,
      last_message_id: last.first_message_id - 1,
    };
    const forged = await faultAfter(async (db) => {
      await db.raw("update audit_events set act = 'x' where id = ?", [last.first_audit_event_id]);
      await db("seals")
        .where({ id: last.id })
        .update(await linkAfter(db, previous, { auditEventId: 1e9, messageId: 1e9 }));
    });
    expect(forged).to.match(/not made by this installation/);
    // Everything computed again, and no mark anywhere: what is remembered beside the key tells.
    const unmarked = await faultAfter(async (db) => {
      await db.raw("update audit_events set act = 'x' where id = 1");
      let previous = { hash: "hilo", last_audit_event_id: 0, last_message_id: 0 };
      for (const { id, last_audit_event_id, last_message_id } of await rows<{
        id: number;
        last_audit_event_id: number;
        last_message_id: number;
      }>(db, "select * from seals order by id")) {
        const reach = { auditEventId: last_audit_event_id, messageId: last_message_id };
        const link = await linkAfter(db, previous, reach);
        await db("seals")
          .where({ id })
          .update({ ...link, mac: null, audit_leaves: null, message_leaves: null });
        previous = link;
      }
    });
    expect(unmarked).to.match(/not made by this installation/);
    const cut = await faultAfter((db) => db.raw("delete from seals where id > 1"));
    expect(cut).to.match(/were removed/);
    const bare = await faultAfter((db) => db.raw("update seals set mac = null where id = ?", [last.id]));
    expect(bare).to.match(/not made by this installation/);
    expect(await faultAfter((db) => db.raw("delete from seals where id = 2"))).to.match(/does not follow/);
  });

  it("grow while they are new, and are never taken back", async () => {
    const count = async () => (await rows(cast.platform.db, "select 1 from seals")).length;
    const many = await count();
    await write(cast, { message: "y otra cosa" });
    expect(await seal(cast.system)).to.equal(1);
    expect(await count()).to.equal(many);
    expect(await seal(cast.system)).to.equal(0);
    for (const sql of [
      "update seals set hash = 'x', last_audit_event_id = 1",
      "update seals set hash = 'x' where id = 1",
      "delete from seals",
    ])
      expect(String(await rejected(cast.platform.db.raw(sql) as never)), sql).to.contain("append-only");
  });

  it("are not made over a row that was changed since, however new it is", async () => {
    await write(cast, { message: "recién" });
    await seal(cast.system);
    const { rows: newest } = await cast.platform.db.raw("select max(id) as id from messages");
    await asOwner((db) => db.raw("update messages set text = 'otra cosa' where id = ?", [newest[0].id]));
    await write(cast, { message: "y después" });
    await seal(cast.system);
    expect((await verify(cast.system)).fault).to.match(new RegExp(`^message ${newest[0].id} was changed`));
    await asOwner((db) => db.raw("update messages set text = 'recién' where id = ?", [newest[0].id]));
    expect((await verify(cast.system)).fault).to.equal(null);
  });

  it("wait for a transaction that may still write below the line", async () => {
    const { db } = cast.platform;
    const open = await db.transaction();
    await open.raw(
      "insert into audit_events (actor_kind, source, act, created_at) values ('system', 'system', 'late', now())",
    );
    await write(cast, { message: "mientras tanto" });
    let done = false;
    const sealing = seal(cast.system).then(() => {
      done = true;
    });
    await eventually(
      async () =>
        (await row(db, "select 1 from pg_stat_activity where query like '%xact_start%' limit 1")) !== null,
    );
    expect(done).to.equal(false);
    await open.commit();
    await sealing;
    expect((await verify(cast.system)).fault).to.equal(null);
    const late = await row<{ id: number }>(db, "select id from audit_events where act = 'late'");
    const sealed = await row<{ id: number }>(db, "select max(last_audit_event_id) as id from seals");
    expect(late?.id).to.be.at.most(sealed?.id ?? 0);
  });

  it("take whatever came at once, in seals of one size, with gaps between numbers", async () => {
    const other = await openCast();
    const { db } = other.platform;
    const { conversationId, contactId } = await write(other, { message: "Hola" });
    await seal(other.system);
    await db.raw("update seals set closed = true").catch(() => {});
    await db.raw(
      `insert into messages (conversation_id, contact_id, inbox_id, direction, kind, text, author_kind, sent_at)
       select ?, ?, ?, 'inbound', 'text', 'n' || n, 'contact', now() from generate_series(1, 45000) n`,
      [conversationId, contactId, other.inbox.id],
    );
    await db.raw("select setval('messages_id_seq', (select max(id) + 30000 from messages))");
    await db.raw(
      `insert into messages (conversation_id, contact_id, inbox_id, direction, kind, text, author_kind, sent_at)
       values (?, ?, ?, 'inbound', 'text', 'último', 'contact', now())`,
      [conversationId, contactId, other.inbox.id],
    );
    await seal(other.system);
    const sizes = await rows<{ messages: number }>(db, "select messages from seals order by id");
    expect(sizes.reduce((sum, { messages }) => sum + messages, 0)).to.equal(45_002);
    expect(Math.max(...sizes.map(({ messages }) => messages))).to.equal(20_000);
    expect(await verify(other.system)).to.include({ messages: 45_002, fault: null });
    await other.close();
  });
});
