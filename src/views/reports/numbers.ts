import { duration, formatter } from "../format.ts";
import type { Locale } from "../i18n.ts";
import type { Cell } from "./model.ts";

const formats = new Map<string, Intl.NumberFormat>();

function format(locale: Locale, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.NumberFormat(locale === "es" ? "es-MX" : "en-GB", options);
  formats.set(key, known);
  return known;
}

/** Nothing to say: a dash, never a zero. */
export const none = "–";

export const count = (n: number | null, locale: Locale): string =>
  n === null ? none : format(locale, { maximumFractionDigits: n < 10 ? 1 : 0 }).format(n);

/** `94 %`; from a share of 1. */
export const percent = (share: number | null, locale: Locale): string =>
  share === null ? none : `${format(locale, { maximumFractionDigits: 0 }).format(share * 100)} %`;

/** `4.6`. */
export const score = (value: number | null, locale: Locale): string =>
  value === null
    ? none
    : format(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value);

/** `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function time(seconds: number | null, locale: Locale): string {
  if (seconds === null) return none;
  const hours = Math.round(seconds / 3600);
  if (hours < 48) return duration(Math.round(seconds), locale);
  const rest = hours % 24;
  return `${Math.floor(hours / 24)} d${rest > 0 ? ` ${rest} h` : ""}`;
}

/** `points`: a number whose differences are not shares of it. */
export type Kind = "count" | "percent" | "score" | "time" | "points";

/** A number in words. */
export function inWords(value: number | null, kind: Kind, locale: Locale): string {
  switch (kind) {
    case "count":
    case "points":
      return count(value, locale);
    case "percent":
      return percent(value, locale);
    case "score":
      return score(value, locale);
    case "time":
      return time(value, locale);
  }
}

/** How a number differs from before: `+6 %`, `−32 s`, `+3` points; empty when there is nothing to hold it against. */
export function change(now: number | null, before: number | null, kind: Kind, locale: Locale): string {
  if (now === null || before === null) return "";
  const by = now - before;
  const size = Math.abs(by);
  // What rounds to nothing is no change.
  const isNone =
    kind === "percent"
      ? Math.round(size * 100) === 0
      : kind === "count"
        ? Math.round((size / (before || 1)) * 100) === 0
        : Math.round(size * (kind === "score" ? 10 : 1)) === 0;
  const sign = isNone ? "±" : by > 0 ? "+" : "−";
  if (kind === "points") return `${sign}${count(Math.round(size), locale)}`;
  if (kind === "percent") return `${sign}${count(Math.round(size * 100), locale)}`;
  if (kind === "time") return `${sign}${time(size, locale)}`;
  if (kind === "score") return `${sign}${score(size, locale)}`;
  if (before === 0) return "";
  // Nobody reads "+14,025 %".
  return now / before >= 10 ? `×${count(now / before, locale)}` : `${sign}${percent(size / before, locale)}`;
}

/** A cell of a table; raw seconds, shares and counts go to spreadsheets. */
export const cell = (
  value: number | null,
  kind: Kind,
  locale: Locale,
  more: Pick<Cell, "href" | "bar"> = {},
): Cell => ({
  text: inWords(value, kind, locale),
  raw:
    value === null
      ? null
      : kind === "percent"
        ? Math.round(value * 1000) / 10
        : Math.round(value * 100) / 100,
  ...more,
});

export const words = (text: string | null, href: string | null = null): Cell => ({
  text: text ?? none,
  raw: text,
  href,
});

/** A day, which spreadsheets and sorting take as `2026-11-23`. */
export const dayCell = (date: string, locale: Locale): Cell => ({ text: dayText(date, locale), raw: date });

/** `23 nov 2026`; of a day written `2026-11-23`. */
export const dayText = (date: string, locale: Locale): string =>
  formatter("dayYear", { locale, timeZone: "UTC" }).format(
    Temporal.PlainDate.from(date).toZonedDateTime("UTC").epochMilliseconds,
  );
