import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { may } from "../services/agents/policy.ts";
import { listAgents, listTeams } from "../services/agents/queries.ts";
import { listTopics } from "../services/cases/topics.ts";
import { listInboxes } from "../services/inboxes/queries.ts";
import { NotFound } from "../services/platform/errors.ts";
import { type Condition, conditions, type FactCursor, listFacts } from "../services/reports/conversations.ts";
import { noteTable } from "../services/reports/exports.ts";
import { getFrame, reach } from "../services/reports/frame.ts";
import { listSavedReports, removeSavedReport, saveReport } from "../services/reports/saved.ts";
import type { Slice } from "../services/reports/slice.ts";
import { csvLines, dialects } from "../views/csv.ts";
import { translateFor } from "../views/i18n.ts";
import { factTable } from "../views/reports/lists.ts";
import type { Report } from "../views/reports/model.ts";
import { lookOf } from "../views/reports/parts.ts";
import { presentHeader } from "../views/reports/present.ts";
import { requirePermission } from "./guards.ts";
import { exportLimit } from "./limits.ts";
import { dialectOf, frameOf, queryOf, readerOf } from "./report-asked.ts";
import { reports } from "./report-list.ts";
import { type Asked, sliceOf } from "./report-period.ts";
import { fragment, redirect } from "./respond.ts";
import { ticked } from "./settings/roles.ts";
import { idParam, parseForm } from "./validate.ts";

/** What a supervisor looks at, prints and takes along. */
export const reportPages: Router = Router();

for (const [name, { needs }] of Object.entries(reports)) {
  const path = name === "summary" ? "/reports" : `/reports/${name}`;
  const guard = needs === null ? [] : [requirePermission(needs)];
  reportPages.get(path, ...guard, (req, res) => page(req, res, name));
  reportPages.get(`/reports/${name}.csv`, ...guard, exportLimit, (req, res) => table(req, res, name));
}

reportPages.get("/reports/today/live", async (req, res) => {
  const { report } = await make(req, "today");
  fragment(res, req.render("reports/_figures", { figures: report.figures, isLive: true }));
});

const savedForm = z.object({
  name: z.string().trim().min(1, "report.name_length").max(80, "report.name_length"),
  report: z.string().max(40),
  query: z.string().max(1000),
  shared: ticked,
  weekly: ticked,
});

reportPages.post("/reports/saved", async (req, res) => {
  const { name, report, query, shared, weekly } = parseForm(savedForm, req.body);
  const needs = reports[report]?.needs;
  if (needs === undefined || (needs !== null && !may(req.ctx.actor, needs))) throw new NotFound();
  // Only what the filters could have said is kept.
  const { asked } = sliceOf(
    { query: Object.fromEntries(new URLSearchParams(query)), viewer: req.viewer },
    (await getFrame(req.ctx)).timeZone,
  );
  const isWeekly = weekly && reports[report]?.only === undefined;
  await saveReport(req.ctx, { name, report, query: queryOf(asked), isShared: shared, isWeekly });
  redirect(res, `${pathOf(report)}?${queryOf(asked, { saved: "1" })}`);
});

reportPages.post("/reports/saved/:id/removal", async (req, res) => {
  await removeSavedReport(req.ctx, idParam(req.params));
  redirect(res, "/reports");
});

reportPages.get("/reports/conversations", async (req, res) => {
  const [{ frame, slice, asked }, teams, agents, inboxes, topics] = await Promise.all([
    frameOf(req, "last_7"),
    listTeams(req.ctx),
    listAgents(req.ctx),
    listInboxes(req.ctx),
    listTopics(req.ctx),
  ]);
  const is = (Object.keys(conditions) as Condition[]).find((one) => one === req.query.is) ?? "all";
  const found = await listFacts(readerOf(req), slice, is, {
    before: cursorOf(req.query.before),
    limit: listed + 1,
  });
  const look = lookOf(req.viewer, () => "");
  const shown = found.slice(0, listed);
  const last = shown.at(-1);
  const t = translateFor(req.viewer.locale);
  const more = found.length > listed && last ? { before: `${last.openedAt.getTime()}-${last.id}` } : null;
  res.send(
    req.render("reports/conversations", {
      title: t(`report.is.${is}`),
      header: presentHeader({
        name: "summary",
        asked,
        frame,
        slice,
        viewer: req.viewer,
        reach: reach(req.ctx.actor),
        filters: filterNames(req, slice, { teams, agents, inboxes, topics }),
      }),
      back: backOf(req, asked),
      section: factTable(look, "list", shown),
      rows:
        may(req.ctx.actor, "reports.see") && may(req.ctx.actor, "contacts.export")
          ? `/reports/rows?${queryOf(asked, { is })}`
          : null,
      next: more
        ? `/reports/conversations?${queryOf(asked, { is, report: String(req.query.report ?? ""), ...more })}`
        : null,
    }),
  );
});

const pathOf = (report: string): string => (report === "summary" ? "/reports" : `/reports/${report}`);

const listed = 100;

const mayOpen = (req: Request, report: string): boolean => {
  const known = reports[report];
  return known !== undefined && (known.needs === null || may(req.ctx.actor, known.needs));
};

/** The report that somebody came from; what narrows to one person alone is left there. */
function backOf(req: Request, asked: Asked): { href: string; name: string } {
  const t = translateFor(req.viewer.locale);
  const report =
    typeof req.query.report === "string" && mayOpen(req, req.query.report) ? req.query.report : "summary";
  return {
    href: `${pathOf(report)}?${queryOf({ ...asked, first: "", ended: "" })}`,
    name: t(`report.name.${report}`),
  };
}

interface Named {
  id: number;
  name: string;
}

