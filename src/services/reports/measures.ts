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
  /** The same by the clock on the wall. */
  firstResponseClock: number | null;
  /** Nine of ten were answered within this. */
  firstResponse90: number | null;
  /** On average, of every answer after the first. */
  nextResponse: number | null;
  resolution: number | null;
  handling: number | null;
  /** Targets of any kind that were met and missed. */
  met: number;
  missed: number;
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
export const repeatedSql = "f.had_to_repeat";
export const firstContactSql = "(f.is_resolved and f.reopenings = 0 and f.recontact_at is null)";

/** The least of them within which so many were; the cheaper of the two kinds, for whole numbers stay such. */
const median = (column: string, filter: string, share = 0.5) =>
  `(percentile_disc(${share}) within group (order by ${column}) filter (where ${filter}))`;
const count = (filter: string) => `(count(*) filter (where ${filter}))::int`;

/** The aggregates, as SQL over `conversation_facts f`. In an agent's row count the first responses, the answers after them and the endings that were theirs. */
function aggregates(isAll: boolean): Record<keyof Measures, string> {
  const first = isAll ? "true" : "f.first_agent_id = f.agent";
  const end = isAll ? "true" : "f.resolved_by_id = f.agent";
  const next = isAll
    ? {
        responses: "f.next_responses",
        seconds: "f.next_business_seconds",
        met: "f.next_met",
        missed: "f.next_missed",
      }
    : {
        responses: "f.agent_responses",
        seconds: "f.agent_seconds",
        met: "f.agent_met",
        missed: "f.agent_missed",
      };
  const firstMet = count(`f.first_sla = 'met' and ${first}`);
  const firstMissed = count(`f.first_sla = 'missed' and ${first}`);
  const nextMet = `coalesce(sum(${next.met}), 0)::int`;
  const nextMissed = `coalesce(sum(${next.missed}), 0)::int`;
  const resolutionMet = count(`f.resolution_sla = 'met' and ${end}`);
  const resolutionMissed = count(`f.resolution_sla = 'missed' and ${end}`);
  return {
    conversations: "count(*)::int",
    resolved: count(`f.is_resolved and ${end}`),
    inbound: "coalesce(sum(f.inbound), 0)::int",
    outbound: "coalesce(sum(f.outbound), 0)::int",
    firstResponse: median("f.first_response_business_seconds", first),
    firstResponseClock: median("f.first_response_seconds", first),
    firstResponse90: median("f.first_response_business_seconds", first, 0.9),
    nextResponse: `(sum(${next.seconds})::float8 / nullif(sum(${next.responses}), 0))`,
    resolution: median("f.resolution_business_seconds", end),
    handling: `avg(f.handling_seconds) filter (where f.outbound > 0)::float8`,
    met: isAll ? "coalesce(sum(f.promises_met), 0)::int" : `${firstMet} + ${nextMet} + ${resolutionMet}`,
    missed: isAll
      ? "coalesce(sum(f.promises_missed), 0)::int"
      : `${firstMissed} + ${nextMissed} + ${resolutionMissed}`,
    firstMet,
    firstMissed,
    nextMet,
    nextMissed,
    resolutionMet,
    resolutionMissed,
    reopened: count("f.reopenings > 0"),
    firstContact: count(`${firstContactSql} and ${end}`),
    recontacted: count(`f.recontact_at is not null and ${end}`),
    repeated: count(repeatedSql),
    transfers: "coalesce(sum(f.transfers), 0)::int",
    csat: `avg(f.csat) filter (where ${end})::float8`,
    csatAnswers: count(`f.csat is not null and ${end}`),
    nps: `(100.0 * (count(*) filter (where f.nps >= 9 and ${end}) - count(*) filter (where f.nps <= 6 and ${end})) / nullif(count(f.nps) filter (where ${end}), 0))::float8`,
    npsAnswers: count(`f.nps is not null and ${end}`),
    byBot: count("f.answered_by = 'bot' and f.is_resolved"),
    saturation: count("f.abandoned = 'saturation'"),
    frustration: count("f.abandoned = 'frustration'"),
    won: count(`f.outcome = 'won' and ${end}`),
    lost: count(`f.outcome = 'lost' and ${end}`),
  };
}

