import { getMessage } from "../conversations/messages.ts";
import { can } from "../conversations/policy.ts";
import type { Message } from "../conversations/types.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { retryMedia } from "./fetch-media.ts";

/**
 * Sends a message again that failed or whose fate is unknown; or fetches its file again. For an unknown one the
 * person has been told that it may arrive twice.
 *
 * @throws NotFound, Forbidden; Conflict when there is nothing to try again.
 */
export function retryMessage(ctx: Context, messageId: number): Promise<Message> {
  return settle(ctx, messageId, async (tx) => {
    const again = await row(
      tx.db,
      `update messages set delivery = 'queued', due_at = now(), delivery_error = null, attempts = attempts + 1, external_id = null
       where id = ? and delivery in ('failed', 'unknown') and discarded_at is null returning id`,
      [messageId],
    );
    if (!again && !(await retryMedia(tx, messageId))) throw new Conflict("message.nothing_to_retry");
    return "message.retried";
  });
}

/** Gives a failed or unknown message up: it stays in the thread, crossed out. */
export function discardMessage(ctx: Context, messageId: number): Promise<Message> {
  return settle(ctx, messageId, async (tx) => {
    const given = await row(
      tx.db,
      "update messages set discarded_at = ?, delivery = 'failed' where id = ? and delivery in ('failed', 'unknown') and discarded_at is null returning id",
      [tx.now(), messageId],
    );
    if (!given) throw new Conflict("message.nothing_to_discard");
    return "message.discarded";
  });
}

async function settle(ctx: Context, messageId: number, work: (tx: Tx) => Promise<string>): Promise<Message> {
  const { conversationId } = await getMessage(ctx, messageId);
  if (!can(ctx.actor, "retry")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const act = await work(tx);
    tx.record({ type: "message.queued", conversationId, messageId }, { act, conversationId, messageId });
    return getMessage(tx, messageId);
  });
}
