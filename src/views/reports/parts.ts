import type { Group, Measures } from "../../services/reports/measures.ts";
import { nothing } from "../../services/reports/measures.ts";
import type { Moment, Step } from "../../services/reports/over-time.ts";
import { formatter, weekdayName } from "../format.ts";
import { type Translate, translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";
import { drawBars } from "./charts.ts";
import { type MeasureName, measures } from "./measured.ts";
import type { Cell, Figure, Section } from "./model.ts";
import { cell, change, count, inWords, type Kind, none, time, words } from "./numbers.ts";

/** Who reads, and where the conversations behind a figure are. */
export interface Look {
  viewer: Viewer;
  t: Translate;
  /** Of the same slice; `more` narrows it. @param is a condition of `services/reports/conversations.ts`. */
  link: (is: string, more?: Record<string, string>, list?: "conversations" | "reviews") => string;
  /** First and last day of the period. */
  days: readonly [first: string, last: string];
}

export const lookOf = (viewer: Viewer, link: Look["link"], days: Look["days"]): Look => ({
  viewer,
  t: translateFor(viewer.locale),
  link,
  days,
});

/** The conversations behind a number: of what was promised those that were late. Null: there are none. */
function hrefOf(
  look: Look,
  name: MeasureName,
  one: Measures,
  value: number | null,
  more: Record<string, string>,
) {
  if (value === null) return null;
  if (name === "in_time" ? one.missed === 0 : value === 0 && measures[name].kind !== "time") return null;
  return look.link(measures[name].is, more);
}

/** One number with what it was before. */
export function figure(look: Look, name: MeasureName, now: Measures | undefined, before?: Measures): Figure {
  const measure = measures[name];
  const { kind, of, good } = measure;
  const { locale } = look.viewer;
  const [value, was] = [of(now ?? nothing), before ? of(before) : null];
  const changed = change(value, was, kind, locale);
  const by = value !== null && was !== null && !changed.startsWith("±") ? (value - was) * good : 0;
  const answers = name === "csat" ? now?.csatAnswers : name === "nps" ? now?.npsAnswers : null;

  return {
    name: look.t(`report.measure.${name}`),
    value: inWords(value, kind, locale),
    change: changed,
    more: [
      "base" in measure && now && value !== null ? baseOf(look, measure.base(now)) : "",
      "beside" in measure ? byClock(look, value, now?.[measure.beside] ?? null) : "",
      answers === null ? "" : look.t("report.answers", { n: answers ?? 0 }),
    ]
      .filter(Boolean)
      .join(" · "),
    level: by > 0 ? "good" : by < 0 ? "bad" : "",
    how: look.t(`report.how.${name}`),
    href: hrefOf(look, name, now ?? nothing, value, {}),
  };
}

/** Out of hours nobody waits by the firm's time, but they do by theirs. */
const byClock = (look: Look, value: number | null, clock: number | null): string =>
  clock === null || clock === value
    ? ""
    : look.t("report.by_clock", { time: time(clock, look.viewer.locale) });

const baseOf = (look: Look, [part, whole]: readonly [number, number]): string =>
  look.t("report.base", { part: count(part, look.viewer.locale), whole: count(whole, look.viewer.locale) });

/** Groups side by side. @param param narrows a list to one of them: `team`, `agent`, `door`… */
export function groupTable(
  look: Look,
  key: string,
  groups: readonly Group[],
  names: readonly MeasureName[],
  param: string,
  nameOf: (group: Group) => string = ({ name }) => name ?? look.t("report.none_of_these"),
  before: readonly Group[] | null = null,
): Section {
  const { t, viewer } = look;
  const was = new Map((before ?? []).map((one) => [one.key, one]));
  return {
    ...bare(look, key),
    columns: [
      { name: t(`report.by.${key}`), isNumber: false },
      ...names.map((name) => ({
        name: t(`report.short.${name}`),
        isNumber: true,
        how: `${t(`report.measure.${name}`)}: ${t(`report.how.${name}`)}`,
        unit: unitOf(measures[name].kind),
      })),
      ...(before ? [{ name: t("report.short.change"), isNumber: true, unit: "%" }] : []),
    ],
    rows: groups.map((group) => {
      const more = { [param]: group.key ?? "0" };
      return [
        words(nameOf(group)),
        ...names.map((name) => {
          const measure = measures[name];
          const value = measure.of(group);
          const whose: Record<string, string> =
            param === "agent" && "whose" in measure ? { [measure.whose]: group.key ?? "", agent: "" } : more;
          const isOpen = group.key !== null || param === "topic";
          return cell(value, measure.kind, viewer.locale, {
            href: isOpen ? hrefOf(look, name, group, value, whose) : null,
            bar: name === "in_time" && value !== null ? Math.round(value * 100) : null,
          });
        }),
        ...(before ? [changeCell(group.conversations, was.get(group.key)?.conversations ?? 0, look)] : []),
      ];
    }),
    isWide: names.length > 5,
  };
}

/** For spreadsheets and sorting in percent. */
const changeCell = (now: number, before: number, { viewer: { locale } }: Look): Cell => ({
  text: change(now, before, "count", locale) || none,
  raw: before === 0 ? null : Math.round(((now - before) / before) * 1000) / 10,
});

/** What a raw number of a column counts. */
const unitOf = (kind: Kind): string => (kind === "time" ? "s" : kind === "percent" ? "%" : "");

/** A section without anything in it yet. */
export const bare = ({ t }: Look, key: string): Section => ({
  key,
  title: t(`report.section.${key}`),
  how: t(`report.section_how.${key}`),
  bars: null,
  heat: null,
  columns: [],
  rows: [],
  isFolded: false,
  quotes: [],
  empty: t("report.empty"),
  isWide: false,
});

/** The part of a step that lies in the period: its first and last week may reach over. */
export function daysWithin({ days: [first, last] }: Look, date: string, days: number) {
  const { from, until } = daysFrom(date, days);
  return { period: "custom", from: from < first ? first : from, until: until > last ? last : until };
}

/** A period of so many days, as a report is asked for it. */
export const daysFrom = (date: string, days: number) => ({
  period: "custom",
  from: date,
  until: Temporal.PlainDate.from(date)
    .add({ days: days - 1 })
    .toString(),
});

/** How many began, step by step, over the same steps of the period before. */
export function timeSection(look: Look, { step, moments }: { step: Step; moments: Moment[] }): Section {
  const { t, viewer } = look;
  const say = (n: number) => count(n, viewer.locale);
  const name = (at: string) => stepName(at, step, viewer);
  const total = moments.reduce((sum, one) => sum + one.conversations, 0);
  return {
    ...bare(look, "over_time"),
    bars: drawBars(
      moments.map((one) => ({
        name: stepName(one.at, step, viewer, true),
        value: one.conversations,
        before: one.before,
        title: `${name(one.at)}: ${say(one.conversations)}`,
      })),
      {
        label: t("report.over_time_label", { n: total }),
        key: { now: t("report.this_period"), before: t("report.period_before") },
        say,
      },
    ),
    columns: [
      { name: t(`report.step.${step}`), isNumber: false },
      { name: t("report.short.conversations"), isNumber: true },
      { name: t("report.period_before"), isNumber: true },
      { name: t("report.short.resolved"), isNumber: true },
      { name: t("report.short.messages"), isNumber: true },
    ],
    rows: moments.map((one) => [
      { text: name(one.at), raw: step === "hour" ? name(one.at) : one.at.slice(0, 10) },
      cell(one.conversations, "count", viewer.locale, {
        href: one.conversations > 0 ? stepLink(look, one.at, step) : null,
      }),
      cell(one.before, "count", viewer.locale),
      cell(one.resolved, "count", viewer.locale, {
        href: one.resolved > 0 ? stepLink(look, one.at, step, "resolved") : null,
      }),
      cell(one.messages, "count", viewer.locale),
    ]),
    isFolded: true,
    isWide: true,
  };
}

/** The conversations of one step. An hour is one of a single day. */
function stepLink(look: Look, at: string, step: Step, is = "all"): string {
  const date = Temporal.PlainDate.from(at);
  if (step === "hour") return look.link(is, { at: `${date.dayOfWeek}-${Number(at.slice(11, 13))}` });
  return look.link(
    is,
    daysWithin(look, at.slice(0, 10), step === "day" ? 1 : step === "week" ? 7 : date.daysInMonth),
  );
}

function stepName(at: string, step: Step, { locale }: Viewer, isShort = false): string {
  const time = Temporal.PlainDateTime.from(at);
  if (step === "hour") return isShort ? String(time.hour) : `${time.hour}:00`;
  const style = step === "month" ? "month" : isShort ? "dayNumbers" : "dayYear";
  const day = formatter(style, { locale, timeZone: "UTC" }).format(
    time.toZonedDateTime("UTC").epochMilliseconds,
  );
  if (isShort || step === "month") return day;
  return step === "week" ? day : `${weekdayName(time.dayOfWeek, locale).slice(0, 3)} ${day}`;
}
