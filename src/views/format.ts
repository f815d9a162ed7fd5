import { type Locale, translateFor } from "./i18n.ts";

export interface Zone {
  locale: Locale;
  timeZone: string;
}

type Style =
  | "clock"
  | "day"
  | "dayYear"
  | "dayNumbers"
  | "month"
  | "shortMonth"
  | "weekday"
  | "weekdayName"
  | "exact";

const styles: Record<Style, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short" },
  dayYear: { day: "numeric", month: "short", year: "numeric" },
  dayNumbers: { day: "numeric", month: "numeric" },
  month: { month: "short", year: "numeric" },
  shortMonth: { month: "short", year: "2-digit" },
  weekdayName: { weekday: "long" },
  weekday: { weekday: "long", day: "numeric", month: "long" },
  exact: { dateStyle: "full", timeStyle: "short" },
};

/** Making a formatter costs 60 times using one, and what it holds outside the heap is given back late. */
const cache = new Map<string, Intl.DateTimeFormat>();

export function formatter(style: Style, { locale, timeZone }: Zone): Intl.DateTimeFormat {
  const key = `${style}/${locale}/${timeZone}`;
  let found = cache.get(key);
  if (!found) {
    const language = locale === "es" ? "es-MX" : "en-GB";
    found = new Intl.DateTimeFormat(language, { ...styles[style], timeZone });
    cache.set(key, found);
  }
  return found;
}

/** `10:06` in the viewer's zone. */
export const clock = (at: Date, zone: Zone): string => formatter("clock", zone).format(at);

/** `lunes, 23 de noviembre de 2026, 10:06`: what hovering shows. */
export const exact = (at: Date, zone: Zone): string => formatter("exact", zone).format(at);

interface Day {
  /** `2026-11-23`. */
  key: string;
  /** Milliseconds at which it begins, and at which the next one does. */
  start: number;
  end: number;
}

/** The days last asked for of each zone, newest first: a thread asks for the same few again and again. */
const days = new Map<string, Day[]>();
const mostDays = 60;

function dayOf(at: Date, { timeZone }: Zone): Day {
  const time = at.getTime();
  const known = days.get(timeZone) ?? [];
  const found = known.find(({ start, end }) => time >= start && time < end);
  if (found) return found;
  const date = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(timeZone).toPlainDate();
  const begin = (day: Temporal.PlainDate) => day.toZonedDateTime(timeZone).epochMilliseconds;
  const made = { key: date.toString(), start: begin(date), end: begin(date.add({ days: 1 })) };
  days.set(timeZone, [made, ...known.slice(0, mostDays - 1)]);
  return made;
}

/** `2026-11-23` in the viewer's zone: the same day has the same key. */
export const dayKey = (at: Date, zone: Zone): string => dayOf(at, zone).key;

/** Milliseconds of the day's beginning in the viewer's zone. */
export const startOfDay = (at: Date, zone: Zone): number => dayOf(at, zone).start;

/** The beginning of a day that is written `2026-11-23`, in the viewer's zone. */
export const dayOn = (key: string, zone: Zone): Date =>
  new Date(Temporal.PlainDate.from(key).toZonedDateTime(zone.timeZone).epochMilliseconds);

/** Milliseconds of when yesterday began. */
const startOfYesterday = (now: Date, zone: Zone): number =>
  startOfDay(new Date(startOfDay(now, zone) - 1), zone);

/** `Hoy`, `Ayer`, `lunes, 23 de noviembre`, with the year when it is another one. */
export function dayName(at: Date, now: Date, zone: Zone): string {
  const t = translateFor(zone.locale);
  const key = dayKey(at, zone);
  if (key === dayKey(now, zone)) return t("time.today");
  if (startOfDay(at, zone) === startOfYesterday(now, zone)) return t("time.yesterday");
  const style = key.slice(0, 4) === dayKey(now, zone).slice(0, 4) ? "weekday" : "dayYear";
  return capital(formatter(style, zone).format(at));
}

/** `ahora`, `9 min`, `3 h`, `ayer`, `23 nov`: short, for lists. */
export function shortAge(at: Date, now: Date, zone: Zone): string {
  const t = translateFor(zone.locale);
  const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000);
  if (minutes < 1) return t("time.now");
  if (minutes < 60) return t("time.minutes", { n: minutes });
  if (at.getTime() >= startOfDay(now, zone)) return t("time.hours", { n: Math.floor(minutes / 60) });
  if (at.getTime() >= startOfYesterday(now, zone)) return t("time.yesterday_low");
  return shortDay(at, now, zone);
}

