import { may } from "../agents/policy.ts";
import { shownAddress } from "../contacts/shown.ts";
import type { Actor, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { nextDueColumns, nextDueJoin } from "../sla/next-due.ts";
import { visibleTo } from "./policy.ts";
import type { ConversationRow, Status } from "./types.ts";

export type View = "mine" | "queue" | "all";

/** What the list shows. `status` null means everything that is not resolved. */
export interface ListQuery {
  view: View;
  status: Status | null;
  unread: boolean;
  /** Part of a name or a phone; empty for no search. */
  search: string;
  limit: number;
}

export interface ConversationList {
  rows: ConversationRow[];
  hasMore: boolean;
}

const rowColumns = (actor: Actor) => `
  c.id, p.name as "contactName", ${shownAddress(actor)} as "contactDisplay", c.status,
  c.assignee_id as "assigneeId", a.name as "assigneeName", c.waiting_since as "waitingSince",
  c.last_activity_at as "lastActivityAt", c.preview, c.preview_kind as "previewKind",
  c.preview_author as "previewAuthor", c.unread_count as "unreadCount", c.snoozed_until as "snoozedUntil",
  c.priority, c.flagged_at as "flaggedAt", ${nextDueColumns}`;

/** Of `conversations c`, as the index of the queue has it. */
const queueRank = "(case c.priority when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end)";

/** The queue shows what matters most first, then who waits longest; everything else, what happened last first. */
export async function listInbox(ctx: Reader, query: ListQuery): Promise<ConversationList> {
  if (ctx.actor.kind !== "agent") return { rows: [], hasMore: false };
  const visible = visibleTo(ctx.actor);
  const search = searchCondition(ctx.actor, query.search);
  const conditions = [
    visible.sql,
    query.status === "resolved" && "c.merged_into_id is null",
    query.status ? "c.status = :status" : "c.status <> 'resolved'",
    query.view === "mine" && "c.assignee_id = :agentId",
    query.view === "queue" && "c.assignee_id is null and c.status = 'open'",
    query.unread && "c.unread_count > 0",
    search.sql,
  ].filter(Boolean);
  // The limit stands in the text: only then does Postgres know how few rows are wanted, and keeps the plan.
  const order =
    query.view === "queue" ? `${queueRank}, c.waiting_since, c.id` : "c.last_activity_at desc, c.id desc";
  const found = await rows<ConversationRow>(
    ctx.db,
    `with page as (select c.id from conversations c where ${conditions.join(" and ")} order by ${order} limit ${Math.trunc(query.limit) + 1})
     select ${rowColumns(ctx.actor)}, coalesce((select array_agg(t.name order by t.name) from conversation_tags ct
         join tags t on t.id = ct.tag_id where ct.conversation_id = c.id), '{}') as tags
     from page join conversations c using (id) join contacts p on p.id = c.contact_id
       left join contact_identities i on i.id = c.last_identity_id
       left join agents a on a.id = c.assignee_id ${nextDueJoin}
     order by ${order}`,
    {
      ...visible.bindings,
      ...search.bindings,
      status: query.status,
      agentId: ctx.actor.id,
    },
  );
  return { rows: found.slice(0, query.limit), hasMore: found.length > query.limit };
}

/** By name in any accent and case, or by a run of digits of the phone. */
function searchCondition(
  actor: Actor,
  search: string,
): { sql: string | false; bindings: Record<string, string> } {
  const text = search.trim().slice(0, 100);
  if (text === "") return { sql: false, bindings: {} };
  const digits = text.replaceAll(/\D/g, "");
  const pattern = (part: string) => `%${part.replaceAll(/[\\%_]/g, "\\$&")}%`;
  const byPhone =
    digits.length >= 3 && may(actor, "contacts.phones")
      ? "or c.contact_id in (select contact_id from contact_identities where external_id like :phone union select contact_id from contact_identities where phone_match_key like :phone)"
      : "";
  return {
    sql: `(c.contact_id in (select id from contacts where plain(name) like plain(:name)) ${byPhone})`,
    bindings: { name: pattern(text), ...(byPhone ? { phone: pattern(digits) } : {}) },
  };
}

/** Numbers on the tabs: unresolved conversations, and how many of mine have something unread. */
export interface Counts {
  mine: number;
  queue: number;
  all: number;
  unread: number;
}

/** Counted up to a ceiling, so that a huge inbox costs no more than a full one; the page shows "999+". */
export const countCeiling = 1000;

export async function countInbox(ctx: Reader): Promise<Counts> {
  if (ctx.actor.kind !== "agent") return { mine: 0, queue: 0, all: 0, unread: 0 };
  const visible = visibleTo(ctx.actor);
  const counts = await row<Counts>(
    ctx.db,
    `select
       (select count(*)::int from (select 1 from conversations c where c.assignee_id = :agentId and c.status <> 'resolved' and ${visible.sql} limit ${countCeiling}) x) as mine,
       (select count(*)::int from (select 1 from conversations c where c.assignee_id is null and c.status = 'open' and ${visible.sql} limit ${countCeiling}) x) as queue,
       (select count(*)::int from (select 1 from conversations c where c.status <> 'resolved' and ${visible.sql} limit ${countCeiling}) x) as "all",
       (select count(*)::int from (select 1 from conversations c where c.assignee_id = :agentId and c.status <> 'resolved' and c.unread_count > 0 and ${visible.sql} limit ${countCeiling}) x) as unread`,
    { ...visible.bindings, agentId: ctx.actor.id },
  );
  return counts ?? { mine: 0, queue: 0, all: 0, unread: 0 };
}
