import { Invalid } from "../platform/errors.ts";
import type { Span } from "./types.ts";

const dayMinutes = 1440;
const mostSpans = 6;

/** `9:00-14:00, 16:00-19:00`; `22:00-02:00+1` ends on the next day; empty is closed. @throws Invalid under `field`. */
export function parseSpans(text: string, field: string): Span[] {
  const parts = text
    .split(/[,;\n]/)
    .map((part) => part.trim())
    .filter(Boolean);
  if (parts.length > mostSpans) throw new Invalid({ [field]: "hours.too_many" }, { n: mostSpans });
  return parts.map((part) => {
    const match = /^(\d{1,2})(?:[:.h](\d{2}))?\s*(?:-|–|—|a)\s*(\d{1,2})(?:[:.h](\d{2}))?\s*(\+\s*1)?$/.exec(
      part,
    );
    const from = match && Number(match[1]) * 60 + Number(match[2] ?? 0);
    const to = match && Number(match[3]) * 60 + Number(match[4] ?? 0);
    const isClock =
      from !== null &&
      to !== null &&
      from < dayMinutes &&
      to <= dayMinutes &&
      Number(match?.[2] ?? 0) < 60 &&
      Number(match?.[4] ?? 0) < 60;
    if (!isClock) throw new Invalid({ [field]: "hours.unreadable" }, { part: part.slice(0, 40) });
    const until = match?.[5] ? to + dayMinutes : to;
    if (until <= from) throw new Invalid({ [field]: "hours.inverted" }, { part: part.slice(0, 40) });
    if (until - from > dayMinutes)
      throw new Invalid({ [field]: "hours.too_long" }, { part: part.slice(0, 40) });
    return [from, until] as const;
  });
}

export function writeSpans(spans: readonly Span[]): string {
  const clock = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
  return spans
    .map(
      ([from, until]) =>
        `${clock(from)}-${clock(until > dayMinutes ? until - dayMinutes : until)}${until > dayMinutes ? "+1" : ""}`,
    )
    .join(", ");
}

/** @throws Invalid under `day` followed by the day that overlaps itself or what the day before leaves past midnight. */
export function checkWeek(week: readonly (readonly Span[])[]): void {
  week.forEach((spans, day) => {
    const field = `day${day + 1}`;
    checkDay(spans, field);
    const before = week[(day + 6) % 7] ?? [];
    const tail = Math.max(0, ...before.map(([, until]) => until - dayMinutes));
    if (spans.some(([from]) => from < tail)) throw new Invalid({ [field]: "hours.overlaps_night" });
  });
  if (week.every((spans) => spans.length === 0)) throw new Invalid({ day1: "hours.never_open" });
}

/** @throws Invalid when two spans of one day overlap. */
export function checkDay(spans: readonly Span[], field: string): void {
  const sorted = [...spans].sort((a, b) => a[0] - b[0]);
  sorted.forEach((span, index) => {
    const next = sorted[index + 1];
    if (next && next[0] < span[1]) throw new Invalid({ [field]: "hours.overlap" });
  });
}
