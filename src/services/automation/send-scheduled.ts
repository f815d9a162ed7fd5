import { createHash } from "node:crypto";
import { findSession } from "../agents/queries.ts";
import { alertAgents } from "../alerts/alerts.ts";
import { reply } from "../conversations/reply.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { isTransient, row } from "../platform/database.ts";
import { Forbidden, ServiceError } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

interface Due {
  id: number;
  conversationId: number;
  agentId: number;
  text: string;
}

/**
 * Sends replies whose time has come, as their authors. Sent once, though the process dies between sending and noting it: the
 * reply carries a token that is made from the row. What cannot be sent is told to whom wrote it.
 *
 * @returns how many were settled.
 */
export async function sendScheduled(ctx: Context): Promise<number> {
  const tried: number[] = [];
  for (;;) {
    const due = await row<Due>(
      ctx.db,
      `select id, conversation_id as "conversationId", agent_id as "agentId", text from scheduled_messages
       where settled_at is null and send_at <= now() and not id = any(:tried::bigint[]) order by send_at, id limit 1`,
      { tried },
    );
    if (!due) return tried.length;
    tried.push(due.id);
    await sendOne(ctx, due);
  }
}

async function sendOne(ctx: Context, due: Due): Promise<void> {
  const system = systemContext(ctx, ctx.now);
  let messageId: number | null = null;
  let error: string | null = null;
  try {
    const session = await findSession(ctx.db, due.agentId);
    if (!session) throw new Forbidden();
    const asThem: Context = { ...system, actor: session.actor };
    const sent = await reply(asThem, due.conversationId, { text: due.text, clientToken: tokenOf(due.id) });
    messageId = sent.id;
  } catch (failure) {
    if (!(failure instanceof ServiceError)) {
      if (isTransient(failure)) return;
      throw failure;
    }
    error =
      "fields" in failure ? Object.values(failure.fields as Record<string, string>).join(" ") : failure.key;
  }
  await transact(system, async (tx) => {
    const settled = await row(
      tx.db,
      "update scheduled_messages set settled_at = now(), message_id = ?, error = ? where id = ? and settled_at is null returning id",
      [messageId, error, due.id],
    );
    if (!settled) return;
    const { conversationId, agentId } = due;
    if (error !== null) await alertAgents(tx, [{ agentId, conversationId, kind: "unsent" }]);
    tx.record(
      { type: "conversation.changed", conversationId },
      error === null ? undefined : { act: "message.unsent", conversationId, agentId, data: { error } },
    );
  });
}

/** The same row always gives the same token. */
function tokenOf(id: number): string {
  const hex = createHash("sha256").update(`scheduled/${id}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
