import type { Context } from "../platform/context.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { getMessage } from "./messages.ts";
import { can } from "./policy.ts";
import { lockConversation } from "./queries.ts";
import { openDoorTo } from "./reply.ts";
import type { Message } from "./types.ts";

/**
 * Puts the firm's reaction on a message, changes it or takes it back (an empty emoji). Travels as a message of its
 * own, so that order, limits and failures are those of every message.
 *
 * @throws NotFound, Forbidden; Invalid when it is no emoji, the message has no provider's id yet or the window is closed.
 */
export async function react(ctx: Context, messageId: number, emoji: string): Promise<Message> {
  const target = await getMessage(ctx, messageId);
  return transact(ctx, async (tx) => {
    const conversation = await lockConversation(tx, target.conversationId);
    if (!can(tx.actor, "reply") || tx.actor.kind !== "agent") throw new Forbidden();
    if (!isEmoji(emoji) || !target.externalId) throw new Invalid({ emoji: "message.cannot_react" });
    const door = await openDoorTo(tx, conversation, target.inboxId);
    await tx.db("messages").insert({
      conversation_id: conversation.id,
      contact_id: conversation.contactId,
      inbox_id: door.inboxId,
      identity_id: door.identityId,
      direction: "outbound",
      kind: "reaction",
      text: emoji,
      reply_to_id: messageId,
      author_kind: "agent",
      author_agent_id: tx.actor.id,
      delivery: "queued",
      due_at: tx.db.fn.now(),
      sent_at: tx.now(),
    });
    await tx
      .db("message_reactions")
      .insert({ message_id: messageId, author_kind: "firm", emoji, agent_id: tx.actor.id, sent_at: tx.now() })
      .onConflict(["message_id", "author_kind"])
      .merge();
    tx.record({ type: "message.queued", conversationId: conversation.id, messageId });
    tx.record(
      { type: "message.changed", conversationId: conversation.id, messageId },
      {
        act: emoji === "" ? "message.reaction_removed" : "message.reacted",
        conversationId: conversation.id,
        messageId,
      },
    );
    return getMessage(tx, messageId);
  });
}

const emojiPattern = /^(\p{RGI_Emoji}|)$/v;

/** One emoji as people see it, or nothing. */
export const isEmoji = (text: string): boolean => text.length <= 32 && emojiPattern.test(text);
