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
  const seen = within(ctx.actor, slice, beforeOf(slice));
  const local = "(f.opened_at at time zone :zone)";
  const found = await rows<{
    at: string;
    isNow: boolean;
    conversations: number;
    resolved: number;
    messages: number;
  }>(
    ctx.db,
    `select to_char(step, 'YYYY-MM-DD"T"HH24') as at, "isNow", conversations, resolved, messages from (
       select date_trunc('${step}', ${local}) as step, f.opened_at >= :from as "isNow", count(*)::int as conversations,
         count(*) filter (where f.status = 'resolved')::int as resolved, coalesce(sum(f.inbound + f.outbound), 0)::int as messages
       from conversation_facts f where ${seen.sql} group by 1, 2) s`,
    { ...seen.bindings, from: slice.from, zone: slice.timeZone },
  );
  const of = (isNow: boolean) =>
    new Map(found.filter((one) => one.isNow === isNow).map((one) => [`${one.at}:00`, one]));
  const [now, before] = [of(true), of(false)];
  const places = stepsBetween(slice.from, slice.until, slice.timeZone, step);
  const earlier = stepsBetween(beforeOf(slice), slice.from, slice.timeZone, step);
  return {
    step,
    moments: places.map((at, i) => ({
      at,
      conversations: now.get(at)?.conversations ?? 0,
      resolved: now.get(at)?.resolved ?? 0,
      messages: now.get(at)?.messages ?? 0,
      before: earlier[i] === undefined ? null : (before.get(earlier[i])?.conversations ?? 0),
    })),
  };
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
