import type { Context, Tx } from "./context.ts";
import { type Audit, type Fact, factsChannel, packFacts } from "./events.ts";

/**
 * Runs `work` in one transaction. Facts it records are announced at commit, and their audit rows are written in
 * the same transaction: neither can be true without the other.
 */
export function transact<T>(ctx: Context, work: (tx: Tx) => Promise<T>): Promise<T> {
  return ctx.db.transaction(async (db) => {
    const facts: Fact[] = [];
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
    if (audits.length > 0) await writeAudit(ctx, tx, audits);
    if (facts.length > 0) {
      await db.raw("select pg_notify(?, payload) from unnest(?::text[]) payload", [
        factsChannel,
        packFacts(facts),
      ]);
    }
    return result;
  });
}

async function writeAudit(ctx: Context, tx: Tx, audits: readonly Audit[]): Promise<void> {
  const rows = audits.map((audit) => ({
    actor_kind: ctx.actor.kind,
    actor_id: ctx.actor.kind === "agent" ? ctx.actor.id : null,
    source: ctx.source,
    act: audit.act,
    conversation_id: audit.conversationId ?? null,
    contact_id: audit.contactId ?? null,
    message_id: audit.messageId ?? null,
    agent_id: audit.agentId ?? null,
    inbox_id: audit.inboxId ?? null,
    data: JSON.stringify(audit.data ?? {}),
    created_at: ctx.now(),
  }));
  await tx.db("audit_events").insert(rows);
}
