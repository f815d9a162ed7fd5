import { getNote, type NewNote, storeNote } from "../conversations/note.ts";
import { can } from "../conversations/policy.ts";
import { lockConversation } from "../conversations/queries.ts";
import type { Note } from "../conversations/types.ts";
import type { Context } from "../platform/context.ts";
import { Forbidden } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { storeCommitment } from "./commitments.ts";

/**
 * A note in parts: problem, action, next step. A next step with a day is promised too, and stands over the customer
 * until it is kept. The same token again changes nothing.
 *
 * @throws NotFound, Forbidden, Invalid.
 */
export function wrapUp(ctx: Context, conversationId: number, note: NewNote): Promise<Note> {
  return transact(ctx, async (tx) => {
    const { contactId, isolatedInboxId } = await lockConversation(tx, conversationId);
    if (!can(tx.actor, "note")) throw new Forbidden();
    const of = { contactId, conversationId, isolatedInboxId };
    const { id, isNew } = await storeNote(tx, of, note);
    if (isNew) await keepClocks(tx, [conversationId], { moved: "by_hand" });
    const { nextStep = "", dueOn = null } = note.wrapUp ?? {};
    if (isNew && dueOn !== null) {
      const commitmentId = await storeCommitment(tx, of, { text: nextStep, dueOn });
      tx.record({ type: "commitment.changed", conversationId, commitmentId });
    }
    return getNote(tx, id);
  });
}
