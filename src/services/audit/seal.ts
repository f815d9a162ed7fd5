import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { type Context, systemContext } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { beginning, largestSeal, linkAfter, macsOf, type Reach, type Seal } from "./chain.ts";

/** The newest seal grows until it holds so many rows or is so old: few seals, and none waits. */
const grownRows = 500;
const grownSeconds = 3600;
/** How long to wait for transactions that may still write below the line; the next run goes on. Milliseconds. */
const patience = 10_000;
const sealLock = 7_446_503;

/**
 * Chains what is new in audit events and messages to what was sealed before: each seal's hash covers the one before it and
 * the rows in between.
 *
 * @returns how many seals were made or grew.
 */
export async function seal(ctx: Context): Promise<number> {
  const { db, secrets } = systemContext(ctx, ctx.now);
  const upTo = await horizon(db);
  if (!upTo) return 0;
  for (let made = 0; ; made += 1) {
    const more = await db.transaction(async (tx) => {
      await tx.raw("select pg_advisory_xact_lock(?)", [sealLock]);
      const last = await row<Seal & { grows: boolean }>(
        tx,
        `select *, not closed and created_at > now() - make_interval(secs => ${grownSeconds})
           and audit_events + messages < ${grownRows} as grows from seals order by id desc limit 1`,
      );
      if (last && upTo.auditEventId <= last.last_audit_event_id && upTo.messageId <= last.last_message_id)
        return false;
      const next = await linkAfter(tx, last?.grows ? before(last) : (last ?? beginning), upTo);
      const known = last?.grows ? last.audit_events + last.messages : 0;
      const isNew = next.audit_events + next.messages > known;
      if (!isNew) return false;
      const kept = { ...next, mac: macsOf(secrets, next)[0] ?? null };
      if (last?.grows) await tx("seals").where({ id: last.id }).update(kept);
      else await tx("seals").insert(kept);
      return next.audit_events === largestSeal || next.messages === largestSeal ? true : null;
    });
    if (more === false) return made;
    if (more === null) return made + 1;
  }
}

/** What the seal followed: it is made anew from there. */
const before = (seal: Seal) => ({
  hash: seal.previous_hash,
  last_audit_event_id: seal.first_audit_event_id - 1,
  last_message_id: seal.first_message_id - 1,
});

/**
 * The highest ids below which nothing can appear any more: those that were given out a moment ago, once every transaction
 * that had begun by then has ended. Nobody is locked out. Who has only read for a minute, a backup perhaps, is not waited
 * for: an id is taken and written in one statement. Null when a transaction does not end; another run finds out.
 */
async function horizon(db: Knex): Promise<Reach | null> {
  const ids = await row<Reach & { isNew: boolean }>(
    db,
    `select a.last_value as "auditEventId", m.last_value as "messageId",
       coalesce((select a.last_value > s.last_audit_event_id or m.last_value > s.last_message_id from seals s order by s.id desc limit 1), true) as "isNew"
     from audit_events_id_seq a, messages_id_seq m`,
  );
  if (!ids?.isNew) return null;
  const now = await row<{ at: string }>(db, "select clock_timestamp()::text as at");
  for (const end = Date.now() + patience; Date.now() < end; ) {
    if (await areOver(db, now?.at ?? "")) return ids;
    await sleep(50);
  }
  return null;
}

/** Asked as whoever connected, as all of Hilo does: what others' connections do is shown to nobody else. */
const areOver = (db: Knex, at: string): Promise<boolean> =>
  db.transaction(async (tx) => {
    await tx.raw("set local role none");
    const open = await row(
      tx,
      `select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
         and xact_start <= :at::timestamptz and (backend_xid is not null or xact_start > :at::timestamptz - interval '1 minute') limit 1`,
      { at },
    );
    return open === null;
  });
