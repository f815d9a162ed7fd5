import { type ClosingSettings, getClosing } from "../conversations/closing-settings.ts";
import { lockConversation } from "../conversations/queries.ts";
import { cleanText } from "../conversations/reply.ts";
import { endConversation } from "../conversations/status.ts";
import type { Conversation } from "../conversations/types.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { askAfterwards } from "./ask.ts";

export interface Resolution {
  topicId?: number | null | undefined;
  /** What was done, in the agent's words: goes to the contact with the question, and into the story. */
  summary?: string | undefined;
  /** Nothing is asked of the contact: spam, a wrong number. */
  isQuiet?: boolean | undefined;
}

const longestSummary = 1000;

/**
 * Ends an episode responsibly: with what the firm asks for, and with a word to the contact. Resolving what is resolved changes
 * nothing.
 *
 * @throws NotFound, Forbidden; Invalid when the firm wants a topic, a summary or the state of a case that is not there.
 */
export function resolveConversation(
  ctx: Context,
  id: number,
  resolution: Resolution = {},
): Promise<Conversation> {
  return transact(ctx, async (tx) => {
    const conversation = await lockConversation(tx, id);
    const settings = await getClosing(tx.db);
    const summary = cleanText(resolution.summary ?? "");
    if (summary.length > longestSummary)
      throw new Invalid({ summary: "composer.too_long" }, { limit: longestSummary, length: summary.length });
    const topicId = resolution.topicId ?? conversation.topicId;
    if (conversation.status !== "resolved") {
      if (!resolution.isQuiet) await checkRequired(tx, conversation, settings, { topicId, summary });
      await keepOutcome(tx, conversation, { topicId, summary });
    }
    const { isEnded, conversation: ended } = await endConversation(tx, id);
    if (isEnded && !resolution.isQuiet) await askAfterwards(tx, ended, settings, summary);
    return ended;
  });
}

async function checkRequired(
  tx: Tx,
  { contactId, isolatedInboxId }: Conversation,
  settings: ClosingSettings,
  given: { topicId: number | null; summary: string },
): Promise<void> {
  if (settings.requiresTopic && given.topicId === null)
    throw new Invalid({ topic_id: "closing.topic_needed" });
  if (settings.requiresSummary && given.summary === "")
    throw new Invalid({ summary: "closing.summary_needed" });
  if (!settings.requiresCaseState) return;
  const silent = await row<{ title: string }>(
    tx.db,
    `select k.title from cases k left join conversations c on c.id = k.conversation_id
     where k.contact_id = ? and k.resolved_at is null and k.state_note = ''
       and (c.isolated_inbox_id is null or c.isolated_inbox_id = ?) order by k.id limit 1`,
    [contactId, isolatedInboxId],
  );
  if (silent) throw new Invalid({ case: "closing.case_state_needed" }, { title: silent.title });
}

async function keepOutcome(
  tx: Tx,
  { id, topicId: before }: Conversation,
  { topicId, summary }: { topicId: number | null; summary: string },
): Promise<void> {
  if (
    topicId !== null &&
    topicId !== before &&
    !(await row(tx.db, "select 1 from topics where id = ?", [topicId]))
  )
    throw new Invalid({ topic_id: "closing.topic_needed" });
  if (topicId === before && summary === "") return;
  await tx.db.raw(
    "update conversations set topic_id = ?, summary = case when ? = '' then summary else ? end where id = ?",
    [topicId, summary, summary, id],
  );
}
