import type { ClosingSettings } from "../conversations/closing-settings.ts";
import type { Conversation } from "../conversations/types.ts";
import type { Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { type AutomaticKind, listAutomaticMessages } from "./automatic-messages.ts";
import { sendAutomatic } from "./send-automatic.ts";

/** What a chosen answer is called: `hilo:<survey>:<score>`. */
export const answerId = (surveyId: number, score: number): string => `hilo:${surveyId}:${score}`;

/** A resolution can be undone; so long, nothing is asked. Seconds. */
const undoneWithin = 15;

type Question = "confirm" | "csat" | "nps";

/** Which scores a question offers, best first, as its options stand in the firm's words. */
const scores: Record<Question, readonly number[]> = { confirm: [1, 0], csat: [5, 4, 3, 2, 1], nps: [] };

/** After a resolution, what the firm has chosen: whether it is solved, or how it went. */
export async function askAfterwards(
  tx: Tx,
  conversation: Conversation,
  settings: ClosingSettings,
  summary: string,
): Promise<void> {
  // Whoever never wrote has nothing to say about it.
  if (settings.afterResolving === "nothing" || conversation.lastInboundAt === null) return;
  const isSample = conversation.id % 100 < settings.npsPercent;
  const question = settings.afterResolving === "confirm" ? "confirm" : isSample ? "nps" : "csat";
  await ask(tx, conversation, question, question, { resumen: summary });
}

/**
 * Asks a contact, once about a conversation (whether it is solved, each time). `message` is what is said, `question` what it means.
 *
 * @returns whether it was asked: not when it was before, or when WhatsApp's window is closed.
 */
export async function ask(
  tx: Tx,
  { id: conversationId, contactId, assigneeId }: Pick<Conversation, "id" | "contactId" | "assigneeId">,
  message: Extract<AutomaticKind, Question | "nudge">,
  question: Question,
  values: Record<string, string>,
): Promise<boolean> {
  const agentId = tx.actor.kind === "agent" ? tx.actor.id : assigneeId;
  const made = await row<{ id: number }>(
    tx.db,
    `insert into surveys (conversation_id, contact_id, agent_id, kind, sent_at) values (:conversationId, :contactId, :agentId, :question, now())
     on conflict (conversation_id) where kind <> 'confirm' do nothing returning id`,
    { conversationId, contactId, agentId, question },
  );
  if (!made) return false;
  const [text] = (await listAutomaticMessages(tx.db)).filter(({ kind }) => kind === message);
  const optionIds = scores[question].map((score) => answerId(made.id, score));
  const sent = text
    ? await sendAutomatic(tx, text, [{ conversationId, values, optionIds }], {
        daily: false,
        afterSeconds: message === "nudge" ? 0 : undoneWithin,
      })
    : [];
  if (sent.length > 0) return true;
  // Nobody was asked, so nobody has to answer.
  await tx.db("surveys").where({ id: made.id }).delete();
  return false;
}
