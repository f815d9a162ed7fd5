import { createHash } from "node:crypto";
import type { Knex } from "knex";
import { type Context, systemContext } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";

/** Rows of each kind that one seal covers at most. */
const largestSeal = 20_000;
const sealLock = 7_446_503;

interface Seal {
  id: number;
  previous_hash: string;
  last_audit_event_id: number;
  last_message_id: number;
  audit_events: number;
  messages: number;
  hash: string;
}

/**
 * Chains what is new in audit events and messages to what was sealed before: each seal's hash covers the one before
 * it and the rows in between. A moment's lock on the two tables makes sure that no open transaction can still insert
 * below the line that is sealed.
 */
export async function seal(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  let made = 0;
  const upTo = await horizon(system.db);
  for (;;) {
    const done = await system.db.transaction(async (db) => {
      await db.raw("select pg_advisory_xact_lock(?)", [sealLock]);
      const last = await lastSeal(db);
      const next = await hashRange(db, last, upTo);
      if (next.audit_events + next.messages === 0) return true;
      await db("seals").insert(next);
      return next.audit_events < largestSeal && next.messages < largestSeal;
    });
    made += 1;
    if (done) return made;
  }
}

/** The highest ids below which nothing can appear any more. */
async function horizon(db: Knex): Promise<{ auditEventId: number; messageId: number }> {
  return db.transaction(async (tx) => {
    // Whoever writes waits behind us, so that we wait only a moment; a busy minute is sealed in the next one.
    await tx.raw("set local lock_timeout = '500ms'");
    await tx.raw("lock table messages, audit_events in share mode");
    const found = await row<{ a: number | null; m: number | null }>(
      tx,
      "select (select max(id) from audit_events) as a, (select max(id) from messages) as m",
    );
    return { auditEventId: found?.a ?? 0, messageId: found?.m ?? 0 };
  });
}

async function lastSeal(db: Knex): Promise<Seal> {
  const found = await row<Seal>(db, "select * from seals order by id desc limit 1");
  return (
    found ?? {
      id: 0,
      previous_hash: "",
      last_audit_event_id: 0,
      last_message_id: 0,
      audit_events: 0,
      messages: 0,
      hash: "hilo",
    }
  );
}

/** What never changes in a row, as text. A message's delivery, its edits and its person's merges may change. */
export const auditText = `jsonb_build_array(id, actor_kind, actor_id, source, act, conversation_id, contact_id, message_id, agent_id,
  inbox_id, data, extract(epoch from created_at))::text`;
export const messageText = `jsonb_build_array(id, inbox_id, direction, author_kind, author_agent_id,
  case when content ? 'history' then null else kind end, case when content ? 'history' then null else text end,
  case when direction = 'inbound' then external_id end, extract(epoch from sent_at), extract(epoch from created_at))::text`;

async function hashRange(db: Knex, last: Seal, upTo: { auditEventId: number; messageId: number }) {
  const audit = await rangeOf(
    db,
    "audit_events",
    auditText,
    last.last_audit_event_id,
    upTo.auditEventId,
    largestSeal,
  );
  const message = await rangeOf(
    db,
    "messages",
    messageText,
    last.last_message_id,
    upTo.messageId,
    largestSeal,
  );
  return {
    previous_hash: last.hash,
    first_audit_event_id: last.last_audit_event_id + 1,
    last_audit_event_id: Math.max(audit.last, last.last_audit_event_id),
    audit_events: audit.n,
    first_message_id: last.last_message_id + 1,
    last_message_id: Math.max(message.last, last.last_message_id),
    messages: message.n,
    hash: createHash("sha256").update([last.hash, audit.hash, message.hash].join("\n")).digest("hex"),
  };
}

async function rangeOf(db: Knex, table: string, text: string, after: number, upTo: number, most: number) {
  const found = await row<{ n: number; last: number | null; hash: string | null }>(
    db,
    `select count(*)::int as n, max(id) as last, encode(sha256(string_agg(digest, ''::bytea order by id)), 'hex') as hash
     from (select id, coalesce(erased_digest, sha256(convert_to(${text.replaceAll(" ? ", " \\? ")}, 'UTF8'))) as digest from ${table}
           where id > :after and id <= :upTo order by id limit :most) sealed`,
    { after, upTo, most },
  );
  return { n: found?.n ?? 0, last: found?.last ?? after, hash: found?.hash ?? "" };
}

export interface Verification {
  seals: number;
  auditEvents: number;
  messages: number;
  /** What was found changed, removed or inserted; null when all is as it was sealed. */
  fault: string | null;
}

/** Walks the chain from its beginning and computes every hash again. */
export async function verify(ctx: Context): Promise<Verification> {
  const chain = await rows<Seal & { first_audit_event_id: number; first_message_id: number }>(
    ctx.db,
    "select * from seals order by id",
  );
  let previous = "hilo";
  const result: Verification = { seals: 0, auditEvents: 0, messages: 0, fault: null };
  let last: Seal = {
    id: 0,
    previous_hash: "",
    last_audit_event_id: 0,
    last_message_id: 0,
    audit_events: 0,
    messages: 0,
    hash: previous,
  };
  for (const one of chain) {
    const upTo = { auditEventId: one.last_audit_event_id, messageId: one.last_message_id };
    const again = await hashRange(ctx.db, last, upTo);
    if (one.previous_hash !== previous || again.hash !== one.hash) {
      const span = `audit events ${one.first_audit_event_id}–${one.last_audit_event_id}, messages ${one.first_message_id}–${one.last_message_id}`;
      return {
        ...result,
        fault: `seal ${one.id} (${span}) does not match its rows: found ${again.audit_events} audit events and ${again.messages} messages, sealed ${one.audit_events} and ${one.messages}`,
      };
    }
    previous = one.hash;
    last = one;
    result.seals += 1;
    result.auditEvents += one.audit_events;
    result.messages += one.messages;
  }
  return { ...result, fault: await findUnexplained(ctx) };
}

/** Only what was erased by somebody, or was older than a rule says, may lack its content. */
async function findUnexplained(ctx: Context): Promise<string | null> {
  const found = await row<{ table: string; id: number }>(
    ctx.db,
    `with erased as materialized (select contact_id, (data ->> 'before')::timestamptz as before from audit_events
       where act in ('contact.erased', 'retention.applied')),
     gone as (
       select 'message' as table, id, contact_id, sent_at as at from messages where erased_digest is not null
       union all select 'audit event', id, contact_id, null from audit_events where erased_digest is not null)
     select gone.table, gone.id from gone where not exists (select 1 from erased where erased.contact_id = gone.contact_id)
       and not exists (select 1 from contacts p join erased on erased.contact_id = p.merged_into_id where p.id = gone.contact_id)
       and not exists (select 1 from erased where erased.before > gone.at) limit 1`,
  );
  return found ? `${found.table} ${found.id} lacks its content, and nobody erased it` : null;
}
