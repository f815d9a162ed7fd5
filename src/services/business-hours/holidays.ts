import { Invalid } from "../platform/errors.ts";
import type { Exception } from "./types.ts";

/** Countries whose national holidays Hilo offers as a starting point. ISO 3166. */
export const holidayCountries = ["MX", "ES", "AR", "CO", "CL", "PE"] as const;
export type HolidayCountry = (typeof holidayCountries)[number];

/** A file of public holidays has some hundred lines; this bounds what a stranger's file can cost. Bytes. */
export const largestICalendar = 1024 * 1024;
const mostEvents = 2000;

/** A country's public holidays of a year, closed all day; the firm goes through them and takes away what it works. */
export async function nationalHolidays(country: HolidayCountry, year: number): Promise<Exception[]> {
  // Loaded when somebody asks: its tables cost tens of megabytes that no other work needs.
  const { default: Holidays } = await import("date-holidays");
  const found = new Holidays(country, { languages: ["es"] }).getHolidays(year);
  return found
    .filter(({ type }) => type === "public")
    .map(({ date, name }) => ({ date: date.slice(0, 10), name: name.slice(0, 120), spans: [] }));
}

/**
 * The days of an iCalendar file (RFC 5545), closed all day, from `from` until two years later. Events that last several days are
 * several exceptions; those that repeat do so within that time.
 *
 * @param from ISO 8601 date.
 * @throws Invalid when it is no such file or names no day of that time.
 */
export async function readICalendar(text: string, from: string): Promise<Exception[]> {
  const { default: ICAL } = await import("ical.js");
  const first = Temporal.PlainDate.from(from);
  const last = first.add({ years: 2 });
  const found = new Map<string, Exception>();
  try {
    const events = new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").slice(0, mostEvents);
    for (const component of events) {
      const event = new ICAL.Event(component);
      // A meeting of two hours closes no day.
      if (!event.startDate?.isDate) continue;
      const name = (event.summary ?? "").toWellFormed().replaceAll("\0", "").trim().slice(0, 120);
      const starts = event.iterator();
      for (let n = 0; n < mostEvents; n += 1) {
        const start = starts.next();
        if (!start) break;
        const day = Temporal.PlainDate.from({ year: start.year, month: start.month, day: start.day });
        if (Temporal.PlainDate.compare(day, last) > 0) break;
        const length = Math.min(Math.max(1, Math.ceil(event.duration.toSeconds() / 86_400)), 31);
        for (let k = 0; k < length; k += 1) {
          const date = day.add({ days: k });
          if (Temporal.PlainDate.compare(date, first) < 0) continue;
          found.set(date.toString(), { date: date.toString(), name: name || date.toString(), spans: [] });
        }
        if (!event.isRecurring()) break;
      }
    }
  } catch {
    throw new Invalid({ file: "hours.not_ical" });
  }
  if (found.size === 0) throw new Invalid({ file: "hours.ical_empty" });
  return [...found.values()].sort((a, b) => a.date.localeCompare(b.date));
}
