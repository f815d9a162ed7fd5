import { findSession } from "../agents/queries.ts";
import { alertAgents } from "../alerts/alerts.ts";
import { replyIn } from "../conversations/reply.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { isTransient, row } from "../platform/database.ts";
import { Conflict, Forbidden, ServiceError } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

interface Due {
  id: number;
  conversationId: number;
  agentId: number;
}

/**
 * Sends replies whose time has come, as their authors. The reply and its row's settling are one transaction: sent once or not at all,
 * and not when it was taken back meanwhile. What cannot be sent, or was overtaken by what the contact wrote since, is told to whom wrote it.
 *
 * @returns how many were settled.
 */
export async function sendScheduled(ctx: Context): Promise<number> {
  const tried: number[] = [];
  for (;;) {
    const due = await row<Due>(
      ctx.db,
      `select id, conversation_id as "conversationId", agent_id as "agentId" from scheduled_messages
       where settled_at is null and send_at <= now() and not id = any(:tried::bigint[]) order by send_at, id limit 1`,
      { tried },
    );
    if (!due) return tried.length;
    tried.push(due.id);
    try {
      await sendOne(ctx, due);
    } catch (error) {
      if (!(error instanceof ServiceError)) {
        if (isTransient(error)) continue;
        throw error;
      }
      const reasons = "fields" in error ? Object.values(error.fields as Record<string, string>) : [error.key];
      await giveUp(ctx, due, reasons.join(" "));
    }
  }
}

async function sendOne(ctx: Context, { id, agentId, conversationId }: Due): Promise<void> {
  const session = await findSession(ctx.db, agentId);
  if (!session) throw new Forbidden();
  await transact({ ...systemContext(ctx, ctx.now), actor: session.actor }, async (tx) => {
    // The conversation first, as everywhere; then the row, which somebody may be taking back.
    await tx.db.raw("select id from conversations where id = ? for update", [conversationId]);
    const waiting = await row<{ text: string; overtaken: boolean }>(
      tx.db,
      `select s.text, coalesce(c.last_inbound_at > s.created_at, false) and c.waiting_since is not null as overtaken
       from scheduled_messages s join conversations c on c.id = s.conversation_id
       where s.id = ? and s.settled_at is null for update of s`,
      [id],
    );
    if (!waiting) return;
    // What they asked since must not look answered by what was written before.
    if (waiting.overtaken) throw new Conflict("scheduled.overtaken");
    const message = await replyIn(tx, conversationId, { text: waiting.text, keepsDraft: true });
    await tx.db.raw("update scheduled_messages set settled_at = now(), message_id = ? where id = ?", [
      message.id,
      id,
    ]);
    tx.record({ type: "conversation.changed", conversationId });
  });
}

async function giveUp(ctx: Context, { id, agentId, conversationId }: Due, error: string): Promise<void> {
  await transact(systemContext(ctx, ctx.now), async (tx) => {
    const settled = await row(
      tx.db,
      "update scheduled_messages set settled_at = now(), error = ? where id = ? and settled_at is null returning id",
      [error, id],
    );
    if (!settled) return;
    await alertAgents(tx, [{ agentId, conversationId, kind: "unsent" }]);
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "message.unsent", conversationId, agentId, data: { error } },
    );
  });
}
