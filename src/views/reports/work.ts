import type { Forecast } from "../../services/reports/forecast.ts";
import { weeksAhead } from "../../services/reports/forecast.ts";
import type { WeekHours } from "../../services/reports/hours.ts";
import type { Group } from "../../services/reports/measures.ts";
import { peopleNeeded, type StaffingAssumptions, shrinkage } from "../../services/reports/staffing.ts";
import type { Now } from "../../services/reports/today.ts";
import { remaining, weekdayName } from "../format.ts";
import { drawBars, drawHeat } from "./charts.ts";
import type { Report } from "./model.ts";
import { cell, count, dayCell, dayText, none, percent, time, words } from "./numbers.ts";
import { bare, daysFrom, figure, type Look } from "./parts.ts";

/** When people write, and how many are needed then. */
export function hoursReport(look: Look, found: WeekHours, assumed: StaffingAssumptions): Report {
  const { t, viewer } = look;
  const { locale } = viewer;
  const at = (day: number, hour: number) =>
    found.hours.find((one) => one.day === day && one.hour === hour)?.conversations ?? 0;
  const needed = (day: number, hour: number) => peopleNeeded(at(day, hour), assumed);
  const days = Array.from({ length: 7 }, (_, i) => weekdayName(i + 1, locale));
  const short = days.map((name) => name.slice(0, 3));
  const every = days.flatMap((_, i) => Array.from({ length: 24 }, (_, hour) => [i + 1, hour] as const));
  const [day = 1, hour = 0] = every.toSorted((a, b) => at(b[0], b[1]) - at(a[0], a[1]))[0] ?? [];
  const isEmpty = found.hours.length === 0;
  const most = Math.max(0, ...every.map(([d, h]) => needed(d, h)));
  const linkOf = (d: number, h: number) =>
    at(d, h) === 0 ? null : look.link("all", { at: `${d}-${h}`, at_once: "", level: "", within: "" });
  const cellOf = (d: number, h: number, n: number) => ({
    href: linkOf(d, h),
    text: n === 0 ? "" : count(n, locale),
    title: t("report.heat_cell", {
      day: days[d - 1] ?? "",
      hour: `${h}–${h + 1}`,
      n: count(n, locale),
      people: needed(d, h),
    }),
  });
  const peopleOf = (d: number, h: number) => ({
    href: needed(d, h) === 0 ? null : linkOf(d, h),
    text: needed(d, h) === 0 ? "" : String(needed(d, h)),
    title: cellOf(d, h, at(d, h)).title,
  });
  const label = isEmpty
    ? ""
    : t("report.heat_label", {
        day: days[day - 1] ?? "",
        hour: `${hour}:00`,
        n: count(at(day, hour), locale),
      });
  return {
    name: "hours",
    figures: [
      {
        name: t("report.peak"),
        value: isEmpty ? none : `${short[day - 1]} ${hour}:00`,
        change: "",
        more: isEmpty ? "" : t("report.an_hour", { n: count(at(day, hour), locale) }),
        level: "",
        how: t("report.how.peak"),
        href: isEmpty ? null : linkOf(day, hour),
      },
      {
        name: t("report.people_peak"),
        value: isEmpty ? none : String(most),
        change: "",
        more: isEmpty ? "" : t("report.rostered", { n: Math.ceil(most / (1 - shrinkage)) }),
        level: "",
        how: t("report.how.people"),
        href: null,
      },
      {
        name: t("report.measure.handling"),
        value: time(found.handling, locale),
        change: "",
        more: "",
        level: "",
        how: t("report.how.handling"),
        href: found.handling === null ? null : look.link("worked"),
      },
    ],
    sections: [
      { ...bare(look, "when"), heat: isEmpty ? null : drawHeat(short, at, cellOf, label), isWide: true },
      {
        ...bare(look, "people"),
        how: t("report.section_how.people", {
          level: percent(assumed.level, locale),
          within: time(assumed.within, locale),
          handling: time(assumed.handling, locale),
          n: assumed.atOnce,
          rest: percent(shrinkage, locale),
        }),
        heat: isEmpty ? null : drawHeat(short, needed, peopleOf, t("report.people_label", { n: most })),
        isWide: true,
        columns: [
          { name: t("report.step.hour"), isNumber: false },
          ...days.flatMap((name) => [{ name, isNumber: true }]),
        ],
        rows: isEmpty
          ? []
          : Array.from({ length: 24 }, (_, h) => [
              words(`${h}:00`),
              ...days.map((_, i) => ({
                href: linkOf(i + 1, h),
                text: `${count(at(i + 1, h), locale)} · ${needed(i + 1, h)}`,
                raw: Math.round(at(i + 1, h) * 100) / 100,
              })),
            ]),
        isFolded: true,
      },
    ],
  };
}

