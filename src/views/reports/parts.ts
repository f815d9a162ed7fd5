import type { Group, Measures } from "../../services/reports/measures.ts";
import { inTime, nothing, share } from "../../services/reports/measures.ts";
import type { Moment, Step } from "../../services/reports/over-time.ts";
import { weekdayName } from "../format.ts";
import { type Translate, translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";
import { drawBars } from "./charts.ts";
import type { Figure, Section } from "./model.ts";
import { cell, change, count, inWords, type Kind, words } from "./numbers.ts";

/** Who reads, and where the conversations behind a figure are. */
export interface Look {
  viewer: Viewer;
  t: Translate;
  /** Of the same slice; `more` narrows it. @param is a condition of `services/reports/conversations.ts`. */
  link: (is: string, more?: Record<string, string>) => string;
}

export const lookOf = (viewer: Viewer, link: Look["link"]): Look => ({
  viewer,
  t: translateFor(viewer.locale),
  link,
});

const promised = [
  "firstMet",
  "firstMissed",
  "nextMet",
  "nextMissed",
  "resolutionMet",
  "resolutionMissed",
] as const;

/** What reports say of a group of conversations: what each measure is made of, and whether more of it is good. */
export const measures = {
  conversations: { kind: "count", from: [], of: (one) => one.conversations, good: 0, is: "all" },
  resolved: { kind: "count", from: ["resolved"], of: (one) => one.resolved, good: 0, is: "resolved" },
  first_response: {
    kind: "time",
    from: ["firstResponse"],
    of: (one) => one.firstResponse,
    good: -1,
    is: "answered",
  },
  first_response_90: {
    kind: "time",
    from: ["firstResponse90"],
    of: (one) => one.firstResponse90,
    good: -1,
    is: "answered",
  },
  resolution: { kind: "time", from: ["resolution"], of: (one) => one.resolution, good: -1, is: "resolved" },
  handling: { kind: "time", from: ["handling"], of: (one) => one.handling, good: 0, is: "answered" },
  in_time: { kind: "percent", from: promised, of: inTime, good: 1, is: "missed" },
  first_contact: {
    kind: "percent",
    from: ["firstContact", "resolved"],
    of: (one) => share(one.firstContact, one.resolved),
    good: 1,
    is: "first_contact",
  },
  recontacted: {
    kind: "percent",
    from: ["recontacted", "resolved"],
    of: (one) => share(one.recontacted, one.resolved),
    good: -1,
    is: "recontacted",
  },
  reopened: {
    kind: "percent",
    from: ["reopened"],
    of: (one) => share(one.reopened, one.conversations),
    good: -1,
    is: "reopened",
  },
  repeated: {
    kind: "percent",
    from: ["repeated"],
    of: (one) => share(one.repeated, one.conversations),
    good: -1,
    is: "repeated",
  },
  transfers: { kind: "count", from: ["transfers"], of: (one) => one.transfers, good: -1, is: "transferred" },
  csat: { kind: "score", from: ["csat", "csatAnswers"], of: (one) => one.csat, good: 1, is: "rated" },
  nps: { kind: "points", from: ["nps", "npsAnswers"], of: (one) => one.nps, good: 1, is: "recommended" },
  by_bot: {
    kind: "percent",
    from: ["byBot", "resolved"],
    of: (one) => share(one.byBot, one.resolved),
    good: 0,
    is: "by_bot",
  },
  saturation: {
    kind: "count",
    from: ["saturation"],
    of: (one) => one.saturation,
    good: -1,
    is: "saturation",
  },
  frustration: {
    kind: "count",
    from: ["frustration"],
    of: (one) => one.frustration,
    good: -1,
    is: "frustration",
  },
  won: { kind: "count", from: ["won"], of: (one) => one.won, good: 1, is: "won" },
  lost: { kind: "count", from: ["lost"], of: (one) => one.lost, good: -1, is: "lost" },
  conversion: {
    kind: "percent",
    from: ["won", "lost"],
    of: (one) => share(one.won, one.won + one.lost),
    good: 1,
    is: "won",
  },
  abandoned: {
    kind: "percent",
    from: ["saturation", "frustration"],
    of: (one) => share(one.saturation + one.frustration, one.conversations),
    good: -1,
    is: "abandoned",
  },
} as const satisfies Record<
  string,
  {
    kind: Kind;
    from: readonly (keyof Measures)[];
    of: (one: Measures) => number | null;
    good: -1 | 0 | 1;
    is: string;
  }
>;
export type MeasureName = keyof typeof measures;

/** What must be counted for these. */
export const fieldsOf = (names: readonly MeasureName[]): (keyof Measures)[] => [
  ...new Set(names.flatMap((name): readonly (keyof Measures)[] => measures[name].from)),
];

/** One number with what it was before. */
export function figure(look: Look, name: MeasureName, now: Measures | undefined, before?: Measures): Figure {
  const { kind, of, good, is } = measures[name];
  const { locale } = look.viewer;
  const [value, was] = [of(now ?? nothing), before ? of(before) : null];
  const by = value !== null && was !== null ? (value - was) * good : 0;
  const answers = name === "csat" ? now?.csatAnswers : name === "nps" ? now?.npsAnswers : null;

  return {
    name: look.t(`report.measure.${name}`),
    value: inWords(value, kind, locale),
    change: change(value, was, kind, locale),
    more: answers === null ? "" : look.t("report.answers", { n: answers ?? 0 }),
    level: by > 0 ? "good" : by < 0 ? "bad" : "",
    how: look.t(`report.how.${name}`),
    href: value === null || value === 0 ? null : look.link(is),
  };
}

/** Groups side by side. @param param narrows a list to one of them: `team`, `agent`… */
export function groupTable(
  look: Look,
  key: string,
  groups: readonly Group[],
  names: readonly MeasureName[],
  param: string | null,
  nameOf: (group: Group) => string = ({ name }) => name ?? look.t("report.none_of_these"),
  before: readonly Group[] | null = null,
): Section {
  const { t, viewer } = look;
  const was = new Map((before ?? []).map((one) => [one.key, one]));
  return {
    ...bare(look, key),
    columns: [
      { name: t(`report.by.${key}`), isNumber: false },
      ...names.map((name) => ({ name: t(`report.short.${name}`), isNumber: true })),
      ...(before ? [{ name: t("report.short.change"), isNumber: true }] : []),
    ],
    rows: groups.map((group) => {
      const more: Record<string, string> = param ? { [param]: group.key ?? "0" } : {};
      return [
        words(nameOf(group)),
        ...names.map((name) => {
          const { kind, of, is } = measures[name];
          const value = of(group);
          return cell(value, kind, viewer.locale, {
            href:
              value === null || value === 0 || (param !== null && group.key === null && param !== "topic")
                ? null
                : look.link(is, more),
            bar: name === "in_time" && value !== null ? Math.round(value * 100) : null,
          });
        }),
        ...(before
          ? [
              words(
                change(group.conversations, was.get(group.key)?.conversations ?? 0, "count", viewer.locale) ||
                  "–",
              ),
            ]
          : []),
      ];
    }),
    isWide: names.length > 5,
  };
}

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
      words(name(one.at)),
      cell(one.conversations, "count", viewer.locale),
      cell(one.before, "count", viewer.locale),
      cell(one.resolved, "count", viewer.locale),
      cell(one.messages, "count", viewer.locale),
    ]),
    isFolded: true,
    isWide: true,
  };
}

function stepName(at: string, step: Step, { locale }: Viewer, isShort = false): string {
  const time = Temporal.PlainDateTime.from(at);
  const language = locale === "es" ? "es-MX" : "en-GB";
  const say = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(
      time.toZonedDateTime("UTC").epochMilliseconds,
    );
  if (step === "hour") return isShort ? String(time.hour) : `${time.hour}:00`;
  if (step === "month") return say({ month: "short", year: "numeric" });
  if (isShort) return say({ day: "numeric", month: "numeric" });
  const day = say({ day: "numeric", month: "short", year: "numeric" });
  return step === "week" ? day : `${weekdayName(time.dayOfWeek, locale).slice(0, 3)} ${day}`;
}
