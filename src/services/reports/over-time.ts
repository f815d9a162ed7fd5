import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { beforeOf, type Slice, within } from "./slice.ts";

export type Step = "hour" | "day" | "week" | "month";

/** By how much time a period is best shown: some ten to sixty steps. */
export function stepOf({ from, until }: Slice): Step {
  const days = (until.getTime() - from.getTime()) / 86_400_000;
  return days <= 1.1 ? "hour" : days <= 62 ? "day" : days <= 400 ? "week" : "month";
}

/** Conversations that began in each step of the firm's clock. */
export interface Moment {
  /** Local time at which the step begins: `2026-11-23T00:00`. */
  at: string;
  conversations: number;
  /** In the step of the period before that stands at the same place; null when that reaches further back than it. */
  before: number | null;
  resolved: number;
  messages: number;
}

/** Every step of the period, also those in which nothing happened. */
export async function countOverTime(ctx: Reader, slice: Slice): Promise<{ step: Step; moments: Moment[] }> {
  const step = stepOf(slice);
  const earlier = { ...slice, from: beforeOf(slice), until: slice.from };
  const places = (of: Slice) => stepsBetween(of.from, of.until, of.timeZone, step);
  const [now, before] = await Promise.all([
    countSteps(ctx, slice, places(slice)),
    countSteps(ctx, earlier, places(earlier)),
  ]);
  return {
    step,
    moments: now.map((one, i) => ({ ...one, before: before[i]?.conversations ?? null })),
  };
}

/** By the instants at which the local steps begin: no row's time is put on the firm's clock. */
async function countSteps(
  ctx: Reader,
  slice: Slice,
  places: readonly string[],
): Promise<Omit<Moment, "before">[]> {
  const seen = within(ctx.actor, slice);
  const found = await rows<{ place: number; conversations: number; resolved: number; messages: number }>(
    ctx.db,
    `select width_bucket(f.opened_at, :starts::timestamptz[]) as place, count(*)::int as conversations,
       count(*) filter (where f.is_resolved)::int as resolved, coalesce(sum(f.inbound + f.outbound), 0)::int as messages
     from conversation_facts f where ${seen.sql} group by 1`,
    {
      ...seen.bindings,
      starts: places.map((at) =>
        Temporal.PlainDateTime.from(at).toZonedDateTime(slice.timeZone).toInstant().toString(),
      ),
    },
  );
  const of = new Map(found.map((one) => [one.place, one]));
  return places.map((at, i) => {
    const { conversations = 0, resolved = 0, messages = 0 } = of.get(i + 1) ?? {};
    return { at, conversations, resolved, messages };
  });
}

/** Pure. The local beginnings of all steps that a period touches; at most 400, the last ones. */
export function stepsBetween(from: Date, until: Date, timeZone: string, step: Step): string[] {
  const local = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDateTime();
  const midnight = local(from.getTime()).round({ smallestUnit: "hour", roundingMode: "floor" });
  const day = midnight.with({ hour: 0 });
  const first =
    step === "hour"
      ? midnight
      : step === "day"
        ? day
        : step === "week"
          ? day.subtract({ days: day.dayOfWeek - 1 })
          : day.with({ day: 1 });
  const last = local(until.getTime() - 1);
  const found: string[] = [];
  for (let at = first; Temporal.PlainDateTime.compare(at, last) <= 0; at = at.add({ [`${step}s`]: 1 }))
    found.push(at.toString({ smallestUnit: "minute" }));
  return found.slice(-400);
}
