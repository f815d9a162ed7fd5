import { changesBetween } from "../platform/changes.ts";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import type { Priority } from "../sla/types.ts";
import { can } from "./policy.ts";
import { getChanged, lockConversation } from "./queries.ts";
import type { Conversation } from "./types.ts";

/**
 * Says what a conversation is about, how much it matters and what came of it; its clocks take what is promised to such.
 *
 * @param as absent keeps; a null topic takes it away.
 * @throws NotFound, Forbidden; Invalid for a topic that does not exist.
 */
export function classify(
  ctx: Context,
  conversationId: number,
  as: {
    priority?: Priority | undefined;
    topicId?: number | null | undefined;
    outcome?: Conversation["outcome"] | undefined;
  },
): Promise<Conversation> {
  return transact(ctx, async (tx) => {
    const before = await lockConversation(tx, conversationId);
    if (!can(tx.actor, "classify")) throw new Forbidden();
    const { priority = before.priority, topicId = before.topicId, outcome = before.outcome } = as;
    const was = { priority: before.priority, topicId: before.topicId, outcome: before.outcome };
    if (priority === was.priority && topicId === was.topicId && outcome === was.outcome) return before;
    const known =
      topicId === null || topicId === before.topicId
        ? true
        : await row(tx.db, "select 1 from topics where id = ? and archived_at is null", [topicId]);
    if (!known) throw new Invalid({ topic_id: "closing.topic_needed" });
    await tx
      .db("conversations")
      .where({ id: conversationId })
      .update({ priority, topic_id: topicId, outcome });
    await keepClocks(tx, [conversationId]);
    tx.record(
      { type: "conversation.changed", conversationId },
      {
        act: "conversation.classified",
        conversationId,
        data: changesBetween(was, { priority, topicId, outcome }),
      },
    );
    return getChanged(tx, conversationId);
  });
}
