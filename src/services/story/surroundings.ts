import { teamNamesSql } from "../agents/queries.ts";
import { topicNamesSql } from "../cases/topics.ts";
import { type Contact, contactSql } from "../contacts/queries.ts";
import { type ClosingSettings, closingSql } from "../conversations/closing-settings.ts";
import { type DraftRow, type Drafts, draftsSql, toDrafts } from "../conversations/drafts.ts";
import { type ScheduledMessage, scheduledSql } from "../conversations/scheduled-messages.ts";
import type { Conversation } from "../conversations/types.ts";
import { type Colleague, colleaguesSql } from "../conversations/viewers.ts";
import { cardFieldsSql } from "../fields/queries.ts";
import type { CustomField } from "../fields/types.ts";
import type { Reader } from "../platform/context.ts";
import { asJson, row, withTimes } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { type Story, type StoryRow, storySql, toStory } from "./story.ts";

/** What stands around a conversation: who writes, what happened before, what was being typed, who else is here. */
export interface Surroundings {
  contact: Contact;
  story: Story;
  drafts: Drafts;
  colleagues: Colleague[];
  /** What a new case can be about. */
  topics: { id: number; name: string }[];
  /** To whom it can be given beside one person. */
  teams: { id: number; name: string }[];
  closing: ClosingSettings;
  scheduled: ScheduledMessage[];
  /** The firm's own fields of the card. */
  fields: CustomField[];
}

/** In one question, for every page of a conversation asks it. The caller has loaded the conversation. */
export async function getSurroundings(
  ctx: Reader,
  conversation: Pick<Conversation, "id" | "contactId">,
): Promise<Surroundings> {
  const contact = contactSql(ctx.actor);
  const story = storySql(ctx);
  const found = await row<{
    contact: [Contact] | null;
    story: [StoryRow] | null;
    drafts: DraftRow[] | null;
    colleagues: Colleague[] | null;
    topics: Surroundings["topics"] | null;
    teams: Surroundings["teams"] | null;
    fields: CustomField[] | null;
    closing: [ClosingSettings];
    scheduled: ScheduledMessage[] | null;
  }>(
    ctx.db,
    `select ${asJson(contact.sql)} as contact, ${asJson(story.sql)} as story,
       ${asJson(draftsSql)} as drafts, ${asJson(colleaguesSql)} as colleagues, ${asJson(topicNamesSql)} as topics, ${asJson(teamNamesSql)} as teams,
       ${asJson(cardFieldsSql)} as fields, ${asJson(closingSql)} as closing, ${asJson(scheduledSql)} as scheduled`,
    {
      ...contact.bindings,
      ...story.bindings,
      contactId: conversation.contactId,
      conversationId: conversation.id,
      agentId: ctx.actor.kind === "agent" ? ctx.actor.id : null,
    },
  );
  const [known] = found?.contact ?? [];
  if (!found || !known) throw new NotFound();
  return {
    contact: withTimes(known, "firstSeenAt", "createdAt", "erasedAt"),
    story: toStory(found.story?.[0] ?? null),
    drafts: toDrafts(found.drafts ?? []),
    colleagues: found.colleagues ?? [],
    topics: found.topics ?? [],
    teams: found.teams ?? [],
    fields: found.fields ?? [],
    closing: found.closing[0],
    scheduled: (found.scheduled ?? []).map((one) => withTimes(one, "sendAt")),
  };
}
