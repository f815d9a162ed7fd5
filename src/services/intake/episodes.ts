import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";

/** What a batch brings to one contact in one scope (all shared inboxes together, or one isolated inbox). */
export interface Arrival {
  contactId: number;
  isolatedInboxId: number | null;
  /** `inbound` opens or reopens; `phone` continues or starts one that waits for the contact; `history` fills the past. */
  manner: "inbound" | "phone" | "history";
  /** ISO 8601: of the first and last message of this manner. */
  firstAt: string;
  lastAt: string;
}

export const scopeKey = (contactId: number, isolatedInboxId: number | null): string =>
  `${contactId}/${isolatedInboxId ?? 0}`;

interface Found {
  id: number;
  contact_id: number;
  isolated_inbox_id: number | null;
}

/**
 * The conversation of each arrival: the unresolved one; else, within the reopening time, the last one reopened;
 * else a new one. Locks what it answers until the transaction ends.
 *
 * @returns ids by `scopeKey`, which of them were opened or reopened just now, and which have just begun.
 */
export async function findEpisodes(
  tx: Tx,
  arrivals: readonly Arrival[],
): Promise<{ episodes: Map<string, number>; fresh: Set<number>; begun: Set<number> }> {
  const found = new Map<string, number>();
  const fresh = new Set<number>();
  const begun = new Set<number>();
  const missing = () =>
    arrivals.filter((arrival) => !found.has(scopeKey(arrival.contactId, arrival.isolatedInboxId)));
  const keep = (conversations: readonly Found[]) => {
    for (const c of conversations) found.set(scopeKey(c.contact_id, c.isolated_inbox_id), c.id);
  };
  keep(await lockUnresolved(tx, arrivals));
  const keepFresh = (conversations: readonly Found[]) => {
    keep(conversations);
    for (const { id } of conversations) fresh.add(id);
  };
  if (missing().length > 0) keepFresh(await reopenRecent(tx, missing()));
  if (missing().length > 0) keep(await findLatest(tx, missing()));
  if (missing().length > 0) {
    const opened = await openNew(tx, missing());
    keepFresh(opened);
    for (const { id } of opened) begun.add(id);
  }
  // Another process opened it between our look and our insert: it has committed by now.
  if (missing().length > 0) keep(await lockUnresolved(tx, missing()));
  return { episodes: found, fresh, begun };
}

const arrivalSet = `jsonb_to_recordset(:arrivals::jsonb)
  as a("contactId" bigint, "isolatedInboxId" bigint, manner text, "firstAt" timestamptz, "lastAt" timestamptz)`;

function lockUnresolved(tx: Tx, arrivals: readonly Arrival[]): Promise<Found[]> {
  return rows(
    tx.db,
    `select c.id, c.contact_id, c.isolated_inbox_id from conversations c join ${arrivalSet}
       on c.contact_id = a."contactId" and coalesce(c.isolated_inbox_id, 0) = coalesce(a."isolatedInboxId", 0)
     where c.status <> 'resolved' order by c.id for update of c`,
    { arrivals: json(arrivals) },
  );
}

/**
 * The assignee keeps it while they are there: they know the story. Whoever is absent does not, and it goes to the queue. What was written before the resolution and came
 * after it was seen by nobody, so it reopens too; what is much older begins anew.
 */
async function reopenRecent(tx: Tx, arrivals: readonly Arrival[]): Promise<Found[]> {
  const reopened = await rows<Found>(
    tx.db,
    `with candidates as (
       select c.id from conversations c join (select distinct on (c.contact_id, coalesce(c.isolated_inbox_id, 0)) c.id
         from conversations c join ${arrivalSet}
           on a.manner = 'inbound' and c.contact_id = a."contactId"
              and coalesce(c.isolated_inbox_id, 0) = coalesce(a."isolatedInboxId", 0)
         where abs(extract(epoch from c.resolved_at - a."lastAt")) < (select reopen_seconds from firm)
           and c.merged_into_id is null
         order by c.contact_id, coalesce(c.isolated_inbox_id, 0), c.resolved_at desc) latest using (id)
       where c.status = 'resolved' order by c.id for update of c)
     update conversations c set status = 'open', resolved_at = null, resolved_by_id = null,
       assignee_id = (select a.id from agents a where a.id = c.assignee_id and a.deactivated_at is null and a.availability = 'online'),
       rule_id = null
     from candidates where c.id = candidates.id returning c.id, c.contact_id, c.isolated_inbox_id`,
    { arrivals: json(arrivals) },
  );
  for (const { id } of reopened) {
    tx.record(
      { type: "conversation.changed", conversationId: id },
      { act: "conversation.reopened", conversationId: id, data: { reason: "contact_wrote" } },
    );
  }
  return reopened;
}

/** The past belongs to the oldest conversation; what the firm's phone wrote, to the newest. Neither reopens. */
function findLatest(tx: Tx, arrivals: readonly Arrival[]): Promise<Found[]> {
  return rows(
    tx.db,
    `select distinct on (c.contact_id, coalesce(c.isolated_inbox_id, 0)) c.id, c.contact_id, c.isolated_inbox_id
     from conversations c join ${arrivalSet}
       on a.manner <> 'inbound' and c.contact_id = a."contactId"
          and coalesce(c.isolated_inbox_id, 0) = coalesce(a."isolatedInboxId", 0) and c.merged_into_id is null
     order by c.contact_id, coalesce(c.isolated_inbox_id, 0),
       case when a.manner = 'history' then c.id else -c.id end`,
    { arrivals: json(arrivals) },
  );
}

function openNew(tx: Tx, arrivals: readonly Arrival[]): Promise<Found[]> {
  return rows(
    tx.db,
    `insert into conversations (contact_id, isolated_inbox_id, status, opened_at, last_activity_at, resolved_at)
     select "contactId", "isolatedInboxId",
       case manner when 'inbound' then 'open' when 'phone' then 'pending' else 'resolved' end,
       "firstAt", "lastAt", case when manner = 'history' then "lastAt" end
     from ${arrivalSet} order by "contactId", "isolatedInboxId"
     on conflict (contact_id, coalesce(isolated_inbox_id, 0)) where status <> 'resolved' do nothing
     returning id, contact_id, isolated_inbox_id`,
    { arrivals: json(arrivals) },
  );
}
