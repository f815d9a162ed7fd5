import type { Context } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Conflict, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { assignIn } from "./assign.ts";

/**
 * Two conversations change hands with each other: whoever has one gets the other. One transaction: never both with one.
 *
 * @throws NotFound, Forbidden; Conflict when both are in the same hands, or one in nobody's; Invalid as `assign`.
 */
export function swap(ctx: Context, oneId: number, otherId: number): Promise<void> {
  return transact(ctx, async (tx) => {
    const found = await rows<{ id: number; assignee_id: number | null }>(
      tx.db,
      "select id, assignee_id from conversations where id in (?, ?) order by id for update",
      [oneId, otherId],
    );
    const [one, other] = found;
    if (!one || !other) throw new NotFound();
    if (one.assignee_id === null || other.assignee_id === null || one.assignee_id === other.assignee_id)
      throw new Conflict("conversation.swap_hands");
    await assignIn(tx, one.id, { agentId: other.assignee_id });
    await assignIn(tx, other.id, { agentId: one.assignee_id });
  });
}