/** What comes, if it goes on as it went. */
export function forecastReport(look: Look, found: Forecast): Report {
  const { t, viewer } = look;
  const { locale } = viewer;
  const dayName = (date: string) => dayText(date, locale);
  const ahead = found.weeks.filter(({ isForecast }) => isForecast);
  const past = found.weeks.filter(({ isForecast }) => !isForecast);
  const next = ahead[0];
  const [peak] = found.peaks;
  return {
    name: "forecast",
    figures: [
      {
        name: t("report.next_week"),
        value: count(next?.conversations ?? null, locale),
        change: "",
        more: found.error === null || !next ? "" : `± ${percent(found.error, locale)}`,
        level: "",
        how: t("report.how.forecast"),
        href: null,
      },
      {
        name: t("report.trend"),
        value:
          found.trend === null
            ? none
            : `${found.trend >= 0 ? "+" : "−"}${count(Math.abs(found.trend), locale)}`,
        change: "",
        more: found.trend === null ? "" : t("report.a_week"),
        level: "",
        how: t("report.how.trend"),
        href: null,
      },
      {
        name: t("report.last_peak"),
        change: "",
        value: peak ? dayName(peak.date) : none,
        more: peak
          ? t("report.times", {
              n:
                peak.usual > 0
                  ? count(peak.conversations / peak.usual, locale)
                  : count(peak.conversations, locale),
            })
          : "",
        level: "",
        how: t("report.how.peaks"),
        href: peak ? look.link("all", daysFrom(peak.date, 1)) : null,
      },
    ],
    sections: [
      {
        ...bare(look, "weeks"),
        how: t("report.section_how.weeks", { n: past.length, ahead: weeksAhead }),
        bars:
          found.weeks.length === 0
            ? null
            : drawBars(
                found.weeks.map((one) => ({
                  name: `${Number(one.monday.slice(8))}/${Number(one.monday.slice(5, 7))}`,
                  value: one.conversations,
                  title: `${dayName(one.monday)}: ${count(one.conversations, locale)}${one.isForecast ? ` (${t("report.forecast")})` : ""}`,
                  isDashed: one.isForecast,
                })),
                { label: t("report.weeks_label", { n: past.length }), say: (n) => count(n, locale) },
              ),
        columns: [
          { name: t("report.step.week"), isNumber: false },
          { name: t("report.short.conversations"), isNumber: true },
          { name: "", isNumber: false },
        ],
        rows: found.weeks.map((one) => [
          dayCell(one.monday, locale),
          cell(one.conversations, "count", locale, {
            href:
              one.isForecast || one.conversations === 0 ? null : look.link("all", daysFrom(one.monday, 7)),
          }),
          {
            text: one.isForecast ? t("report.forecast") : "",
            raw: one.isForecast ? t("report.forecast") : "",
          },
        ]),
        isFolded: true,
        isWide: true,
        empty: t("report.too_young"),
      },
      {
        ...bare(look, "peaks"),
        columns: ["day", "conversations", "usual"].map((name, i) => ({
          name: t(`report.short.${name}`),
          isNumber: i > 0,
        })),
        rows: found.peaks.map((one) => [
          dayCell(one.date, locale),
          cell(one.conversations, "count", locale, { href: look.link("all", daysFrom(one.date, 1)) }),
          cell(one.usual, "count", locale),
        ]),
        empty: t("report.no_peaks"),
        isWide: true,
      },
    ],
  };
}

/** Now, and the day so far against the same day of the last weeks. */
export function todayReport(
  look: Look,
  now: Now,
  hours: { hour: number; today: number; usual: number }[],
  total: Group[],
  timeZone: string,
): Report {
  const { t, viewer } = look;
  const { locale } = viewer;
  const [sum] = total;
  const weekday = Temporal.Instant.fromEpochMilliseconds(viewer.now.getTime()).toZonedDateTimeISO(
    timeZone,
  ).dayOfWeek;
  const plain = (name: string, n: number, more = "", level: "" | "late" = "") => ({
    name: t(`report.now.${name}`),
    value: count(n, locale),
    change: "",
    more,
    level,
    how: t(`report.now_how.${name}`),
    href: viewer.permissions.has("supervise") ? "/board" : "/inbox",
  });
  const waited = now.oldestSince
    ? t("report.oldest", { time: remaining(viewer.now, now.oldestSince, viewer) })
    : "";
  return {
    name: "today",
    figures: [
      plain("waiting", now.waiting, waited),
      plain("breached", now.breached, "", now.breached > 0 ? "late" : ""),
      plain("queued", now.queued),
      plain("online", now.online, t("report.of", { n: now.receiving })),
      figure(look, "conversations", sum),
      figure(look, "first_response", sum),
      figure(look, "in_time", sum),
    ],
    sections: [
      {
        ...bare(look, "by_hour"),
        bars: drawBars(
          hours.map((one) => ({
            name: String(one.hour),
            value: one.today,
            before: one.usual,
            title: `${one.hour}:00: ${count(one.today, locale)} (${count(one.usual, locale)})`,
          })),
          {
            label: t("report.by_hour_label", { n: hours.reduce((all, one) => all + one.today, 0) }),
            key: { now: t("report.today"), before: t("report.usual") },
            say: (n) => count(n, locale),
          },
        ),
        columns: ["hour", "today", "usual"].map((name, i) => ({
          name: t(`report.short.${name}`),
          isNumber: i > 0,
        })),
        rows: hours.map((one) => [
          words(`${one.hour}:00`),
          cell(one.today, "count", locale, {
            href: one.today === 0 ? null : look.link("all", { at: `${weekday}-${one.hour}` }),
          }),
          cell(one.usual, "count", locale),
        ]),
        isFolded: true,
        isWide: true,
      },
    ],
  };
}
