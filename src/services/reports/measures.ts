import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { beforeOf, beforeUntil, type Slice, within } from "./slice.ts";

/**
 * Everything that is counted of a group of conversations. Durations are medians in seconds of business time, but for handling,
 * an average. Null: there was nothing to count.
 */
export interface Measures {
  conversations: number;
  resolved: number;
  inbound: number;
  outbound: number;
  firstResponse: number | null;
  /** Nine of ten were answered within this. */
  firstResponse90: number | null;
  resolution: number | null;
  handling: number | null;
  firstMet: number;
  firstMissed: number;
  nextMet: number;
  nextMissed: number;
  resolutionMet: number;
  resolutionMissed: number;
  reopened: number;
  /** Resolved once, and nobody came back about the same within seven days. */
  firstContact: number;
  recontacted: number;
  /** Had to say something twice. */
  repeated: number;
  transfers: number;
  csat: number | null;
  csatAnswers: number;
  /** From -100 to 100. */
  nps: number | null;
  npsAnswers: number;
  byBot: number;
  saturation: number;
  frustration: number;
  /** Of those where something was to be sold or booked. */
  won: number;
  lost: number;
}

/** Had to repeat: they say so, or were asked for what they had given (ID-04). */
export const repeatedSql = "(f.said_again or f.asked_again <> '{}' or f.known_before <> '{}')";
export const firstContactSql = "(f.status = 'resolved' and f.reopenings = 0 and f.recontact_at is null)";

const median = (column: string, filter: string, share = 0.5) =>
  `(percentile_cont(${share}) within group (order by ${column}) filter (where ${filter}))`;
const count = (filter: string) => `(count(*) filter (where ${filter}))::int`;

/**
 * The aggregates, as SQL over `conversation_facts f`. @param first which first responses count, @param end which endings: of an
 * agent's row only those that were theirs.
 */
function aggregates(first = "true", end = "true", next = "true"): Record<keyof Measures, string> {
  return {
    conversations: "count(*)::int",
    resolved: count(`f.status = 'resolved' and ${end}`),
    inbound: "coalesce(sum(f.inbound), 0)::int",
    outbound: "coalesce(sum(f.outbound), 0)::int",
    firstResponse: median("f.first_response_business_seconds", first),
    firstResponse90: median("f.first_response_business_seconds", first, 0.9),
    resolution: median("f.resolution_business_seconds", end),
    handling: `avg(f.handling_seconds) filter (where f.outbound > 0)::float8`,
    firstMet: count(`f.first_sla = 'met' and ${first}`),
    firstMissed: count(`f.first_sla = 'missed' and ${first}`),
    nextMet: `coalesce(sum(f.next_met) filter (where ${next}), 0)::int`,
    nextMissed: `coalesce(sum(f.next_missed) filter (where ${next}), 0)::int`,
    resolutionMet: count(`f.resolution_sla = 'met' and ${end}`),
    resolutionMissed: count(`f.resolution_sla = 'missed' and ${end}`),
    reopened: count("f.reopenings > 0"),
    firstContact: count(`${firstContactSql} and ${end}`),
    recontacted: count(`f.recontact_at is not null and ${end}`),
    repeated: count(repeatedSql),
    transfers: "coalesce(sum(f.transfers), 0)::int",
    csat: `avg(f.csat) filter (where ${end})::float8`,
    csatAnswers: count(`f.csat is not null and ${end}`),
    nps: `(100.0 * (count(*) filter (where f.nps >= 9 and ${end}) - count(*) filter (where f.nps <= 6 and ${end})) / nullif(count(f.nps) filter (where ${end}), 0))::float8`,
    npsAnswers: count(`f.nps is not null and ${end}`),
    byBot: count("f.answered_by = 'bot' and f.status = 'resolved'"),
    saturation: count("f.abandoned = 'saturation'"),
    frustration: count("f.abandoned = 'frustration'"),
    won: count(`f.outcome = 'won' and ${end}`),
    lost: count(`f.outcome = 'lost' and ${end}`),
  };
}

