import type { Calendar, Exception } from "./types.ts";

/** Moments are milliseconds since 1970; durations milliseconds. */
export interface OpenTime {
  isOpen: (at: number) => boolean;
  /** When it opens next; `at` itself while it is open; null when it does not open within two years. */
  opensAt: (at: number) => number | null;
  /** When that much open time has passed since `from`; null when it never does within two years. */
  add: (from: number, duration: number) => number | null;
  /** Open time between two moments; nothing when the second is not later. */
  between: (from: number, to: number) => number;
  /** The exception of the local day of a moment, or null. */
  exceptionOn: (at: number) => Exception | null;
}

/** A calendar that never opens again is found out after this many days. */
const farthestDays = 731;
const dayMs = 86_400_000;

/**
 * The arithmetic of one calendar. A span belongs to the day it begins on, so a holiday takes away what begins on it and
 * leaves what began the night before. It lasts from the first moment at which the local clock shows its beginning or
 * later until the first moment at which it shows its end or later: an hour that the clock skips is not there, an hour that it shows
 * twice counts twice inside a span.
 */
export function openTime(calendar: Calendar): OpenTime {
  const exceptions = new Map(calendar.exceptions.map((one) => [one.date, one]));
  const days = new Map<number, readonly (readonly [number, number])[]>();

  /** Days are numbered from 1970-01-01. */
  function openingsOf(day: number): readonly (readonly [number, number])[] {
    const known = days.get(day);
    if (known) return known;
    const date = dateOf(day);
    const spans = exceptions.get(date.toString())?.spans ?? calendar.week[date.dayOfWeek - 1] ?? [];
    const openings = spans
      .map(([from, until]): readonly [number, number] => [moment(date, from), moment(date, until)])
      .filter(([start, end]) => end > start)
      .sort((a, b) => a[0] - b[0]);
    if (days.size > 4000) days.clear();
    days.set(day, openings);
    return openings;
  }

  function moment(date: Temporal.PlainDate, minutes: number): number {
    const day = date.add({ days: Math.floor(minutes / 1440) });
    const time = new Temporal.PlainTime(Math.floor((minutes % 1440) / 60), minutes % 60);
    return firstMoment(day.toPlainDateTime(time), calendar.timeZone);
  }

  const dayAt = (at: number): number =>
    Temporal.Instant.fromEpochMilliseconds(at)
      .toZonedDateTimeISO(calendar.timeZone)
      .toPlainDate()
      .since(epoch).days;

  /** What is open after a moment, in order and without overlaps, as far as `until`. */
  function* openingsAfter(from: number, until = Number.POSITIVE_INFINITY) {
    const first = dayAt(from) - 1;
    let cursor = from;
    for (let day = first; day < first + farthestDays; day += 1) {
      for (const [start, end] of openingsOf(day)) {
        if (Math.max(start, cursor) >= until) return;
        if (end <= cursor) continue;
        yield [Math.max(start, cursor), Math.min(end, until)] as const;
        cursor = end;
      }
      // Spans of later days begin later: the day before `until` was the last that could matter.
      if (day * dayMs > until + 2 * dayMs) return;
    }
  }

  return {
    isOpen(at) {
      const [first] = openingsAfter(at, at + 1);
      return first !== undefined;
    },
    opensAt(at) {
      const [first] = openingsAfter(at);
      return first ? first[0] : null;
    },
    add(from, duration) {
      let left = duration;
      for (const [start, end] of openingsAfter(from)) {
        if (end - start >= left) return start + left;
        left -= end - start;
      }
      return null;
    },
    between(from, to) {
      let sum = 0;
      if (to > from) for (const [start, end] of openingsAfter(from, to)) sum += end - start;
      return sum;
    },
    exceptionOn: (at) => exceptions.get(dateOf(dayAt(at)).toString()) ?? null,
  };
}

const epoch = new Temporal.PlainDate(1970, 1, 1);
const dateOf = (day: number): Temporal.PlainDate => epoch.add({ days: day });

/** The first moment at which clocks of a zone show this local time or a later one of its hour change. */
function firstMoment(local: Temporal.PlainDateTime, timeZone: string): number {
  const earlier = local.toZonedDateTime(timeZone, { disambiguation: "earlier" });
  if (earlier.toPlainDateTime().equals(local)) return earlier.epochMilliseconds;
  // The clock jumps over it: it shows something later from the jump on.
  return (earlier.getTimeZoneTransition("next") ?? earlier).epochMilliseconds;
}

/** Compiled once for each content that a calendar has had; few firms have more than a handful. */
const compiled = new Map<string, OpenTime>();
const known = new WeakMap<Calendar, OpenTime>();

export function compileCalendar(calendar: Calendar): OpenTime {
  const found = known.get(calendar);
  if (found) return found;
  const content = JSON.stringify(calendar);
  const made = compiled.get(content) ?? openTime(calendar);
  if (compiled.size >= 50) compiled.clear();
  compiled.set(content, made);
  known.set(calendar, made);
  return made;
}
