import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { readAnchor, writeAnchor } from "./anchor.ts";
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
  const { db } = ctx;
  const upTo = await horizon(db);
  if (!upTo) return 0;
  for (let made = 0; ; made += 1) {
    const { isNew, hasMore, head } = await db.transaction((tx) => sealOnce(tx, ctx, upTo));
    const known = readAnchor(ctx.config.dataDir);
    if (isNew && (!known || (head && head.id > (known.head?.id ?? 0))))
      writeAnchor(ctx.config.dataDir, {
        markedFrom: known?.markedFrom ?? isNew.id,
        head: head ?? known?.head ?? null,
      });
    if (!isNew) return made;
    if (!hasMore) return made + 1;
  }
}

interface Made {
  /** The seal that was made or grew. */
  isNew: { id: number } | null;
  hasMore: boolean;
  /** The one before it, to which nothing is added any more. */
  head: { id: number; hash: string } | null;
}

async function sealOnce(tx: Knex, ctx: Context, upTo: Reach): Promise<Made> {
  await tx.raw("select pg_advisory_xact_lock(?)", [sealLock]);
  const last = await row<Seal & { grows: boolean }>(
    tx,
    `select *, not closed and created_at > now() - make_interval(secs => ${grownSeconds})
       and audit_events + messages < ${grownRows} as grows from seals order by id desc limit 1`,
  );
  const nothing: Made = { isNew: null, hasMore: false, head: null };
  if (last && upTo.auditEventId <= last.last_audit_event_id && upTo.messageId <= last.last_message_id)
    return nothing;
  const grown = last?.grows ? await linkAfter(tx, before(last), upTo) : null;
  // What was sealed stays as it was sealed: a row that differs now is not sealed over, and is named when somebody verifies.
  const grows = grown !== null && last !== null && continues(last, grown);
  if (grown && !grows)
    ctx.logger.error({ seal: last?.id }, "a sealed row was changed: run hilo audit verify");
  const next = grows ? grown : await linkAfter(tx, last ?? beginning, upTo);
  const known = grows ? last.audit_events + last.messages : 0;
  if (next.audit_events + next.messages <= known) return nothing;
  const kept = { ...next, mac: macsOf(ctx.secrets, next)[0] ?? null };
  const hasMore = next.audit_events === largestSeal || next.messages === largestSeal;
  if (grows) {
    await tx("seals").where({ id: last.id }).update(kept);
    return { isNew: { id: last.id }, hasMore, head: null };
  }
  const [made] = await tx("seals").insert(kept, "id");
  return { isNew: { id: made.id }, hasMore, head: last ? { id: last.id, hash: last.hash } : null };
}

/** Whether what grew begins with what was sealed. */
const continues = (last: Seal, next: Pick<Seal, "audit_leaves" | "message_leaves">): boolean =>
  (["audit_leaves", "message_leaves"] as const).every((leaves) => {
    const was = last[leaves] ?? Buffer.alloc(0);
    return next[leaves]?.subarray(0, was.length).equals(was) ?? false;
  });

/** Waits for its turn to write seals, so that one is not closed while it grows. */
export const holdSeals = (tx: Knex) => tx.raw("select pg_advisory_xact_lock(?)", [sealLock]);

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
