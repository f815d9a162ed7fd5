import type { Context, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { can, visibleTo } from "./policy.ts";
import { lockConversation } from "./queries.ts";
import { cleanText, openDoorTo, textLimit } from "./reply.ts";

/** A reply that waits for its time. */
export interface ScheduledMessage {
  id: number;
  text: string;
  sendAt: Date;
  agentId: number;
  agentName: string;
}

const longestWaitDays = 60;

/**
 * Keeps a reply until its time, when it is sent as if its author sent it then.
 *
 * @throws NotFound, Forbidden; Conflict when the conversation is resolved; Invalid without a text, for a time that is past or too far away, and
 * when WhatsApp's window will have closed by then: that is said now, not when it is too late.
 */
export function scheduleMessage(
  ctx: Context,
  conversationId: number,
  message: { text: string; sendAt: Date; clientToken?: string | undefined },
): Promise<void> {
  return transact(ctx, async (tx) => {
    const conversation = await lockConversation(tx, conversationId);
    const { actor } = tx;
    if (!can(actor, "reply") || actor.kind !== "agent") throw new Forbidden();
    if (conversation.status === "resolved") throw new Conflict("composer.resolved");
    const text = cleanText(message.text);
    if (text === "") throw new Invalid({ text: "composer.empty" });
    const length = [...text].length;
    if (length > textLimit) throw new Invalid({ text: "composer.too_long" }, { limit: textLimit, length });
    const ahead = message.sendAt.getTime() - tx.now().getTime();
    if (!(ahead > 0 && ahead < longestWaitDays * 86_400_000))
      throw new Invalid({ text: "composer.later_time" });
    await openDoorTo(tx, conversation);
    const ends = conversation.serviceWindowEndsAt;
    if (ends && ends <= message.sendAt) throw new Invalid({ text: "composer.later_closed" });
    const made = await row(
      tx.db,
      `insert into scheduled_messages (conversation_id, agent_id, text, send_at, client_token)
       values (:conversationId, :agentId, :text, :sendAt, :token) on conflict (client_token) do nothing returning id`,
      { conversationId, agentId: actor.id, text, sendAt: message.sendAt, token: message.clientToken ?? null },
    );
    if (!made) return;
    await tx.db.raw("delete from drafts where conversation_id = ? and agent_id = ? and kind = 'reply'", [
      conversationId,
      actor.id,
    ]);
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "message.scheduled", conversationId, data: { at: message.sendAt.toISOString() } },
    );
  });
}

/** What waits to be sent in a conversation, next first. The caller has loaded it. */
export const scheduledSql = `select s.id, s.text, s.send_at as "sendAt", s.agent_id as "agentId", a.name as "agentName"
  from scheduled_messages s join agents a on a.id = s.agent_id
  where s.conversation_id = :conversationId and s.settled_at is null order by s.send_at, s.id limit 20`;

export function listScheduled(ctx: Reader, conversationId: number): Promise<ScheduledMessage[]> {
  return rows(ctx.db, scheduledSql, { conversationId });
}

/** Takes back what was not sent yet; whoever may answer may. @returns its text, for the composer. */
export function takeBackScheduled(
  ctx: Context,
  id: number,
): Promise<{ conversationId: number; text: string }> {
  const visible = visibleTo(ctx.actor);
  return transact(ctx, async (tx) => {
    if (!can(tx.actor, "reply")) throw new Forbidden();
    const taken = await row<{ conversationId: number; text: string }>(
      tx.db,
      `update scheduled_messages s set settled_at = now(), error = 'taken_back' from conversations c
       where s.id = :id and s.settled_at is null and c.id = s.conversation_id and ${visible.sql}
       returning s.conversation_id as "conversationId", s.text`,
      { ...visible.bindings, id },
    );
    if (!taken) throw new NotFound();
    const { conversationId } = taken;
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "message.taken_back", conversationId },
    );
    return taken;
  });
}
