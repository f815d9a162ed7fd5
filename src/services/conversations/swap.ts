import type { Context } from "../platform/context.ts";
import { Conflict } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { assignIn } from "./assign.ts";
import { lockConversation } from "./queries.ts";

/**
 * Two conversations change hands with each other: whoever has one gets the other. One transaction: never both with one.
 *
 * @throws NotFound, Forbidden; Conflict when both are in the same hands, or one in nobody's; Invalid as `assign`.
 */
export function swap(ctx: Context, oneId: number, otherId: number): Promise<void> {
  return transact(ctx, async (tx) => {
    // In the order of their ids, as everybody locks several.
    const one = await lockConversation(tx, Math.min(oneId, otherId));
    const other = await lockConversation(tx, Math.max(oneId, otherId));
    if (one.assigneeId === null || other.assigneeId === null || one.assigneeId === other.assigneeId)
      throw new Conflict("conversation.swap_hands");
    await assignIn(tx, one.id, { agentId: other.assigneeId });
    await assignIn(tx, other.id, { agentId: one.assigneeId });
  });
}
