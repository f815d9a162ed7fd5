import type { Tx } from "../platform/context.ts";
import { keepClocks } from "../sla/keep-clocks.ts";

/** Open pages of both ask for everything again, for what they show is somebody else's now. */
export async function recordRegrouping(
  tx: Tx,
  act: "contact.merged" | "contact.unmerged" | "contact.separated",
  { keptId, otherId, mergeId }: { keptId: number; otherId: number; mergeId?: number },
  conversationIds: readonly number[],
): Promise<void> {
  await keepClocks(tx, conversationIds);
  tx.record(
    { type: "contact.regrouped", contactId: keptId },
    { act, contactId: keptId, data: { otherId, ...(mergeId === undefined ? {} : { mergeId }) } },
  );
  tx.record({ type: "contact.regrouped", contactId: otherId });
  for (const conversationId of conversationIds) tx.record({ type: "conversation.changed", conversationId });
}
