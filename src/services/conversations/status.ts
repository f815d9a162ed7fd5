import type { Context, Tx } from "../platform/context.ts";
import { systemContext } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { type ConversationAct, can } from "./policy.ts";
import { getChanged, lockConversation } from "./queries.ts";
import type { Conversation } from "./types.ts";

/**
 * Ends the episode inside a command, locked. Ending what has ended changes nothing.
 *
 * @param reason why, when it was not somebody's decision.
 */
export async function endConversation(
  tx: Tx,
  id: number,
  reason?: "silence" | "contact_confirmed",
): Promise<{ isEnded: boolean; conversation: Conversation }> {
  const conversation = await lockConversation(tx, id);
  if (!can(tx.actor, "resolve")) throw new Forbidden();
  if (conversation.status === "resolved") return { isEnded: false, conversation };
  await tx
    .db("conversations")
    .where({ id })
    .update({
      status: "resolved",
      snoozed_until: null,
      resolved_at: tx.now(),
      resolved_by_id: tx.actor.kind === "agent" ? tx.actor.id : null,
      waiting_since: null,
      flagged_at: null,
      unread_count: 0,
    });
  await keepClocks(tx, [id]);
  tx.record(
    { type: "conversation.changed", conversationId: id },
    { act: "conversation.resolved", conversationId: id, ...(reason ? { data: { reason } } : {}) },
  );
  return { isEnded: true, conversation: await getChanged(tx, id) };
}

/** Ends the episode without a word to the contact; what people do is `resolveConversation`. */
export function resolve(ctx: Context, id: number): Promise<Conversation> {
  return transact(ctx, async (tx) => (await endConversation(tx, id)).conversation);
}

/**
 * Opens a resolved, pending or snoozed conversation.
 *
 * @throws Conflict when the contact has another unresolved conversation by now, or it goes on in another.
 */
export function reopen(ctx: Context, id: number): Promise<Conversation> {
  return change(ctx, id, "resolve", async (tx, conversation) => {
    if (conversation.status === "open") return null;
    if (conversation.status === "resolved") await takeBackQuestion(tx, id);
    if (conversation.mergedIntoId !== null) throw new Conflict("conversation.merged");
    if (conversation.status === "resolved") {
      const other = await tx
        .db("conversations")
        .where({ contact_id: conversation.contactId })
        .whereNot({ status: "resolved" })
        .whereRaw("coalesce(isolated_inbox_id, 0) = ?", [conversation.isolatedInboxId ?? 0])
        .first("id");
      if (other) throw new Conflict("conversation.other_open");
    }
    await tx
      .db("conversations")
      .where({ id })
      .update({
        status: "open",
        resolved_at: null,
        resolved_by_id: null,
        snoozed_until: null,
        assignee_id: tx.db.raw(
          `(select a.id from agents a where a.id = conversations.assignee_id and a.deactivated_at is null
             and (a.availability = 'online' or a.id = ?))`,
          [tx.actor.kind === "agent" ? tx.actor.id : 0],
        ),
      });
    return { act: "conversation.reopened", data: { from: conversation.status } };
  });
}

/** What was to be asked about the resolution, and has not left yet. */
async function takeBackQuestion(tx: Tx, id: number): Promise<void> {
  const held = await rows<{ id: number }>(
    tx.db,
    `update messages set delivery = 'failed', due_at = null, discarded_at = :now
     where conversation_id = :id and author_kind = 'bot' and delivery = 'queued' and due_at > now() returning id`,
    { id, now: tx.now() },
  );
  if (held.length === 0) return;
  await tx.db.raw(
    "delete from surveys where conversation_id = ? and answered_at is null and sent_at > now() - interval '1 minute'",
    [id],
  );
  for (const message of held)
    tx.record({ type: "message.changed", conversationId: id, messageId: message.id });
}

/** We wait for the contact: no clock runs against us until they write. */
export function setPending(ctx: Context, id: number): Promise<Conversation> {
  return change(ctx, id, "snooze", async (tx, conversation) => {
    if (conversation.status === "pending") return null;
    if (conversation.status === "resolved") throw new Conflict("conversation.is_resolved");
    await tx.db("conversations").where({ id }).update({ status: "pending", snoozed_until: null });
    return { act: "conversation.pending" };
  });
}

/** Out of sight until a time, or until the contact writes. @throws Invalid when the time is past or beyond a year. */
export function snooze(ctx: Context, id: number, until: Date): Promise<Conversation> {
  return change(ctx, id, "snooze", async (tx, conversation) => {
    const ahead = until.getTime() - tx.now().getTime();
    if (!(ahead > 0 && ahead < 366 * 86_400_000)) throw new Invalid({ until: "conversation.snooze_time" });
    if (conversation.status === "resolved") throw new Conflict("conversation.is_resolved");
    await tx.db("conversations").where({ id }).update({ status: "snoozed", snoozed_until: until });
    return { act: "conversation.snoozed", data: { until: until.toISOString() } };
  });
}

async function change(
  ctx: Context,
  id: number,
  act: ConversationAct,
  work: (
    tx: Tx,
    conversation: Conversation,
  ) => Promise<{ act: string; data?: Record<string, unknown> } | null>,
): Promise<Conversation> {
  return transact(ctx, async (tx) => {
    const conversation = await lockConversation(tx, id);
    if (!can(tx.actor, act)) throw new Forbidden();
    const done = await work(tx, conversation);
    if (done) {
      await keepClocks(tx, [id]);
      tx.record({ type: "conversation.changed", conversationId: id }, { conversationId: id, ...done });
    }
    return getChanged(tx, id);
  });
}

/** Snoozed conversations whose time has come, by the database's clock. */
export function wakeSnoozed(ctx: Context): Promise<number> {
  return transact(systemContext(ctx, ctx.now), async (tx) => {
    const woken = await rows<{ id: number }>(
      tx.db,
      `update conversations set status = 'open', snoozed_until = null, last_activity_at = now()
       where id in (select id from conversations where status = 'snoozed' and snoozed_until <= now() order by id limit 500 for update skip locked)
       returning id`,
    );
    await keepClocks(
      tx,
      woken.map(({ id }) => id),
    );
    for (const { id } of woken) {
      tx.record(
        { type: "conversation.changed", conversationId: id },
        { act: "conversation.woken", conversationId: id },
      );
    }
    return woken.length;
  });
}
