import { type Locale, translateFor } from "./i18n.ts";

export interface Zone {
  locale: Locale;
  timeZone: string;
}

type Style = "clock" | "day" | "dayYear" | "weekday" | "exact" | "key";

const styles: Record<Style, Intl.DateTimeFormatOptions> = {
  clock: { hour: "2-digit", minute: "2-digit", hourCycle: "h23" },
  day: { day: "numeric", month: "short" },
  dayYear: { day: "numeric", month: "short", year: "numeric" },
  weekday: { weekday: "long", day: "numeric", month: "long" },
  exact: { dateStyle: "full", timeStyle: "short" },
  key: { year: "numeric", month: "2-digit", day: "2-digit" },
};

/** Making a formatter costs 60 times using one. */
const cache = new Map<string, Intl.DateTimeFormat>();

function formatter(style: Style, { locale, timeZone }: Zone): Intl.DateTimeFormat {
  const key = `${style}/${locale}/${timeZone}`;
  let found = cache.get(key);
  if (!found) {
    const language = style === "key" ? "en-CA" : locale === "es" ? "es-MX" : "en-GB";
    found = new Intl.DateTimeFormat(language, { ...styles[style], timeZone });
    cache.set(key, found);
  }
  return found;
}

/** `10:06` in the viewer's zone. */
export const clock = (at: Date, zone: Zone): string => formatter("clock", zone).format(at);

/** `lunes, 23 de noviembre de 2026, 10:06`: what hovering shows. */
export const exact = (at: Date, zone: Zone): string => formatter("exact", zone).format(at);

/** `2026-11-23` in the viewer's zone: the same day has the same key. */
export const dayKey = (at: Date, zone: Zone): string => formatter("key", zone).format(at);

/** Milliseconds of when today and yesterday began, asked once a minute and zone: a list asks for every row. */
const beginnings = new Map<string, { minute: number; today: number; yesterday: number }>();

function beginningsOf(now: Date, zone: Zone): { today: number; yesterday: number } {
  const minute = Math.floor(now.getTime() / 60_000);
  const known = beginnings.get(zone.timeZone);
  if (known?.minute === minute) return known;
  const today = Temporal.PlainDate.from(dayKey(now, zone));
  const begin = (day: Temporal.PlainDate) => day.toZonedDateTime(zone.timeZone).epochMilliseconds;
  const made = { minute, today: begin(today), yesterday: begin(today.subtract({ days: 1 })) };
  beginnings.set(zone.timeZone, made);
  return made;
}

/** `Hoy`, `Ayer`, `lunes, 23 de noviembre`, with the year when it is another one. */
export function dayName(at: Date, now: Date, zone: Zone): string {
  const t = translateFor(zone.locale);
  const key = dayKey(at, zone);
  if (key === dayKey(now, zone)) return t("time.today");
  if (key === dayKey(new Date(now.getTime() - 86_400_000), zone)) return t("time.yesterday");
  const style = key.slice(0, 4) === dayKey(now, zone).slice(0, 4) ? "weekday" : "dayYear";
  return capital(formatter(style, zone).format(at));
}

/** `ahora`, `9 min`, `3 h`, `ayer`, `23 nov`: short, for lists. */
export function shortAge(at: Date, now: Date, zone: Zone): string {
  const t = translateFor(zone.locale);
  const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000);
  if (minutes < 1) return t("time.now");
  if (minutes < 60) return t("time.minutes", { n: minutes });
  const { today, yesterday } = beginningsOf(now, zone);
  if (at.getTime() >= today) return t("time.hours", { n: Math.floor(minutes / 60) });
  if (at.getTime() >= yesterday) return t("time.yesterday_low");
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
  const isNear = dayKey(at, zone) >= dayKey(new Date(now.getTime() - 86_400_000), zone) && at <= now;
  return `${isNear ? name.toLowerCase() : shortDay(at, now, zone)} ${clock(at, zone)}`;
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

export function money(amount: number, currency: string, locale: Locale): string {
  const language = locale === "es" ? "es-MX" : "en";
  if (!/^[A-Z]{3}$/.test(currency)) return new Intl.NumberFormat(language).format(amount);
  return new Intl.NumberFormat(language, { style: "currency", currency }).format(amount);
}

/** Two letters for the round face; `#` for who has no name. */
export function initials(name: string): string {
  const letters = name
    .split(/\s+/)
    .flatMap((word) => /\p{L}/u.exec(word)?.[0] ?? [])
    .slice(0, 2)
    .join("");
  return letters === "" ? "#" : letters.toUpperCase();
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