/**
 * Conversations once for each who answered in them, and who ended them without a word: of those nothing stands in the lists beside. Most are
 * one person's, and theirs is all of it: taking lists apart for those too would take twice the time.
 *
 * @param counted what is counted of them: only its columns are carried along.
 */
function byAgent(condition: string, counted: string): string {
  const beside = ["agent", "agent_responses", "agent_seconds", "agent_met", "agent_missed"];
  const columns = [...new Set([...counted.matchAll(/\bf\.(\w+)/g)].map(([, name = ""]) => name))]
    .filter((name) => !beside.includes(name))
    .map((name) => `f.${name}, `)
    .join("");
  return `(
     select ${columns}f.sole_agent_id as agent, f.next_responses as agent_responses, f.next_business_seconds as agent_seconds,
       f.next_met as agent_met, f.next_missed as agent_missed
     from conversation_facts f where f.sole_agent_id is not null and ${condition}
     union all
     select ${columns}unnest(f.people_ids), unnest(f.agent_next), unnest(f.agent_next_seconds), unnest(f.agent_next_met), unnest(f.agent_next_missed)
     from conversation_facts f where f.sole_agent_id is null and ${condition}) f
   where (:agentId::bigint is null or f.agent = :agentId::bigint)`;
}

/** By what conversations can be told apart: a column of theirs, and where its name stands. */
const dimensions = {
  all: { key: null, name: "''", names: "" },
  agent: { key: "f.agent", name: "n.name", names: "agents" },
  team: { key: "f.team_id", name: "n.name", names: "teams" },
  inbox: { key: "f.inbox_id", name: "n.name", names: "inboxes" },
  channel: { key: "f.channel", name: "g.key", names: "" },
  topic: { key: "f.topic_id", name: "n.name", names: "topics" },
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

/** Measures a slice by a dimension, and the period before it. @param wanted what is counted, beside conversations: the rest is as of nothing. Null: everything. */
export async function compareBy(
  ctx: Reader,
  slice: Slice,
  dimension: Dimension,
  wanted: readonly (keyof Measures)[] | null = null,
): Promise<Compared> {
  const earlier = { ...slice, from: beforeOf(slice), until: beforeUntil(slice, ctx.now()) };
  const [now, before] = await Promise.all([
    measureBy(ctx, slice, dimension, wanted),
    measureBy(ctx, earlier, dimension, wanted),
  ]);
  return { now, before };
}

/** Measures a slice by a dimension; groups by how many they are. */
export async function measureBy(
  ctx: Reader,
  slice: Slice,
  dimension: Dimension,
  wanted: readonly (keyof Measures)[] | null = null,
): Promise<Group[]> {
  const { key, name, names } = dimensions[dimension];
  const isAgent = dimension === "agent";
  const chosen = aggregates(!isAgent);
  const seen = within(ctx.actor, slice);
  const counted = (Object.entries(chosen) as [keyof Measures, string][]).filter(
    ([measure]) => wanted === null || measure === "conversations" || wanted.includes(measure),
  );
  const aggregated = counted.map(([measure, sql]) => `${sql} as "${measure}"`).join(", ");
  const source = isAgent ? byAgent(seen.sql, aggregated) : `conversation_facts f where ${seen.sql}`;
  const found = await rows<Group>(
    ctx.db,
    `select g.*, g.key::text as key, ${name} as name from (
       select ${key} as key, ${aggregated} from ${source} ${key === null ? "" : "group by 1"}) g ${names ? `left join ${names} n on n.id = g.key` : ""}
     where g.conversations > 0 order by g.conversations desc, name limit 1000`,
    seen.bindings,
  );
  return wanted === null ? found : found.map((one) => ({ ...nothing, ...one }));
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
  firstResponseClock: null,
  firstResponse90: null,
  nextResponse: null,
  resolution: null,
  handling: null,
  met: 0,
  missed: 0,
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
export const inTime = ({ met, missed }: Measures): number | null => share(met, met + missed);