/** `23 nov`, with the year when it is another one. */
export function shortDay(at: Date, now: Date, zone: Zone): string {
  const sameYear = dayKey(at, zone).slice(0, 4) === dayKey(now, zone).slice(0, 4);
  return formatter(sameYear ? "day" : "dayYear", zone).format(at);
}

/** `hoy 10:06`, `ayer 10:06`, `23 nov 10:06`. */
export function dayAndClock(at: Date, now: Date, zone: Zone): string {
  const name = dayName(at, now, zone);
  const isNear = at.getTime() >= startOfYesterday(now, zone) && at <= now;
  return `${isNear ? name.toLowerCase() : shortDay(at, now, zone)} ${clock(at, zone)}`;
}

/** `lunes`; Monday is 1. */
export function weekdayName(day: number, locale: Locale): string {
  // 5 January 1970 was a Monday.
  const at = new Date(Date.UTC(1970, 0, 4 + day));
  return formatter("weekdayName", { locale, timeZone: "UTC" }).format(at);
}

const relative = new Map<Locale, Intl.RelativeTimeFormat>();

/** `hoy`, `ayer`, `hace 5 días`, `hace 3 meses`: how long ago by the days of the viewer's zone. */
export function daysAgo(at: Date, now: Date, zone: Zone): string {
  let format = relative.get(zone.locale);
  if (!format) {
    format = new Intl.RelativeTimeFormat(zone.locale === "es" ? "es-MX" : "en", { numeric: "auto" });
    relative.set(zone.locale, format);
  }
  const days = Math.round((startOfDay(now, zone) - startOfDay(at, zone)) / 86_400_000);
  if (Math.abs(days) < 60) return format.format(-days, "day");
  if (Math.abs(days) < 730) return format.format(-Math.round(days / 30.44), "month");
  return format.format(-Math.round(days / 365.25), "year");
}

/** `21 h`, `45 min`: how long something still lasts. */
export function remaining(until: Date, now: Date, zone: Zone): string {
  const t = translateFor(zone.locale);
  const minutes = Math.max(0, Math.ceil((until.getTime() - now.getTime()) / 60_000));
  return minutes >= 60 ? t("time.hours", { n: Math.floor(minutes / 60) }) : t("time.minutes", { n: minutes });
}

const sizes = new Map<Locale, Intl.NumberFormat>();

/** `240 kB`, `1.2 MB`. */
export function fileSize(bytes: number, locale: Locale): string {
  let format = sizes.get(locale);
  if (!format) {
    format = new Intl.NumberFormat(locale === "es" ? "es-MX" : "en", { maximumFractionDigits: 1 });
    sizes.set(locale, format);
  }
  if (bytes < 1000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${format.format(bytes / 1000)} kB`;
  return `${format.format(bytes / 1_000_000)} MB`;
}

const currencies = new Map<string, Intl.NumberFormat>();

/** `$45,000`, `$3,200.50`: without cents when there are none. */
export function money(amount: number, currency: string, locale: Locale): string {
  const key = `${locale}/${currency}/${Number.isInteger(amount)}`;
  let format = currencies.get(key);
  if (!format) {
    const style = /^[A-Z]{3}$/.test(currency)
      ? { style: "currency" as const, currency, currencyDisplay: "narrowSymbol" as const }
      : {};
    const digits = Number.isInteger(amount) ? { maximumFractionDigits: 0 } : {};
    format = new Intl.NumberFormat(locale === "es" ? "es-MX" : "en", { ...style, ...digits });
    currencies.set(key, format);
  }
  return format.format(amount);
}

/** The same names come again with every list. */
const knownInitials = new Map<string, string>();
const mostInitials = 5000;

/** Two letters for the round face; `#` for who has no name. */
export function initials(name: string): string {
  const known = knownInitials.get(name);
  if (known !== undefined) return known;
  const letters = name
    .split(/\s+/)
    .flatMap((word) => /\p{L}/u.exec(word)?.[0] ?? [])
    .slice(0, 2)
    .join("");
  const made = letters === "" ? "#" : letters.toUpperCase();
  if (knownInitials.size >= mostInitials) knownInitials.clear();
  knownInitials.set(name, made);
  return made;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `45 s`, `12 min`, `1 h 5 min`. */
export function duration(seconds: number, locale: Locale): string {
  const t = translateFor(locale);
  if (seconds < 60) return t("duration.seconds", { n: seconds });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return t("time.minutes", { n: minutes });
  const rest = minutes % 60;
  return [t("time.hours", { n: Math.floor(minutes / 60) }), rest > 0 ? t("time.minutes", { n: rest }) : ""]
    .filter(Boolean)
    .join(" ");
}
