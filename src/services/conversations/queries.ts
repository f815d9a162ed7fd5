import { shownAddress } from "../contacts/shown.ts";
import type { Actor, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { nextDueColumns, nextDueJoin } from "../sla/next-due.ts";
import { visibleTo } from "./policy.ts";
import type { Conversation, Status } from "./types.ts";

const columns = (actor: Actor) => `
  c.id, c.contact_id as "contactId", p.name as "contactName", ${shownAddress(actor)} as "contactDisplay",
  c.status, c.priority, c.topic_id as "topicId", c.outcome, coalesce((select name from topics where id = c.topic_id), '') as topic, c.team_id as "teamId", c.assignee_id as "assigneeId", a.name as "assigneeName",
  c.isolated_inbox_id as "isolatedInboxId", c.waiting_since as "waitingSince", c.first_response_at as "firstResponseAt",
  c.last_activity_at as "lastActivityAt", c.last_inbound_at as "lastInboundAt", c.last_inbox_id as "lastInboxId",
  x.name as "lastInboxName", c.last_identity_id as "lastIdentityId", w.ends_at as "serviceWindowEndsAt", c.preview,
  c.unread_count as "unreadCount", c.snoozed_until as "snoozedUntil", c.opened_at as "openedAt",
  c.resolved_at as "resolvedAt", c.merged_into_id as "mergedIntoId",
  c.flagged_at as "flaggedAt", ${nextDueColumns}, p.preferred_hours as "preferredHours", p.do_not_contact as "doNotContact",
  coalesce((select array_agg(t.name order by t.name) from conversation_tags ct join tags t on t.id = ct.tag_id
    where ct.conversation_id = c.id), '{}') as tags`;

const joins = `
  join contacts p on p.id = c.contact_id
  left join contact_identities i on i.id = c.last_identity_id
  left join inboxes x on x.id = c.last_inbox_id
  left join agents a on a.id = c.assignee_id
  left join service_windows w on w.identity_id = c.last_identity_id and w.inbox_id = c.last_inbox_id
  ${nextDueJoin}`;

/** @throws NotFound also when the actor may not know of it. */
export async function getConversation(ctx: Reader, id: number): Promise<Conversation> {
  return find(ctx, id);
}

/** What a command leaves behind, also when it took the conversation out of the actor's own sight. */
export const getChanged = (tx: Reader & { inTransaction: true }, id: number): Promise<Conversation> =>
  find({ ...tx, actor: { kind: "system" } }, id);

/**
 * The same, locked until the transaction ends: commands decide on what they read. Read in a statement of its own: one that
 * waited for a merge would join the old contact and find nothing.
 */
export async function lockConversation(
  ctx: Reader & { inTransaction: true },
  id: number,
): Promise<Conversation> {
  await ctx.db.raw("select id from conversations where id = ? for update", [id]);
  return find(ctx, id);
}

async function find(ctx: Reader, id: number): Promise<Conversation> {
  const visible = visibleTo(ctx.actor);
  const found = await row<Conversation>(
    ctx.db,
    `select ${columns(ctx.actor)} from conversations c ${joins} where c.id = :id and ${visible.sql}`,
    { ...visible.bindings, id },
  );
  if (!found) throw new NotFound();
  return found;
}

export interface ConversationFilter {
  status?: Status | undefined;
  assigneeId?: number | undefined;
  contactId?: number | undefined;
  inboxId?: number | undefined;
}

/** Newest first by id, for programs; `before` is the id to go on from. */
export function listConversations(
  ctx: Reader,
  filter: ConversationFilter,
  page: { before: number | null; limit: number },
): Promise<Conversation[]> {
  const visible = visibleTo(ctx.actor);
  const conditions = [
    visible.sql,
    filter.status && "c.status = :status",
    filter.assigneeId !== undefined && "c.assignee_id = :assigneeId",
    filter.contactId !== undefined && "c.contact_id = :contactId",
    filter.inboxId !== undefined && "c.last_inbox_id = :inboxId",
    page.before !== null && "c.id < :before",
  ].filter(Boolean);
  return rows(
    ctx.db,
    `select ${columns(ctx.actor)} from conversations c ${joins} where ${conditions.join(" and ")} order by c.id desc limit :limit`,
    { ...visible.bindings, ...filter, before: page.before, limit: page.limit },
  );
}
