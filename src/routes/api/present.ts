import type { AuditEvent } from "../../services/audit/queries.ts";
import { recursAfter } from "../../services/cases/queries.ts";
import type { Topic } from "../../services/cases/topics.ts";
import type { Case } from "../../services/cases/types.ts";
import type { InboundEventRow } from "../../services/channels/inbound-events.ts";
import type { Commitment } from "../../services/commitments/commitments.ts";
import type { Purchase } from "../../services/contacts/purchases.ts";
import type { Contact } from "../../services/contacts/queries.ts";
import type { Conversation, Message, Note } from "../../services/conversations/types.ts";
import type { CustomField } from "../../services/fields/types.ts";
import type { Inbox } from "../../services/inboxes/queries.ts";
import type { Interaction } from "../../services/interactions/types.ts";
import type { Duplicate } from "../../services/merges/duplicates.ts";
import type { Merge } from "../../services/merges/queries.ts";
import type { ContactRecord, RecordType } from "../../services/records/queries.ts";
import type { TimelineEntry } from "../../services/story/timeline.ts";

/** Shapes of the API: snake_case, ids as strings of digits, times RFC 3339 in UTC. Only ever add to them. */
const id = (value: number | null) => (value === null ? null : String(value));
const time = (value: Date | null) => value?.toISOString() ?? null;

export const presentInbox = (inbox: Inbox) => ({
  id: id(inbox.id),
  channel: inbox.channel,
  name: inbox.name,
  address: inbox.address,
  state: inbox.state,
  isolated: inbox.isolated,
  whatsapp: { phone_number_id: inbox.externalId, business_account_id: inbox.accountId },
  last_webhook_at: time(inbox.lastWebhookAt),
  last_error: inbox.lastError,
  created_at: time(inbox.createdAt),
});

export const presentContact = (contact: Contact) => ({
  id: id(contact.id),
  name: contact.name,
  company: contact.company,
  job_title: contact.jobTitle,
  email: contact.email,
  phone: contact.phone,
  language: contact.language,
  location: contact.location,
  preferred_channel: contact.preferredChannel,
  preferred_hours: contact.preferredHours,
  do_not_call: contact.doNotCall,
  do_not_contact: contact.doNotContact,
  tags: contact.tags,
  identities: contact.identities.map((one) => ({
    id: id(one.id),
    channel: one.channel,
    external_id: one.externalId,
  })),
  first_seen_at: time(contact.firstSeenAt),
  created_at: time(contact.createdAt),
  custom: contact.custom,
});

export const presentConversation = (one: Conversation) => ({
  id: id(one.id),
  contact_id: id(one.contactId),
  status: one.status,
  merged_into_id: id(one.mergedIntoId),
  assignee_id: id(one.assigneeId),
  team_id: id(one.teamId),
  inbox_id: id(one.lastInboxId),
  topic: one.topic,
  topic_id: id(one.topicId),
  outcome: one.outcome,
  priority: one.priority,
  tags: one.tags,
  sla: one.dueTarget && { target: one.dueTarget, due_at: time(one.dueAt) },
  flagged_at: time(one.flaggedAt),
  waiting_since: time(one.waitingSince),
  first_response_at: time(one.firstResponseAt),
  opened_at: time(one.openedAt),
  resolved_at: time(one.resolvedAt),
  snoozed_until: time(one.snoozedUntil),
  last_activity_at: time(one.lastActivityAt),
  service_window_ends_at: time(one.serviceWindowEndsAt),
  unread_count: one.unreadCount,
  preview: one.preview,
});

export const presentMessage = (one: Message) => ({
  id: id(one.id),
  conversation_id: id(one.conversationId),
  contact_id: id(one.contactId),
  inbox_id: id(one.inboxId),
  channel: "whatsapp",
  direction: one.direction,
  kind: one.kind,
  text: one.editedText ?? one.text,
  content: one.content,
  delivery: one.delivery,
  delivery_error: one.deliveryError,
  external_id: one.externalId,
  reply_to_id: id(one.replyTo?.id ?? null),
  author: { kind: one.authorKind, agent_id: id(one.authorAgentId), name: one.authorName },
  attachments: one.attachments.map((file) => ({
    id: file.publicId,
    kind: file.kind,
    file_name: file.fileName,
    media_type: file.mediaType,
    bytes: file.bytes,
    state: file.state,
    url: `/files/${file.publicId}`,
  })),
  reactions: one.reactions.map(({ authorKind, emoji }) => ({ author: authorKind, emoji })),
  edited: one.editedText !== null,
  revoked_at: time(one.revokedAt),
  sent_at: time(one.sentAt),
  created_at: time(one.createdAt),
});

