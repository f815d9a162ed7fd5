import { may, sightOf } from "../agents/policy.ts";
import { type Visibility, visibleIsolation } from "../inboxes/policy.ts";
import type { Actor } from "../platform/context.ts";

/** What a report looks at: conversations that began in `[from, until)`, and which of them. Null: all. */
export interface Slice {
  from: Date;
  until: Date;
  /** IANA name of the firm's zone: its days and hours are the report's. */
  timeZone: string;
  teamId: number | null;
  /** Who answered in it or ended it. */
  agentId: number | null;
  /** Whose the first answer was, and who ended it: behind the figures of one person. */
  firstAgentId?: number | null;
  resolvedById?: number | null;
  inboxId: number | null;
  /** Where it began. */
  firstInboxId?: number | null;
  channel?: string | null;
  /** Whose answers and targets a figure counts that stands in the row of one person. */
  ownAgentId?: number | null;
  /** 0: those without a topic. */
  topicId: number | null;
  /** Began in this hour of the week; Monday is 1. */
  weekHour?: { day: number; hour: number } | null;
  /** Was given this score. */
  csat?: number | null;
  nps?: number | null;
}

/** The beginning of the period of as many days that came before: what a report compares with. By the calendar: a week in which the clocks change has not 168 hours. */
export function beforeOf({ from, until, timeZone }: Slice): Date {
  const day = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
  const first = day(from.getTime());
  const days = first.until(day(until.getTime() - 1), { largestUnit: "day" }).days + 1;
  return new Date(first.subtract({ days }).toZonedDateTime(timeZone).epochMilliseconds);
}

/** Where the period before ends that a report compares with: of one that is not over, at the same point. */
export function beforeUntil(slice: Slice, now: Date): Date {
  if (now >= slice.until || now <= slice.from) return slice.from;
  const local = (at: Date) =>
    Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(slice.timeZone).toPlainDateTime();
  // By the clock on the wall: where the clocks change on the way, as many hours would end at another time of the day.
  const lived = local(slice.from).until(local(now), { largestUnit: "day" });
  const point = local(beforeOf(slice)).add(lived).toZonedDateTime(slice.timeZone).epochMilliseconds;
  return new Date(Math.min(point, slice.from.getTime()));
}

/**
 * Which rows of `conversation_facts f` an actor may count. Who may not see reports counts their own; who sees their teams'
 * conversations, their teams'.
 */
export function countable(actor: Actor): Visibility {
  const isolation = visibleIsolation(actor, "f.isolated_inbox_id");
  if (actor.kind !== "agent") return isolation;
  const isWhole = may(actor, "reports.see");
  const sight = sightOf(actor);
  if (isWhole && sight === "all") return isolation;
  const own = "(:countedAgent = any(f.people_ids) or f.assignee_id = :countedAgent)";
  const teams = `(f.team_id = any(:countedTeams::bigint[]) or f.agent_ids && array(select m.agent_id from team_members m where m.team_id = any(:countedTeams::bigint[])))`;
  return {
    sql: `(${isolation.sql} and ${isWhole && sight === "teams" ? `(${own} or ${teams})` : own})`,
    bindings: {
      ...isolation.bindings,
      countedAgent: actor.id,
      ...(isWhole && sight === "teams" ? { countedTeams: [...actor.teamIds] } : {}),
    },
  };
}

/** The rows of a slice that an actor may count, as a condition on `conversation_facts f`. @param since from when on; its own beginning by itself. */
export function within(actor: Actor, slice: Slice, since = slice.from): Visibility {
  const visible = countable(actor);
  return {
    sql: `f.opened_at >= :since and f.opened_at < :until and ${visible.sql}
      and (:teamId::bigint is null or f.team_id = :teamId::bigint)
      and (:agentId::bigint is null or :agentId::bigint = any(f.people_ids))
      and (:firstAgentId::bigint is null or f.first_agent_id = :firstAgentId::bigint)
      and (:resolvedById::bigint is null or f.resolved_by_id = :resolvedById::bigint)
      and (:inboxId::bigint is null or :inboxId::bigint = any(f.inbox_ids))
      and (:topicId::bigint is null or f.topic_id is not distinct from nullif(:topicId::bigint, 0))
      and (:weekDay::int is null or extract(isodow from f.opened_at at time zone :zone) = :weekDay and extract(hour from f.opened_at at time zone :zone) = :hour)
      and (:firstInboxId::bigint is null or f.inbox_id = :firstInboxId::bigint) and (:channel::text is null or f.channel = :channel::text)
      and (:csat::int is null or f.csat = :csat) and (:nps::int is null or f.nps = :nps)`,
    bindings: {
      ...visible.bindings,
      since,
      until: slice.until,
      teamId: slice.teamId,
      agentId: slice.agentId,
      firstAgentId: slice.firstAgentId ?? null,
      resolvedById: slice.resolvedById ?? null,
      inboxId: slice.inboxId,
      topicId: slice.topicId,
      firstInboxId: slice.firstInboxId ?? null,
      channel: slice.channel ?? null,
      zone: slice.timeZone,
      weekDay: slice.weekHour?.day ?? null,
      hour: slice.weekHour?.hour ?? null,
      csat: slice.csat ?? null,
      nps: slice.nps ?? null,
    },
  };
}
