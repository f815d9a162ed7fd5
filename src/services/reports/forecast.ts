import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import type { Slice } from "./slice.ts";
import { within } from "./slice.ts";

/** Weeks that are looked back at: half a year (MET-18), and those that are looked ahead. */
export const weeksBack = 26;
export const weeksAhead = 4;
/** Fewer whole weeks than this say nothing about the next. */
const leastWeeks = 4;

export interface Week {
  /** The Monday, `2026-11-23`. */
  monday: string;
  conversations: number;
  isForecast: boolean;
}

export interface Forecast {
  weeks: Week[];
  /** Conversations more a week, each week; null when there is too little to say. */
  trend: number | null;
  /** How far the weeks lay from the line, on average: a share of it. */
  error: number | null;
  /** Days that brought at least twice the usual of their day of the week, the newest first. */
  peaks: { date: string; conversations: number; usual: number }[];
}

/** Counts whole weeks back from now, and lays a straight line through them. */
export async function forecast(ctx: Reader, slice: Slice, now: Date): Promise<Forecast> {
  const today = Temporal.Instant.fromEpochMilliseconds(now.getTime())
    .toZonedDateTimeISO(slice.timeZone)
    .toPlainDate();
  const thisMonday = today.subtract({ days: today.dayOfWeek - 1 });
  const start = thisMonday.subtract({ weeks: weeksBack });
  const at = (date: Temporal.PlainDate) => new Date(date.toZonedDateTime(slice.timeZone).epochMilliseconds);
  const whole = { ...slice, from: at(start), until: at(thisMonday) };
  const seen = within(ctx.actor, whole);
  const days = await rows<{ date: string; n: number }>(
    ctx.db,
    `select to_char(f.opened_at at time zone :zone, 'YYYY-MM-DD') as date, count(*)::int as n from conversation_facts f where ${seen.sql} group by 1 order by 1`,
    { ...seen.bindings, zone: slice.timeZone },
  );
  return reckon(days, start, thisMonday);
}

/** Pure. @param start a Monday; @param end the Monday after the last whole week. */
export function reckon(
  days: readonly { date: string; n: number }[],
  start: Temporal.PlainDate,
  end: Temporal.PlainDate,
): Forecast {
  const counts = new Map(days.map(({ date, n }) => [date, n]));
  const first = days[0] ? Temporal.PlainDate.from(days[0].date) : end;
  // What lies before the first conversation ever is not a week without work.
  const begun = first.subtract({ days: first.dayOfWeek - 1 });
  const from = Temporal.PlainDate.compare(begun, start) > 0 ? begun : start;
  const weeks: Week[] = [];
  for (let monday = from; Temporal.PlainDate.compare(monday, end) < 0; monday = monday.add({ weeks: 1 })) {
    const sum = Array.from({ length: 7 }, (_, i) => counts.get(monday.add({ days: i }).toString()) ?? 0);
    weeks.push({
      monday: monday.toString(),
      conversations: sum.reduce((a, b) => a + b, 0),
      isForecast: false,
    });
  }
  const line = weeks.length >= leastWeeks ? straightLine(weeks.map((one) => one.conversations)) : null;
  const ahead = line
    ? Array.from({ length: weeksAhead }, (_, i) => ({
        monday: end.add({ weeks: i }).toString(),
        conversations: Math.max(0, Math.round(line.at(weeks.length + i))),
        isForecast: true,
      }))
    : [];
  return {
    weeks: [...weeks, ...ahead],
    trend: line?.slope ?? null,
    error: line?.error ?? null,
    peaks: peaksOf(days, from, end),
  };
}

/** Pure. The line with the least squares. */
export function straightLine(values: readonly number[]): {
  slope: number;
  error: number | null;
  at: (x: number) => number;
} {
  const n = values.length;
  const [midX, midY] = [(n - 1) / 2, values.reduce((a, b) => a + b, 0) / n];
  const over = values.reduce((sum, y, x) => sum + (x - midX) * (y - midY), 0);
  const under = values.reduce((sum, _, x) => sum + (x - midX) ** 2, 0);
  const slope = under === 0 ? 0 : over / under;
  const at = (x: number) => midY + slope * (x - midX);
  const off = values.reduce((sum, y, x) => sum + Math.abs(y - at(x)), 0) / n;
  return { slope, error: midY > 0 ? off / midY : null, at };
}

function peaksOf(
  days: readonly { date: string; n: number }[],
  from: Temporal.PlainDate,
  end: Temporal.PlainDate,
): Forecast["peaks"] {
  const counts = new Map(days.map(({ date, n }) => [date, n]));
  const byWeekday = new Map<number, number[]>();
  for (let day = from; Temporal.PlainDate.compare(day, end) < 0; day = day.add({ days: 1 }))
    byWeekday.set(day.dayOfWeek, [...(byWeekday.get(day.dayOfWeek) ?? []), counts.get(day.toString()) ?? 0]);
  const middle = (all: readonly number[]) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
  const usual = new Map([...byWeekday].map(([weekday, all]) => [weekday, middle(all)]));
  return days
    .map(({ date, n }) => ({
      date,
      conversations: n,
      usual: usual.get(Temporal.PlainDate.from(date).dayOfWeek) ?? 0,
    }))
    .filter(({ conversations, usual: often }) => conversations >= 10 && conversations >= 2 * often)
    .toReversed()
    .slice(0, 12);
}
