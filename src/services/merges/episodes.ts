import type { Tx } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

/** Two open conversations that meet, in one scope: the kept contact's goes on, the other's ends in it. */
export interface Meeting {
  survivorId: number;
  endedId: number;
}

export function findMeetings(tx: Tx, keptId: number, mergedId: number): Promise<Meeting[]> {
  return rows(
    tx.db,
    `select s.id as "survivorId", e.id as "endedId" from conversations s join conversations e
       on e.contact_id = :mergedId and e.status <> 'resolved' and e.isolated_inbox_id is not distinct from s.isolated_inbox_id
     where s.contact_id = :keptId and s.status <> 'resolved' order by s.id`,
    { keptId, mergedId },
  );
}

/**
 * Ends one conversation in another, which takes over who has it, who waits since when, and what was said last.
 *
 * @returns the tags that the survivor did not have.
 */
export async function joinConversations(tx: Tx, { survivorId, endedId }: Meeting): Promise<number[]> {
  const latest = (column: string) =>
    `${column} = case when e.last_activity_at > s.last_activity_at then e.${column} else s.${column} end`;
  await tx.db.raw(
    `update conversations s set
       ${["preview", "preview_kind", "preview_author", "last_inbox_id", "last_identity_id"].map(latest).join(", ")},
       last_activity_at = greatest(s.last_activity_at, e.last_activity_at),
       last_inbound_at = greatest(s.last_inbound_at, e.last_inbound_at),
       waiting_since = least(s.waiting_since, e.waiting_since),
       first_response_at = least(s.first_response_at, e.first_response_at),
       opened_at = least(s.opened_at, e.opened_at),
       flagged_at = least(s.flagged_at, e.flagged_at),
       unread_count = s.unread_count + e.unread_count,
       status = case when 'open' in (s.status, e.status) then 'open' else s.status end,
       snoozed_until = case when 'open' in (s.status, e.status) then null else s.snoozed_until end,
       topic_id = coalesce(s.topic_id, e.topic_id),
       outcome = coalesce(s.outcome, e.outcome),
       priority = case when array_position(p.steps, e.priority) > array_position(p.steps, s.priority) then e.priority else s.priority end,
       team_id = coalesce(s.team_id, e.team_id),
       assignee_id = coalesce(s.assignee_id, e.assignee_id)
     from conversations e, (select array['low', 'normal', 'high', 'urgent'] as steps) p
     where s.id = :survivorId and e.id = :endedId`,
    { survivorId, endedId },
  );
  await tx.db.raw(
    `update conversations set status = 'resolved', resolved_at = :now, resolved_by_id = null, snoozed_until = null,
       waiting_since = null, flagged_at = null, unread_count = 0, merged_into_id = :survivorId where id = :endedId`,
    { survivorId, endedId, now: tx.now() },
  );
  await tx.db.raw(
    `insert into drafts (conversation_id, agent_id, kind, text, updated_at)
     select :survivorId, agent_id, kind, text, updated_at from drafts where conversation_id = :endedId
     on conflict (conversation_id, agent_id, kind) do nothing`,
    { survivorId, endedId },
  );
  await tx.db.raw(
    "update scheduled_messages set conversation_id = :survivorId where conversation_id = :endedId and settled_at is null",
    { survivorId, endedId },
  );
  const added = await rows<{ tag_id: number }>(
    tx.db,
    `insert into conversation_tags (conversation_id, tag_id)
     select :survivorId, tag_id from conversation_tags where conversation_id = :endedId on conflict do nothing returning tag_id`,
    { survivorId, endedId },
  );
  return added.map(({ tag_id }) => tag_id);
}

/** Brings what lists show of conversations in line with the messages that are in them; one without messages stays as it is. */
export async function summariseAgain(tx: Tx, conversationIds: readonly number[]): Promise<void> {
  if (conversationIds.length === 0) return;
  await tx.db.raw(
    `update conversations c set
       preview = left(l.text, 160), preview_kind = l.kind, preview_author = l.author_kind, last_inbox_id = l.inbox_id,
       last_identity_id = (select identity_id from messages m where m.conversation_id = wanted.id and m.shown and m.identity_id is not null
         order by m.sent_at desc, m.id desc limit 1), last_activity_at = greatest(l.sent_at, c.opened_at),
       last_inbound_at = s.inbound_at, first_response_at = s.responded_at, opened_at = least(c.opened_at, s.first_at),
       waiting_since = case when c.status <> 'resolved' then w.since end,
       unread_count = case when c.status = 'resolved' then 0 else least(c.unread_count, w.n) end
     from unnest(:ids::bigint[]) wanted(id)
       join lateral (select text, kind, author_kind, inbox_id, identity_id, sent_at from messages m
         where m.conversation_id = wanted.id and m.shown order by m.sent_at desc, m.id desc limit 1) l on true
       join lateral (select min(sent_at) as first_at, max(sent_at) filter (where direction = 'inbound' and kind <> 'system') as inbound_at,
           min(sent_at) filter (where direction = 'outbound' and author_kind <> 'bot' and sent_at > (select min(f.sent_at) from messages f
             where f.conversation_id = wanted.id and f.shown and f.direction = 'inbound')) as responded_at,
           max(sent_at) filter (where direction = 'outbound' and author_kind <> 'bot') as answered_at
         from messages m where m.conversation_id = wanted.id and m.shown) s on true
       join lateral (select min(sent_at) as since, count(*)::int as n from messages m where m.conversation_id = wanted.id and m.shown
         and m.direction = 'inbound' and m.kind <> 'system' and m.sent_at > coalesce(s.answered_at, '-infinity')) w on true
     where c.id = wanted.id`,
    { ids: [...conversationIds] },
  );
}
