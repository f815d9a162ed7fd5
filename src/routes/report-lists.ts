import { type Request, type Response, Router } from "express";
import { may } from "../services/agents/policy.ts";
import { type Condition, conditions, listFacts } from "../services/reports/conversations.ts";
import { reach } from "../services/reports/frame.ts";
import { listReviewed } from "../services/reviews/quality.ts";
import { translateFor } from "../views/i18n.ts";
import { factTable } from "../views/reports/lists.ts";
import type { Section } from "../views/reports/model.ts";
import { lookOf } from "../views/reports/parts.ts";
import { presentHeader } from "../views/reports/present.ts";
import { reviewTable } from "../views/reports/quality.ts";
import { requirePermission } from "./guards.ts";
import { filterNames, frameOf, mayOpen, pathOf, queryOf, readerOf } from "./report-asked.ts";
import { type Asked, sliceOf } from "./report-period.ts";
import { optionalId } from "./validate.ts";

/** What a figure is made of: the very conversations, the very reviews. */
export const reportLists: Router = Router();

const listed = 100;

reportLists.get("/reports/conversations", async (req, res) => {
  const is = (Object.keys(conditions) as Condition[]).find((one) => one === req.query.is) ?? "all";
  const { frame, slice, asked } = await frameOf(req, "last_7");
  const found = await listFacts(readerOf(req), slice, is, {
    before: cursorOf(req.query.before),
    limit: listed + 1,
  });
  const shown = found.slice(0, listed);
  const last = shown.at(-1);
  const report = mayOpen(req, req.query.report) ?? "summary";
  await page(req, res, { frame, slice, asked }, report, {
    title: translateFor(req.viewer.locale)(`report.is.${is}`),
    section: factTable(
      lookOf(req.viewer, () => "", [asked.from, asked.until]),
      "list",
      shown,
    ),
    rows:
      may(req.ctx.actor, "reports.see") && may(req.ctx.actor, "contacts.export")
        ? `/reports/rows?${queryOf(asked, { is })}`
        : null,
    next:
      found.length > listed && last
        ? `/reports/conversations?${queryOf(asked, { is, report, ...backParam(req), before: `${last.openedAt.getTime()}-${last.id}` })}`
        : null,
  });
});

reportLists.get("/reports/reviews", requirePermission("reviews.score"), async (req, res) => {
  const { frame, slice, asked } = await frameOf(req, "last_90");
  const [reviewerId, criterionId] = [idOf(req.query.reviewer), idOf(req.query.criterion)];
  const before = cursorOf(req.query.before);
  const found = await listReviewed(
    readerOf(req),
    slice,
    { reviewerId, criterionId },
    { before, limit: listed + 1 },
  );
  const shown = found.slice(0, listed);
  const last = shown.at(-1);
  const more = { reviewer: String(reviewerId ?? ""), criterion: String(criterionId ?? "") };
  await page(req, res, { frame, slice, asked }, "quality", {
    title: translateFor(req.viewer.locale)("report.reviewed"),
    section: reviewTable(
      lookOf(req.viewer, () => "", [asked.from, asked.until]),
      shown,
    ),
    rows: null,
    next:
      found.length > listed && last
        ? `/reports/reviews?${queryOf(asked, { ...more, ...backParam(req), before: `${last.finishedAt?.getTime()}-${last.id}` })}`
        : null,
  });
});

const idOf = (value: unknown): number | null => optionalId.catch(null).parse(value);

async function page(
  req: Request,
  res: Response,
  { frame, slice, asked }: Awaited<ReturnType<typeof frameOf>>,
  report: string,
  list: { title: string; section: Section; rows: string | null; next: string | null },
): Promise<void> {
  const header = {
    name: report,
    asked,
    frame,
    slice,
    viewer: req.viewer,
    reach: reach(req.ctx.actor),
    filters: await filterNames(req.ctx, req.viewer.locale, slice),
  };
  res.send(
    req.render("reports/conversations", {
      ...list,
      header: presentHeader(header),
      back: {
        href: `${pathOf(report)}?${backOf(req, frame.timeZone, asked)}`,
        name: translateFor(req.viewer.locale)(`report.name.${report}`),
      },
    }),
  );
}

const backParam = ({ query }: Request): Record<string, string> =>
  typeof query.back === "string" ? { back: query.back } : {};

/** What the report was asked for, before a figure narrowed it; only what its filters could have said. A link of a mail does not say it. */
function backOf({ query, viewer }: Request, timeZone: string, asked: Asked): string {
  if (typeof query.back !== "string") return queryOf(asked);
  const before = Object.fromEntries(new URLSearchParams(query.back.slice(0, 1000)));
  return queryOf(sliceOf({ query: before, viewer }, timeZone).asked);
}

/** `time-id` of the last row that was shown. */
function cursorOf(value: unknown): { openedAt: Date; id: number } | null {
  const match = typeof value === "string" ? /^(\d{1,15})-(\d{1,15})$/.exec(value) : null;
  return match ? { openedAt: new Date(Number(match[1])), id: Number(match[2]) } : null;
}