/** By what conversations can be told apart: a column of theirs, and where its name stands. */
const dimensions = {
  all: { key: "0", from: "", name: "''", names: "" },
  agent: {
    key: "x.agent",
    // Who answered, and who ended it without a word.
    from: "cross join unnest(case when f.resolved_by_id is null or f.resolved_by_id = any(f.agent_ids) then f.agent_ids else f.agent_ids || f.resolved_by_id end) x(agent)",
    name: "n.name",
    names: "agents",
  },
  team: { key: "f.team_id", from: "", name: "n.name", names: "teams" },
  inbox: { key: "f.inbox_id", from: "", name: "n.name", names: "inboxes" },
  channel: { key: "f.channel", from: "", name: "g.key", names: "" },
  topic: { key: "f.topic_id", from: "", name: "n.name", names: "topics" },
} as const;
export type Dimension = keyof typeof dimensions;

/** One group; `key` null: those that have none. */
export interface Group extends Measures {
  key: string | null;
  name: string | null;
}

export interface Compared {
  now: Group[];
  /** Of the period before, of the same length. */
  before: Group[];
}

/**
 * Measures a slice by a dimension, and the period before it, with one look. Groups by how many they are.
 *
 * @param wanted what is counted, beside conversations: the rest is as of nothing. Null: everything.
 */
export async function measureBy(
  ctx: Reader,
  slice: Slice,
  dimension: Dimension,
  wanted: readonly (keyof Measures)[] | null = null,
): Promise<Compared> {
  const { key, from, name, names } = dimensions[dimension];
  const isAgent = dimension === "agent";
  const chosen = isAgent
    ? // Of the responses after the first nobody knows here whose they were, unless one person answered all of them.
      aggregates("f.first_agent_id = x.agent", "f.resolved_by_id = x.agent", "f.agent_ids = array[x.agent]")
    : aggregates();
  const rows_ = within(ctx.actor, slice, beforeOf(slice));
  const counted = (Object.entries(chosen) as [keyof Measures, string][]).filter(
    ([measure]) => wanted === null || measure === "conversations" || wanted.includes(measure),
  );
  const found = await rows<Group & { isNow: boolean }>(
    ctx.db,
    `select g.*, g.key::text as key, ${name} as name from (
       select f.opened_at >= :from as "isNow", ${key} as key, ${counted.map(([measure, sql]) => `${sql} as "${measure}"`).join(", ")}
       from conversation_facts f ${from} where ${rows_.sql} and (f.opened_at >= :from or f.opened_at < :beforeUntil) ${isAgent ? "and (:agentId::bigint is null or x.agent = :agentId::bigint)" : ""} group by 1, 2) g ${names ? `left join ${names} n on n.id = g.key` : ""}
     order by g.conversations desc, name limit 1000`,
    { ...rows_.bindings, from: slice.from, beforeUntil: beforeUntil(slice, ctx.now()) },
  );
  const of = (isNow: boolean) =>
    found.filter((one) => one.isNow === isNow).map((one) => (wanted === null ? one : { ...nothing, ...one }));
  return { now: of(true), before: of(false) };
}

/** A group in which nothing happened. */
export const nothing: Group = {
  key: "",
  name: "",
  conversations: 0,
  resolved: 0,
  inbound: 0,
  outbound: 0,
  firstResponse: null,
  firstResponse90: null,
  resolution: null,
  handling: null,
  firstMet: 0,
  firstMissed: 0,
  nextMet: 0,
  nextMissed: 0,
  resolutionMet: 0,
  resolutionMissed: 0,
  reopened: 0,
  firstContact: 0,
  recontacted: 0,
  repeated: 0,
  transfers: 0,
  csat: null,
  csatAnswers: 0,
  nps: null,
  npsAnswers: 0,
  byBot: 0,
  saturation: 0,
  frustration: 0,
  won: 0,
  lost: 0,
};

/** A part of a whole as a share from 0 to 1; null of nothing. */
export const share = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);

/** How many promises of any kind were kept. */
export const inTime = (one: Measures): number | null => {
  const met = one.firstMet + one.nextMet + one.resolutionMet;
  return share(met, met + one.firstMissed + one.nextMissed + one.resolutionMissed);
};