/** What a report is narrowed to, in words. */
function filterNames(
  req: Request,
  slice: Slice,
  of: Record<"teams" | "agents" | "inboxes" | "topics", readonly Named[]>,
): string[] {
  const t = translateFor(req.viewer.locale);
  const name = (all: readonly Named[], id: number | null | undefined) =>
    id ? (all.find((one) => one.id === id)?.name ?? t("report.unknown")) : "";
  const { teamId, agentId, inboxId, topicId, firstAgentId, resolvedById } = slice;
  return [
    name(of.teams, teamId),
    name(of.agents, agentId),
    firstAgentId ? t("report.first_of", { name: name(of.agents, firstAgentId) }) : "",
    resolvedById ? t("report.ended_by", { name: name(of.agents, resolvedById) }) : "",
    name(of.inboxes, inboxId),
    topicId === 0 ? t("report.no_topic") : name(of.topics, topicId),
  ].filter(Boolean);
}

/** What is said of figures and columns, each once. */
function glossaryOf({ figures, sections }: Report): (readonly [string, string])[] {
  const all = [
    ...figures.map(({ name, how }) => [name, how] as const),
    ...sections.flatMap(({ columns }) =>
      columns.flatMap(({ how = "" }) => {
        const at = how.indexOf(": ");
        return at < 0 ? [] : [[how.slice(0, at), how.slice(at + 2)] as const];
      }),
    ),
  ];
  return [...new Map(all)];
}

async function make(req: Request, name: string) {
  const known = reports[name];
  if (!known) throw new NotFound();
  const { frame, slice, asked } = await frameOf(req, known.usual, known.only);
  const look = lookOf(
    req.viewer,
    (is, more = {}) => `/reports/conversations?${queryOf({ ...asked, ...more }, { is, report: name })}`,
  );
  return {
    frame,
    slice,
    asked,
    report: await known.make({
      ctx: readerOf(req),
      viewer: req.viewer,
      query: req.query,
      frame,
      slice,
      look,
    }),
  };
}

async function page(req: Request, res: Response, name: string): Promise<void> {
  const [{ frame, slice, asked, report }, teams, agents, inboxes, topics, saved] = await Promise.all([
    make(req, name),
    listTeams(req.ctx),
    listAgents(req.ctx),
    listInboxes(req.ctx),
    listTopics(req.ctx),
    listSavedReports(req.ctx),
  ]);
  const t = translateFor(req.viewer.locale);
  const isWhole = may(req.ctx.actor, "reports.see");
  const choices = (found: readonly { id: number; name: string }[], chosen: string) =>
    found.map((one) => ({ value: String(one.id), name: one.name, isChosen: String(one.id) === chosen }));
  const query = queryOf(asked);
  res.send(
    req.render("reports/show", {
      title: t(`report.name.${name}`),
      header: presentHeader({
        name,
        asked,
        frame,
        slice,
        viewer: req.viewer,
        reach: reach(req.ctx.actor),
        filters: filterNames(req, slice, { teams, agents, inboxes, topics }),
      }),
      report,
      tabs: Object.entries(reports)
        .filter(([, { needs }]) => needs === null || may(req.ctx.actor, needs))
        .map(([one]) => ({
          href: `${pathOf(one)}?${query}`,
          name: t(`report.tab.${one}`),
          isCurrent: one === name,
        }))
        .concat({
          href: may(req.ctx.actor, "reviews.score") ? "/reviews" : "/reviews/mine",
          name: t(may(req.ctx.actor, "reviews.score") ? "reviews.title" : "reviews.mine"),
          isCurrent: false,
        }),
      filters: {
        action: pathOf(name),
        asked,
        teams: choices(teams, asked.team),
        agents: isWhole ? choices(agents, asked.agent) : [],
        inboxes: choices(inboxes, asked.inbox),
        topics: [
          { value: "0", name: t("report.no_topic"), isChosen: asked.topic === "0" },
          ...choices(topics, asked.topic),
        ],
      },
      csv: `/reports/${name}.csv?${query}`,
      said: req.query.saved === "1" ? t("report.saved_now") : "",
      glossary: glossaryOf(report),
      // What somebody shares opens to whoever may open it.
      saved: saved
        .filter((one) => mayOpen(req, one.report))
        .map((one) => ({
          id: one.id,
          name: one.isOwn ? one.name : `${one.name} · ${one.agentName}`,
          href: `${pathOf(one.report)}?${one.query}`,
          isOwn: one.isOwn,
          isWeekly: one.isWeekly,
        })),
      save: { report: name, query, canShare: isWhole, canMail: req.ctx.config.smtpUrl !== null },
      isBehind: frame.isBehind,
    }),
  );
}

async function table(req: Request, res: Response, name: string): Promise<void> {
  const { report, asked } = await make(req, name);
  const wanted = String(req.query.section ?? report.sections.find(({ columns }) => columns.length > 0)?.key);
  const section = report.sections.find(({ key, columns }) => key === wanted && columns.length > 0);
  if (!section) throw new NotFound();
  if (section.isPersonal) await noteTable(req.ctx, wanted, queryOf(asked));
  const dialect = dialectOf(req.query.form);
  const lines = [
    section.columns.map(({ name: column, unit }) => (unit ? `${column} (${unit})` : column)),
    ...section.rows.map((cells) => cells.map(({ raw }) => raw)),
  ];
  res
    .attachment(`hilo-${name === wanted ? name : `${name}-${wanted}`}-${asked.from}-${asked.until}.csv`)
    .type("text/csv");
  res.send(dialects[dialect].bom + csvLines(lines, dialect));
}

function cursorOf(value: unknown): FactCursor | null {
  const match = typeof value === "string" ? /^(\d{1,15})-(\d{1,15})$/.exec(value) : null;
  return match ? { openedAt: new Date(Number(match[1])), id: Number(match[2]) } : null;
}
