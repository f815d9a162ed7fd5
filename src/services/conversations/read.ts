import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { getConversation } from "./queries.ts";

/**
 * Somebody looked at what the contact wrote: nothing is unread any more.
 *
 * @returns the message that the contact may now see as read, or null when nothing was unread.
 */
export async function markConversationRead(
  ctx: Context,
  conversationId: number,
): Promise<{ inboxId: number; externalId: string } | null> {
  await getConversation(ctx, conversationId);
  return transact(ctx, async (tx) => {
    const was = await row(
      tx.db,
      "update conversations set unread_count = 0 where id = ? and unread_count > 0 returning id",
      [conversationId],
    );
    if (!was) return null;
    tx.record({ type: "conversation.read", conversationId });
    return findLastInbound(tx, conversationId);
  });
}

/** The newest thing the contact wrote and when the window that it opened still lets us answer. */
export function findLastInbound(
  ctx: Pick<Context, "db">,
  conversationId: number,
): Promise<{ inboxId: number; externalId: string } | null> {
  return row(
    ctx.db,
    `select inbox_id as "inboxId", external_id as "externalId" from messages
     where conversation_id = ? and shown and direction = 'inbound' and kind <> 'system' and external_id is not null
     order by sent_at desc, id desc limit 1`,
    [conversationId],
  );
}
