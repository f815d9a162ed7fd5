import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { may } from "../services/agents/policy.ts";
import { NotFound } from "../services/platform/errors.ts";
import { noteTable } from "../services/reports/exports.ts";
import { getFrame, reach } from "../services/reports/frame.ts";
import { listSavedReports, removeSavedReport, saveReport } from "../services/reports/saved.ts";
import { csvLines, dialects } from "../views/csv.ts";
import { translateFor } from "../views/i18n.ts";
import type { Report } from "../views/reports/model.ts";
import { lookOf } from "../views/reports/parts.ts";
import { presentHeader } from "../views/reports/present.ts";
import { requirePermission } from "./guards.ts";
import { exportLimit } from "./limits.ts";
import {
  dialectOf,
  filterLists,
  filterNames,
  frameOf,
  mayOpen,
  pathOf,
  queryOf,
  readerOf,
} from "./report-asked.ts";
import { reports } from "./report-list.ts";
import { sliceOf } from "./report-period.ts";
import { fragment, redirect } from "./respond.ts";
import { ticked } from "./settings/roles.ts";
import { idParam, parseForm } from "./validate.ts";

/** What a supervisor looks at, prints and takes along. */
export function reportPages(cursor: () => string): Router {
  const pages = Router();
  for (const [name, { needs }] of Object.entries(reports)) {
    const guard = needs === null ? [] : [requirePermission(needs)];
    // Taken before anything is read, so that the page cannot miss a change.
    pages.get(pathOf(name), ...guard, (req, res) => page(req, res, name, cursor()));
    pages.get(`/reports/${name}.csv`, ...guard, exportLimit, (req, res) => table(req, res, name));
  }

  pages.get("/reports/today/live", async (req, res) => {
    const { report, asked } = await make(req, "today");
    fragment(res, req.render("reports/_body", bodyOf("today", report, queryOf(asked))));
  });

  pages.post("/reports/saved", save);

  pages.post("/reports/saved/:id/removal", async (req, res) => {
    await removeSavedReport(req.ctx, idParam(req.params));
    redirect(res, "/reports");
  });

  return pages;
}

/** What changes while it is looked at. */
const bodyOf = (name: string, { figures, sections }: Report, query: string) => ({
  figures,
  sections,
  csv: `/reports/${name}.csv?${query}`,
  live: name === "today" ? `/reports/today/live?${query}` : null,
});

const savedForm = z.object({
  name: z.string().trim().min(1, "report.name_length").max(80, "report.name_length"),
  report: z.string().max(40),
  query: z.string().max(1000),
  shared: ticked,
  weekly: ticked,
});

async function save(req: Request, res: Response): Promise<void> {
  const { name, report, query, shared, weekly } = parseForm(savedForm, req.body);
  if (!mayOpen(req, report)) throw new NotFound();
  // Only what the filters could have said is kept.
  const { asked } = sliceOf(
    { query: Object.fromEntries(new URLSearchParams(query)), viewer: req.viewer },
    (await getFrame(req.ctx)).timeZone,
  );
  const isWeekly = weekly && reports[report]?.only === undefined;
  await saveReport(req.ctx, { name, report, query: queryOf(asked), isShared: shared, isWeekly });
  redirect(res, `${pathOf(report)}?${queryOf(asked, { saved: "1" })}`);
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
  const back = queryOf(asked);
  const look = lookOf(
    req.viewer,
    (is, more = {}, list = "conversations") =>
      `/reports/${list}?${queryOf({ ...asked, ...more }, { ...(list === "reviews" ? {} : { is, report: name }), back })}`,
    [asked.from, asked.until],
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

async function page(req: Request, res: Response, name: string, cursor: string): Promise<void> {
  const [{ frame, slice, asked, report }, lists, saved] = await Promise.all([
    make(req, name),
    filterLists(req.ctx),
    listSavedReports(req.ctx),
  ]);
  const t = translateFor(req.viewer.locale);
  const isWhole = may(req.ctx.actor, "reports.see");
  const choices = (found: readonly { id: number; name: string }[], chosen: string) =>
    found.map((one) => ({ value: String(one.id), name: one.name, isChosen: String(one.id) === chosen }));
  const query = queryOf(asked);
  // A page with a period of its own leaves the one that the others were looked at with.
  const own = reports[name]?.only;
  const looked = own ? sliceOf(req, frame.timeZone).asked : asked;
  const elsewhere = queryOf(looked, own && typeof req.query.period !== "string" ? { period: "" } : {});
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
        filters: await filterNames(req.ctx, req.viewer.locale, slice, lists),
      }),
      report: name,
      body: bodyOf(name, report, query),
      cursor,
      tabs: Object.entries(reports)
        .filter(([, { needs }]) => needs === null || may(req.ctx.actor, needs))
        .map(([one]) => ({
          href: `${pathOf(one)}?${elsewhere}`,
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
        teams: choices(lists.teams, asked.team),
        agents: isWhole ? choices(lists.agents, asked.agent) : [],
        inboxes: choices(lists.inboxes, asked.inbox),
        topics: [
          { value: "0", name: t("report.no_topic"), isChosen: asked.topic === "0" },
          ...choices(lists.topics, asked.topic),
        ],
      },
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
