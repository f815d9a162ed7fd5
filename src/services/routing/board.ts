import { may } from "../agents/policy.ts";
import { shownAddress } from "../contacts/shown.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { NextDue } from "../conversations/types.ts";
import type { Reader } from "../platform/context.ts";
import { asJson, row, withTimes } from "../platform/database.ts";
import { Forbidden } from "../platform/errors.ts";
import { nextDueColumns, nextDueJoin } from "../sla/next-due.ts";
import type { Priority } from "../sla/types.ts";

/** A conversation that waits, as the board shows it. */
export interface WaitingRow extends NextDue {
  id: number;
  contactName: string;
  contactDisplay: string;
  topic: string;
  teamName: string | null;
  priority: Priority;
  flaggedAt: Date | null;
  waitingSince: Date;
  assigneeId: number | null;
  assigneeName: string | null;
  assigneeAvailability: "online" | "away" | "offline" | null;
}

export interface BoardAgent {
  id: number;
  name: string;
  availability: "online" | "away" | "offline";
  awayReason: string;
  backAt: Date | null;
  receives: boolean;
  open: number;
  waiting: number;
  maxOpen: number;
  maxWaiting: number;
  /** Median of today's first responses, in seconds, or null. */
  firstResponse: number | null;
}

export interface Board {
  waiting: number;
  oldestSince: Date | null;
  breached: number;
  /** Due within two minutes. */
  dueSoon: number;
  queued: number;
  rows: WaitingRow[];
  agents: BoardAgent[];
  /** Median seconds of today's first responses, and how many of 100 were in time. Null: none yet. */
  firstResponse: number | null;
  inTime: number | null;
  teams: { id: number; name: string }[];
  transferNeedsNote: boolean;
}

const shownRows = 60;

/**
 * What waits now, what falls due next, and who is there with how much: of one team, or of everything one may see.
 *
 * @param since when today began for the viewer.
 * @throws Forbidden for who does not supervise.
 */
export async function getBoard(ctx: Reader, teamId: number | null, since: Date): Promise<Board> {
  if (!may(ctx.actor, "supervise")) throw new Forbidden();
  const visible = visibleTo(ctx.actor);
  const mine = `${visible.sql} and (:teamId::bigint is null or c.team_id = :teamId::bigint)`;
  const waits = `c.status = 'open' and c.waiting_since is not null and ${mine}`;
  const rows = `select c.id, p.name as "contactName", ${shownAddress(ctx.actor)} as "contactDisplay",
      coalesce(t.name, '') as topic, m.name as "teamName", c.priority, c.flagged_at as "flaggedAt", c.waiting_since as "waitingSince",
      c.assignee_id as "assigneeId", a.name as "assigneeName", a.availability as "assigneeAvailability", ${nextDueColumns}
    from conversations c join contacts p on p.id = c.contact_id left join contact_identities i on i.id = c.last_identity_id
      left join topics t on t.id = c.topic_id left join teams m on m.id = c.team_id left join agents a on a.id = c.assignee_id
      ${nextDueJoin}
    where ${waits} order by coalesce(d.due_at, c.waiting_since + interval '1 day'), c.id limit ${shownRows}`;
  const responses = `select k.conversation_id, c.assignee_id, extract(epoch from k.met_at - k.started_at) as seconds, k.breached_at is null as in_time
    from sla_clocks k join conversations c on c.id = k.conversation_id
    where k.target = 'first_response' and k.met_at >= :since and k.ended_at >= :since and ${mine}`;
  const agents = `select a.id, a.name, a.availability, a.away_reason as "awayReason", a.back_at as "backAt", a.receives,
      n.open, n.waiting, a.max_open as "maxOpen", a.max_waiting as "maxWaiting", r.median as "firstResponse"
    from agents a cross join lateral (
        select count(*)::int as open, count(c.waiting_since)::int as waiting
        from (select waiting_since from conversations c where c.assignee_id = a.id and c.status = 'open' limit 1000) c) n
      left join (select assignee_id, percentile_cont(0.5) within group (order by seconds)::float8 as median from responses
        group by assignee_id) r on r.assignee_id = a.id
    where a.deactivated_at is null and (a.receives or n.open > 0)
      and (:teamId::bigint is null or exists (select 1 from team_members m where m.agent_id = a.id and m.team_id = :teamId::bigint))
    order by array_position(array['online', 'away', 'offline'], a.availability), plain(a.name), a.id limit 200`;
  const found = await row<
    Omit<Board, "rows" | "agents" | "teams"> & {
      rows: WaitingRow[] | null;
      agents: BoardAgent[] | null;
      teams: Board["teams"] | null;
    }
  >(
    ctx.db,
    `with waits as materialized (select c.waiting_since, c.assignee_id,
         (select min(due_at) from sla_clocks k where k.conversation_id = c.id and k.ended_at is null) as due_at
       from conversations c where ${waits}),
       responses as materialized (${responses})
     select (select count(*)::int from waits) as waiting, (select min(waiting_since) from waits) as "oldestSince",
       (select count(*)::int from waits where due_at <= now()) as breached,
       (select count(*)::int from waits where due_at > now() and due_at <= now() + interval '2 minutes') as "dueSoon",
       (select count(*)::int from waits where assignee_id is null) as queued,
       (select percentile_cont(0.5) within group (order by seconds)::float8 from responses) as "firstResponse",
       (select round(100.0 * count(*) filter (where in_time) / nullif(count(*), 0))::int from responses) as "inTime",
       (select transfer_needs_note from firm) as "transferNeedsNote", ${asJson(rows)} as rows, ${asJson(agents)} as agents,
       ${asJson("select id, name from teams where archived_at is null order by plain(name), id limit 100")} as teams`,
    { ...visible.bindings, teamId, since },
  );
  if (!found) throw new Error("the board was not read");
  return {
    ...found,
    rows: (found.rows ?? []).map((one) => withTimes(one, "waitingSince", "flaggedAt", "dueAt")),
    agents: (found.agents ?? []).map((one) => withTimes(one, "backAt")),
    teams: found.teams ?? [],
  };
}