export const presentNote = (one: Note) => ({
  id: id(one.id),
  conversation_id: id(one.conversationId),
  contact_id: id(one.contactId),
  agent_id: id(one.agentId),
  text: one.text,
  created_at: time(one.createdAt),
  wrap_up: one.wrapUp && {
    problem: one.wrapUp.problem,
    action: one.wrapUp.action,
    next_step: one.wrapUp.nextStep,
    due_on: one.wrapUp.dueOn,
  },
});

export const presentPurchase = (one: Purchase) => ({
  id: id(one.id),
  contact_id: id(one.contactId),
  external_id: one.externalId,
  number: one.number,
  placed_at: time(one.placedAt),
  amount: one.amount === null ? null : Number(one.amount),
  currency: one.currency,
  status: one.status,
  tracking_url: one.trackingUrl,
  delivery_window: one.deliveryWindow,
  returned_at: time(one.returnedAt),
  items: one.items,
  updated_at: time(one.updatedAt),
});

export const presentInboundEvent = (one: InboundEventRow) => ({
  id: id(one.id),
  channel: one.channel,
  state: one.state,
  error: one.error,
  bytes: one.bytes,
  received_at: time(one.receivedAt),
});

export const presentAuditEvent = (one: AuditEvent) => ({
  id: id(one.id),
  act: one.act,
  actor: { kind: one.actorKind, agent_id: id(one.actorId), name: one.actorName },
  source: one.source,
  address: one.address,
  conversation_id: id(one.conversationId),
  contact_id: id(one.contactId),
  message_id: id(one.messageId),
  agent_id: id(one.agentId),
  inbox_id: id(one.inboxId),
  data: one.data,
  created_at: time(one.createdAt),
});

export const presentTopic = (topic: Topic) => ({ id: id(topic.id), name: topic.name, steps: topic.steps });

export const presentCase = (one: Case) => ({
  id: id(one.id),
  contact_id: id(one.contactId),
  conversation_id: id(one.conversationId),
  title: one.title,
  topic_id: one.topicId === null ? null : id(one.topicId),
  topic: one.topic,
  status: one.status,
  state_note: one.stateNote,
  solution: one.solution,
  steps: one.steps.map((step) => ({
    id: id(step.id),
    title: step.title,
    done_at: step.doneAt && time(step.doneAt),
    done_by: step.doneBy,
  })),
  recurs: one.earlier.length >= recursAfter,
  opened_at: time(one.openedAt),
  resolved_at: one.resolvedAt && time(one.resolvedAt),
});

export const presentMerge = (one: Merge) => ({
  id: id(one.id),
  kept_id: id(one.keptId),
  merged_id: id(one.mergedId),
  merged_at: time(one.mergedAt),
  merged_by: one.mergedBy,
  undone_at: time(one.undoneAt),
});

export const presentDuplicate = (one: Duplicate) => ({
  contact_id: id(one.id),
  name: one.name,
  phone: one.phone,
  email: one.email,
  company: one.company,
  reasons: one.reasons,
});

export const presentField = (one: CustomField) => ({
  id: id(one.id),
  key: one.key,
  label: one.label,
  kind: one.kind,
  options: one.options,
  place: one.place,
});

export const presentRecordType = (one: RecordType) => ({
  id: id(one.id),
  name: one.name,
  fields: one.fields.map(presentField),
});

export const presentRecord = (one: ContactRecord) => ({
  id: id(one.id),
  contact_id: id(one.contactId),
  record_type_id: id(one.recordTypeId),
  type: one.typeName,
  external_id: one.externalId,
  title: one.title,
  at: time(one.at),
  state: one.state,
  values: one.values,
  created_at: time(one.createdAt),
  updated_at: time(one.updatedAt),
});

export const presentInteraction = (one: Interaction) => ({
  id: id(one.id),
  contact_id: id(one.contactId),
  kind: one.kind,
  at: time(one.at),
  seconds: one.seconds,
  summary: one.summary,
  url: one.url,
  participants: one.participants,
  agreements: one.agreements,
  next_step: one.nextStep,
  external_id: one.externalId,
  author: one.agentName,
  created_at: time(one.createdAt),
});

export const presentCommitment = (one: Commitment) => ({
  id: id(one.id),
  text: one.text,
  due_on: one.dueOn,
  promised_by: one.promisedBy,
  promised_at: time(one.promisedAt),
  done: one.isDone,
});

/** `data` differs by kind: what the line of the page shows, with names as everywhere in the API. */
export const presentTimelineEntry = (entry: TimelineEntry) => ({
  kind: entry.kind,
  id: id(entry.id),
  at: time(entry.at),
  data: snakeCase(entry.data),
});

function snakeCase(data: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [
      key.replaceAll(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
      value,
    ]),
  );
}
