import type { Request } from "express";
import type { Slice } from "../services/reports/slice.ts";
import { optionalId } from "./validate.ts";

/** Named periods, in the order of the page; days are the firm's. */
export const periods = [
  "today",
  "yesterday",
  "last_7",
  "week",
  "last_week",
  "last_28",
  "month",
  "last_month",
  "last_90",
  "last_365",
  "custom",
] as const;
export type Period = (typeof periods)[number];

/** What was asked for, as the filters show it again. */
export interface Asked {
  period: Period;
  /** `2026-11-23`, both included. */
  from: string;
  until: string;
  team: string;
  agent: string;
  inbox: string;
  topic: string;
  /** Whose first answer, and who ended it; ids of agents or empty. */
  first: string;
  ended: string;
  /** Whose answers and targets; the inbox in which it began; of which channel. */
  own: string;
  door: string;
  channel: string;
  /** An hour of the week: `3-10`, Monday is 1. */
  at: string;
  csat: string;
  nps: string;
  /** What staffing is reckoned with, where it was typed: whole numbers or empty. */
  at_once: string;
  level: string;
  within: string;
}

/** @param usual the period of whoever names none. */
export function sliceOf(
  { query, viewer }: Pick<Request, "query" | "viewer">,
  timeZone: string,
  usual: Period = "last_7",
): { slice: Slice; asked: Asked } {
  const today = Temporal.Instant.fromEpochMilliseconds(viewer.now.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainDate();
  const named = periods.find((one) => one === query.period) ?? usual;
  const [first, last] = daysOf(named, today, query);
  const at = (date: Temporal.PlainDate) => new Date(date.toZonedDateTime(timeZone).epochMilliseconds);
  const id = (name: string) => optionalId.catch(null).parse(query[name]);
  const slice = {
    from: at(first),
    until: at(last.add({ days: 1 })),
    timeZone,
    teamId: id("team"),
    agentId: id("agent"),
    inboxId: id("inbox"),
    topicId: query.topic === "0" ? 0 : id("topic"),
    firstAgentId: id("first"),
    resolvedById: id("ended"),
    ownAgentId: id("own"),
    firstInboxId: id("door"),
    channel: typeof query.channel === "string" && /^[a-z_]{1,20}$/.test(query.channel) ? query.channel : null,
    weekHour: weekHourOf(query.at),
    csat: wholeOf(query.csat, 1, 5),
    nps: wholeOf(query.nps, 0, 10),
  };
  const typed = (value: number | null | undefined) => String(value ?? "");
  const asked = {
    period: named,
    from: first.toString(),
    until: last.toString(),
    team: String(slice.teamId ?? ""),
    agent: String(slice.agentId ?? ""),
    inbox: String(slice.inboxId ?? ""),
    topic: String(slice.topicId ?? ""),
    first: String(slice.firstAgentId ?? ""),
    ended: String(slice.resolvedById ?? ""),
    own: typed(slice.ownAgentId),
    door: typed(slice.firstInboxId),
    channel: slice.channel ?? "",
    at: slice.weekHour ? `${slice.weekHour.day}-${slice.weekHour.hour}` : "",
    csat: typed(slice.csat),
    nps: typed(slice.nps),
    at_once: typed(wholeOf(query.at_once, 1, 20)),
    level: typed(wholeOf(query.level, 50, 99)),
    within: typed(wholeOf(query.within, 10, 86_400)),
  };
  return { slice, asked };
}

/** A whole number that somebody typed; null when it is none of these. */
export function wholeOf(value: unknown, least: number, most: number): number | null {
  const n = Number(value);
  return typeof value === "string" && value !== "" && Number.isInteger(n) && n >= least && n <= most
    ? n
    : null;
}

function weekHourOf(value: unknown): { day: number; hour: number } | null {
  const match = typeof value === "string" ? /^([1-7])-(1?\d|2[0-3])$/.exec(value) : null;
  return match ? { day: Number(match[1]), hour: Number(match[2]) } : null;
}

/** Pure. First and last day of a period. */
function daysOf(
  period: Period,
  today: Temporal.PlainDate,
  query: Request["query"],
): [Temporal.PlainDate, Temporal.PlainDate] {
  const monday = today.subtract({ days: today.dayOfWeek - 1 });
  const month = today.with({ day: 1 });
  const back = (days: number): [Temporal.PlainDate, Temporal.PlainDate] => [
    today.subtract({ days: days - 1 }),
    today,
  ];
  switch (period) {
    case "today":
      return [today, today];
    case "yesterday":
      return [today.subtract({ days: 1 }), today.subtract({ days: 1 })];
    case "last_7":
      return back(7);
    case "week":
      return [monday, monday.add({ days: 6 })];
    case "last_week":
      return [monday.subtract({ days: 7 }), monday.subtract({ days: 1 })];
    case "last_28":
      return back(28);
    case "month":
      return [month, month.add({ months: 1 }).subtract({ days: 1 })];
    case "last_month":
      return [month.subtract({ months: 1 }), month.subtract({ days: 1 })];
    case "last_90":
      return back(90);
    case "last_365":
      return back(365);
    case "custom": {
      const from = dateOf(query.from) ?? today.subtract({ days: 6 });
      const until = dateOf(query.until) ?? today;
      return Temporal.PlainDate.compare(from, until) <= 0 ? [from, until] : [until, from];
    }
  }
}

/** A day that somebody typed; null when it is none, or not of this age. */
function dateOf(value: unknown): Temporal.PlainDate | null {
  if (typeof value !== "string" || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return null;
  try {
    const date = Temporal.PlainDate.from(value, { overflow: "reject" });
    return date.year >= 2000 && date.year <= 2100 ? date : null;
  } catch {
    return null;
  }
}
