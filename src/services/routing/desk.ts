import { compileCalendar } from "../business-hours/open-time.ts";
import { calendarColumns } from "../business-hours/queries.ts";
import type { Calendar } from "../business-hours/types.ts";
import type { Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { type Candidate, hasRoom, type Pick } from "./pick.ts";
import type { Strategy } from "./types.ts";

const givingLock = 7_446_506;

/** One at a time gives conversations out, in all processes: only so is a cap a cap. Ends with the transaction. */
export async function lockGiving(tx: Tx): Promise<void> {
  await tx.db.raw("select pg_advisory_xact_lock(?)", [givingLock]);
}

export interface Giving {
  strategyOf: (teamId: number | null) => Strategy;
  lastAgentFirst: boolean;
  pilotPercent: number;
  /** The database's clock. */
  now: number;
}

export async function loadGiving(tx: Tx): Promise<Giving> {
  const firm = await row<{
    strategy: Strategy;
    lastAgentFirst: boolean;
    pilotPercent: number;
    now: Date;
    teams: Record<string, Strategy> | null;
  }>(
    tx.db,
    `select strategy, last_agent_first as "lastAgentFirst", pilot_percent as "pilotPercent", now() as now,
       (select jsonb_object_agg(id, strategy) from teams) as teams from firm`,
  );
  if (!firm) throw new Error("the firm's row is missing: restore it from the backup");
  return {
    strategyOf: (teamId) => (teamId === null ? firm.strategy : (firm.teams?.[teamId] ?? firm.strategy)),
    lastAgentFirst: firm.lastAgentFirst,
    pilotPercent: firm.pilotPercent,
    now: firm.now.getTime(),
  };
}

/**
 * Who can be given something now: online, within their own hours, with room. Their rows stay locked, so that what people
 * take by hand meanwhile waits and is counted; their counts are read after that.
 */
export async function lockCandidates(tx: Tx, now: number): Promise<Candidate[]> {
  const locked = await rows<{ id: number }>(
    tx.db,
    `select id from agents where receives and availability = 'online' and deactivated_at is null and max_open > 0 and max_waiting > 0
     order by id for no key update`,
  );
  if (locked.length === 0) return [];
  const found = await rows<Candidate & { calendar: Calendar | null }>(
    tx.db,
    `select a.id, a.max_open as "maxOpen", a.max_waiting as "maxWaiting", n.open, n.waiting,
       (extract(epoch from a.last_assigned_at) * 1000)::float8 as "lastAssignedAt",
       (extract(epoch from a.last_reply_at) * 1000)::float8 as "lastReplyAt",
       coalesce((select array_agg(team_id) from team_members m where m.agent_id = a.id), '{}') as "teamIds",
       coalesce((select array_agg(skill) from agent_skills s where s.agent_id = a.id), '{}') as skills,
       (select to_jsonb(b) from (select ${calendarColumns} from business_hours b where b.id = a.business_hours_id) b) as calendar
     from agents a cross join lateral (
       select count(*)::int as open, count(*) filter (where c.waiting_since is not null)::int as waiting
       from (select waiting_since from conversations where assignee_id = a.id and status = 'open' limit 5000) c) n
     where a.id = any(:ids::bigint[]) order by a.id`,
    { ids: locked.map(({ id }) => id) },
  );
  return found.filter(
    (agent) => hasRoom(agent) && (!agent.calendar || compileCalendar(agent.calendar).isOpen(now)),
  );
}

/** Writes what was picked; the conversations and the agents are locked, and nobody has them. */
export async function give(
  tx: Tx,
  picks: readonly { conversationId: number; agentId: number; reason: Pick["reason"] | "no_movement" }[],
): Promise<void> {
  if (picks.length === 0) return;
  await tx.db.raw(
    `with p as (select * from jsonb_to_recordset(:picks::jsonb) as p("conversationId" bigint, "agentId" bigint, reason text)),
       given as (update conversations c set assignee_id = p."agentId" from p where c.id = p."conversationId"),
       turns as (update agents a set last_assigned_at = clock_timestamp() where a.id in (select "agentId" from p))
     insert into assignments (conversation_id, assignee_id, reason) select "conversationId", "agentId", reason from p`,
    { picks: json(picks) },
  );
  await keepClocks(
    tx,
    picks.map(({ conversationId }) => conversationId),
    { moved: "handed_on" },
  );
  for (const { conversationId, agentId, reason } of picks) {
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "conversation.assigned", conversationId, agentId, data: { reason } },
    );
  }
}

/** Gives conversations back to the queue; they are locked. */
export async function giveBack(
  tx: Tx,
  conversationIds: readonly number[],
  reason: "no_movement" | "agent_away",
): Promise<void> {
  if (conversationIds.length === 0) return;
  await tx.db.raw(
    `with freed as (update conversations set assignee_id = null where id = any(:ids::bigint[]) returning id)
     insert into assignments (conversation_id, reason) select id, :reason from freed`,
    { ids: [...conversationIds], reason },
  );
  await keepClocks(tx, conversationIds, { moved: "handed_on" });
  for (const conversationId of conversationIds) {
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "conversation.unassigned", conversationId, data: { reason } },
    );
  }
}
