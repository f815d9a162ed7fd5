import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { type Slice, within } from "./slice.ts";

/** An hour of the week: Monday is 1; conversations that began in it, on average of its weeks. */
export interface WeekHour {
  day: number;
  hour: number;
  conversations: number;
}

export interface WeekHours {
  hours: WeekHour[];
  /** How many times each day of the week came by: Monday first. */
  days: number[];
  /** Average time at work for a conversation that a person answered, seconds; null: none was. */
  handling: number | null;
}

/** When people write, by the firm's clock. */
export async function countWeekHours(ctx: Reader, asked: Slice): Promise<WeekHours> {
  const slice = await lived(ctx, asked);
  const seen = within(ctx.actor, slice);
  const local = "(f.opened_at at time zone :zone)";
  const found = await rows<{ day: number; hour: number; n: number }>(
    ctx.db,
    `select extract(isodow from ${local})::int as day, extract(hour from ${local})::int as hour, count(*)::int as n
     from conversation_facts f where ${seen.sql} group by 1, 2`,
    { ...seen.bindings, zone: slice.timeZone },
  );
  const work = await row<{ handling: number | null }>(
    ctx.db,
    `select avg(f.handling_seconds) filter (where f.outbound > 0)::float8 as handling from conversation_facts f where ${seen.sql}`,
    seen.bindings,
  );
  const days = daysOf(slice);
  return {
    hours: found.map(({ day, hour, n }) => ({
      day,
      hour,
      conversations: n / Math.max(1, days[day - 1] ?? 1),
    })),
    days,
    handling: work?.handling ?? null,
  };
}

/** The part of a period that has come, and in which the firm had begun: other days are not days without work. */
export async function lived(ctx: Reader, slice: Slice): Promise<Slice> {
  const first = await row<{ at: Date | null }>(ctx.db, "select min(opened_at) as at from conversation_facts");
  const begun = first?.at ? startOfDay(first.at, slice.timeZone) : slice.from;
  const from = begun > slice.from && begun < slice.until ? begun : slice.from;
  const now = ctx.now();
  return { ...slice, from, until: now > from && now < slice.until ? now : slice.until };
}

const startOfDay = (at: Date, timeZone: string): Date =>
  new Date(
    Temporal.Instant.fromEpochMilliseconds(at.getTime()).toZonedDateTimeISO(timeZone).startOfDay()
      .epochMilliseconds,
  );

/** Pure. How often each day of the week is in a period. */
export function daysOf({ from, until, timeZone }: Slice): number[] {
  const date = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).toPlainDate();
  const [first, last] = [date(from.getTime()), date(until.getTime() - 1)];
  const total = last.since(first).days + 1;
  return Array.from({ length: 7 }, (_, i) => {
    const until_ = (i + 1 - first.dayOfWeek + 7) % 7;
    return total > until_ ? Math.floor((total - 1 - until_) / 7) + 1 : 0;
  });
}
