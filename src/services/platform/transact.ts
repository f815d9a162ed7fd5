import type { Knex } from "knex";
import type { Context, Tx } from "./context.ts";
import { json } from "./database.ts";
import { type Audit, type Fact, factsChannel, packFacts } from "./events.ts";

/**
 * Runs `work` in one transaction. Facts it records are announced at commit, and their audit rows are written in
 * the same transaction: neither can be true without the other.
 */
export async function transact<T>(ctx: Context, work: (tx: Tx) => Promise<T>): Promise<T> {
  const facts: Fact[] = [];
  const done = await ctx.db.transaction(async (db) => {
    const audits: Audit[] = [];
    const tx: Tx = {
      inTransaction: true,
      db,
      actor: ctx.actor,
      now: ctx.now,
      secrets: ctx.secrets,
      record(fact, audit) {
        if (fact) facts.push(fact);
        if (audit) audits.push(audit);
      },
    };
    const result = await work(tx);
    if (audits.length > 0) await writeAudit(ctx, db, audits);
    if (facts.length > 0) {
      await announce(db, facts);
    }
    return result;
  });
  ctx.memories.hear(facts);
  return done;
}

/** What is announced about conversations, or about a contact who was joined to another, makes their facts old: `reports/keep-facts.ts`. */
async function announce(db: Knex, facts: readonly Fact[]): Promise<void> {
  const conversations = new Set(
    facts.flatMap((fact) => ("conversationId" in fact && !looks.has(fact.type) ? fact.conversationId : [])),
  );
  const contacts = facts.flatMap((fact) => (fact.type === "contact.regrouped" ? fact.contactId : []));
  if (contacts.length > 0)
    await db.raw("insert into fact_marks select id from conversations where contact_id = any(?::bigint[])", [
      contacts,
    ]);
  const payloads = packFacts(facts);
  if (conversations.size === 0)
    await db.raw("select pg_notify(?, payload) from unnest(?::text[]) payload", [factsChannel, payloads]);
  else
    await db.raw(
      `with marks as (insert into fact_marks select unnest(?::bigint[]))
       select pg_notify(?, payload) from unnest(?::text[]) payload`,
      [[...conversations], factsChannel, payloads],
    );
}

/** Facts about who looks. */
const looks: ReadonlySet<Fact["type"]> = new Set(["conversation.read", "conversation.viewed"]);

/**
 * An act that changes nothing, in a statement of its own: somebody looked. Nobody waits until it is on the disk: killing Hilo loses
 * none, and only a crash of the database's machine could lose those of the last moment.
 */
export const recordAlone = (ctx: Context, audit: Audit): Promise<void> =>
  writeAudit(ctx, ctx.db, [audit], "set_config('synchronous_commit', 'off', true)");

async function writeAudit(ctx: Context, db: Knex, audits: readonly Audit[], first = "null"): Promise<void> {
  const rows = audits.map((audit) => ({ ...audit, data: audit.data ?? {} }));
  await db.raw(
    `with s as materialized (select ${first})
     insert into audit_events (actor_kind, actor_id, source, act, conversation_id, contact_id, message_id, agent_id, inbox_id, data, created_at, address)
     select :kind, :actorId, :source, act, "conversationId", "contactId", "messageId", "agentId", "inboxId", data, :now, :address
     from s, jsonb_to_recordset(:rows::jsonb) as a(act text, "conversationId" bigint, "contactId" bigint, "messageId" bigint,
       "agentId" bigint, "inboxId" bigint, data jsonb)`,
    {
      kind: ctx.actor.kind,
      actorId: ctx.actor.kind === "agent" ? ctx.actor.id : null,
      source: ctx.source,
      now: ctx.now(),
      address: ctx.address ?? null,
      rows: json(rows),
    },
  );
}
