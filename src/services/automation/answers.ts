import { alertAgents, alertSupervisors } from "../alerts/alerts.ts";
import { getClosing } from "../conversations/closing-settings.ts";
import { endConversation } from "../conversations/status.ts";
import type { Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { listAutomaticMessages } from "./automatic-messages.ts";
import { sendAutomatic } from "./send-automatic.ts";

/** A question can be answered in words this long after it was asked; by its buttons at any time. */
const wordsCountFor = "3 days";
/** After a score, one message within this time is its comment. */
const commentMinutes = 30;

/** What a contact wrote, before it is stored. */
export interface Said {
  contactId: number;
  /** The isolated inbox it came to, or null: what is asked in one scope is not answered in another. */
  isolatedInboxId: number | null;
  externalId: string;
  kind: string;
  text: string;
  /** Id of a chosen answer, or empty. */
  choice: string;
}

/** A message that answers a question of ours. */
export interface Answer {
  surveyId: number;
  conversationId: number;
  kind: "confirm" | "csat" | "nps";
  score: number | null;
  comment: string | null;
  /** It asks for nothing more: it neither opens a conversation nor waits for an answer. */
  isQuiet: boolean;
}

/** A word is an answer only while the question is the last thing that was said: after that it answers something else. */
const nothingSaidSince = (
  time: string,
) => `not exists (select 1 from messages m where m.conversation_id = s.conversation_id and m.shown
  and m.author_kind <> 'bot' and m.created_at > ${time})`;

interface Pending {
  id: number;
  contactId: number;
  isolatedInboxId: number | null;
  conversationId: number;
  kind: Answer["kind"];
  isAnswered: boolean;
  takesWords: boolean;
  takesComment: boolean;
}

/**
 * Which messages answer our questions, by `externalId`: a chosen button or row, a number or a yes in words while the question is
 * fresh, and one comment after a score. A "no" is an answer too, but not a quiet one.
 */
export async function findAnswers(tx: Tx, said: readonly Said[]): Promise<Map<string, Answer>> {
  const found = new Map<string, Answer>();
  const candidates = said.filter(({ kind, choice }) => kind === "text" || choice.startsWith("hilo:"));
  if (candidates.length === 0) return found;
  const pending = await rows<Pending>(
    tx.db,
    `select s.id, s.contact_id as "contactId", c.isolated_inbox_id as "isolatedInboxId", s.conversation_id as "conversationId", s.kind,
       s.answered_at is not null as "isAnswered",
       s.answered_at is null and s.sent_at > now() - interval '${wordsCountFor}' and ${nothingSaidSince("s.sent_at")} as "takesWords",
       coalesce(s.comment_until > now(), false) and c.status = 'resolved' as "takesComment"
     from surveys s join conversations c on c.id = s.conversation_id
     where s.contact_id = any(:contacts::bigint[]) and s.sent_at > now() - interval '30 days' order by s.id desc for update of s`,
    { contacts: [...new Set(candidates.map(({ contactId }) => contactId))] },
  );
  if (pending.length === 0) return found;
  const { lowScore, lowScoreReopens } = await getClosing(tx.db);
  for (const one of candidates) {
    const answer = answerOf(one, pending);
    if (!answer) continue;
    const { score, kind } = answer;
    const isLow = kind === "csat" && score !== null && score < lowScore && lowScoreReopens;
    found.set(one.externalId, { ...answer, isQuiet: !isLow && !(kind === "confirm" && score === 0) });
    for (const survey of pending) if (survey.id === answer.surveyId) note(survey, answer);
  }
  return found;
}

/** The next message of the same batch meets the question as this answer leaves it. */
function note(survey: Pending, answer: Omit<Answer, "isQuiet">): void {
  survey.isAnswered = true;
  survey.takesWords = false;
  survey.takesComment = answer.score !== null && answer.kind !== "confirm";
}

function answerOf(said: Said, pending: readonly Pending[]): Omit<Answer, "isQuiet"> | null {
  const theirs = pending.filter(
    ({ contactId, isolatedInboxId }) =>
      contactId === said.contactId && isolatedInboxId === said.isolatedInboxId,
  );
  const [, id, chosen] = /^hilo:(\d{1,15}):(\d{1,2})$/.exec(said.choice) ?? [];
  if (id !== undefined) {
    const survey = theirs.find((one) => one.id === Number(id));
    const score = Number(chosen);
    return survey && isScore(survey.kind, score) ? result(survey, score, null) : null;
  }
  const asked = theirs.find(({ takesWords }) => takesWords);
  const score = asked ? scoreIn(asked.kind, said.text) : null;
  if (asked && score !== null) return result(asked, score, null);
  const commented = theirs.find(({ takesComment }) => takesComment);
  return commented ? result(commented, null, said.text) : null;
}

const result = (survey: Pending, score: number | null, comment: string | null): Omit<Answer, "isQuiet"> => ({
  surveyId: survey.id,
  conversationId: survey.conversationId,
  kind: survey.kind,
  score,
  comment,
});

function isScore(kind: Answer["kind"], score: number): boolean {
  switch (kind) {
    case "confirm":
      return score === 0 || score === 1;
    case "csat":
      return score >= 1 && score <= 5;
    case "nps":
      return score >= 0 && score <= 10;
  }
}

/** A score in words: nothing but a number, or nothing but a yes or a no. */
function scoreIn(kind: Answer["kind"], text: string): number | null {
  const plain = text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase().trim();
  if (kind === "confirm") {
    if (/^(si|yes)[\s,.!]*(gracias|thank you|thanks)?[.!]*$/.test(plain)) return 1;
    return /^no[.!]*$/.test(plain) ? 0 : null;
  }
  const number = /^(\d{1,2})[.!]?$/.exec(plain)?.[1];
  return number !== undefined && isScore(kind, Number(number)) ? Number(number) : null;
}

/**
 * Keeps answers whose messages are stored: the score, or the comment, and who has to hear of it. A yes ends what is still open; the
 * first score counts.
 */
export async function keepAnswers(tx: Tx, answers: readonly Answer[]): Promise<void> {
  if (answers.length === 0) return;
  const { lowScore } = await getClosing(tx.db);
  const thanked: number[] = [];
  for (const { surveyId, conversationId, kind, score, comment } of answers) {
    const kept = await rows<{ agent_id: number | null }>(
      tx.db,
      score !== null
        ? `update surveys set score = :score, answered_at = now(),
             comment_until = case when kind <> 'confirm' then now() + interval '${commentMinutes} minutes' end
           where id = :surveyId and answered_at is null returning agent_id`
        : `update surveys set comment = left(:comment, 4096), comment_until = null
           where id = :surveyId and comment_until is not null returning agent_id`,
      { surveyId, score, comment },
    );
    const [survey] = kept;
    if (!survey) continue;
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: score === null ? "survey.commented" : "survey.answered", conversationId, data: { kind, score } },
    );
    if (score !== null && kind !== "confirm") thanked.push(conversationId);
    if (kind === "csat" && score !== null && score < lowScore)
      await alertSupervisors(tx, [conversationId], "low_score");
    if (comment !== null && survey.agent_id !== null)
      await alertAgents(tx, [{ agentId: survey.agent_id, conversationId, kind: "comment" }]);
    if (kind === "confirm" && score === 1 && !(await isWaiting(tx, conversationId)))
      await endConversation(tx, conversationId, "contact_confirmed");
  }
  const [thanks] = (await listAutomaticMessages(tx.db)).filter(({ kind }) => kind === "thanks");
  if (thanks)
    await sendAutomatic(
      tx,
      thanks,
      thanked.map((conversationId) => ({ conversationId })),
      { daily: true },
    );
}

/** Something else was written in the same breath: a yes to one thing is not the end of another. */
async function isWaiting(tx: Tx, conversationId: number): Promise<boolean> {
  const found = await row<{ waiting: boolean }>(
    tx.db,
    "select waiting_since is not null as waiting from conversations where id = ?",
    [conversationId],
  );
  return found?.waiting ?? true;
}
