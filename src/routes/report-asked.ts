import type { Request } from "express";
import { may } from "../services/agents/policy.ts";
import { listAgents, listTeams } from "../services/agents/queries.ts";
import { listTopics } from "../services/cases/topics.ts";
import { listInboxes } from "../services/inboxes/queries.ts";
import type { Reader } from "../services/platform/context.ts";
import { getFrame } from "../services/reports/frame.ts";
import type { Slice } from "../services/reports/slice.ts";
import { type Dialect, dialects } from "../views/csv.ts";
import { weekdayName } from "../views/format.ts";
import { isTextKey, type Locale, translateFor } from "../views/i18n.ts";
import { reports } from "./report-list.ts";
import { type Asked, type Period, sliceOf } from "./report-period.ts";

/** The same person, on the database that reports read. */
export const readerOf = ({ ctx }: Request): Reader => ({ db: ctx.reportsDb, actor: ctx.actor, now: ctx.now });

/** What a report is asked about, in the firm's zone. */
export async function frameOf(req: Request, usual: Period | undefined, only?: Period) {
  const frame = await getFrame(req.ctx);
  const query = only ? { ...req.query, period: only } : req.query;
  return { frame, ...sliceOf({ query, viewer: req.viewer }, frame.timeZone, usual) };
}

/** The same question again. */
export function queryOf(asked: Asked, more: Record<string, string> = {}): string {
  const { from, until, ...rest } = asked;
  const days = asked.period === "custom" ? { from, until } : {};
  const all = Object.entries({ ...rest, ...days, ...more }).filter(([, value]) => value !== "");
  return new URLSearchParams(all).toString();
}

export const dialectOf = (value: unknown): Dialect =>
  (Object.keys(dialects) as Dialect[]).find((one) => one === value) ?? "point";

export const pathOf = (report: string): string => (report === "summary" ? "/reports" : `/reports/${report}`);

/** The name of a report that somebody may open; null otherwise. */
export function mayOpen(req: Request, report: unknown): string | null {
  const known = typeof report === "string" ? reports[report] : undefined;
  return known && (known.needs === null || may(req.ctx.actor, known.needs)) ? (report as string) : null;
}

/** Everything that reports are narrowed by. */
export const filterLists = async (ctx: Reader) => {
  const [teams, agents, inboxes, topics] = await Promise.all([
    listTeams(ctx),
    listAgents(ctx),
    listInboxes(ctx),
    listTopics(ctx),
  ]);
  return { teams, agents, inboxes, topics };
};

/** What a report is narrowed to, in words. */
export async function filterNames(
  ctx: Reader,
  locale: Locale,
  slice: Slice,
  lists?: Awaited<ReturnType<typeof filterLists>>,
): Promise<string[]> {
  const { teams, agents, inboxes, topics } = lists ?? (await filterLists(ctx));
  const t = translateFor(locale);
  const name = (all: readonly { id: number; name: string }[], id: number | null | undefined) =>
    id ? (all.find((one) => one.id === id)?.name ?? t("report.unknown")) : "";
  const { teamId, agentId, inboxId, topicId, firstAgentId, resolvedById, weekHour, csat, nps } = slice;
  const { ownAgentId, firstInboxId, channel } = slice;
  return [
    name(teams, teamId),
    name(agents, agentId),
    firstAgentId ? t("report.first_of", { name: name(agents, firstAgentId) }) : "",
    resolvedById ? t("report.ended_by", { name: name(agents, resolvedById) }) : "",
    ownAgentId ? t("report.own_of", { name: name(agents, ownAgentId) }) : "",
    name(inboxes, inboxId),
    firstInboxId ? t("report.began_in", { name: name(inboxes, firstInboxId) }) : "",
    channel && isTextKey(`channel.${channel}`) ? t(`channel.${channel}`) : "",
    topicId === 0 ? t("report.no_topic") : name(topics, topicId),
    weekHour
      ? t("report.at_hour", {
          day: weekdayName(weekHour.day, locale),
          hour: `${weekHour.hour}–${weekHour.hour + 1}`,
        })
      : "",
    csat ? t("report.scored_csat", { n: csat }) : "",
    nps || nps === 0 ? t("report.scored_nps", { n: nps }) : "",
  ].filter(Boolean);
}
