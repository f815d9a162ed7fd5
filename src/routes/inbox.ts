import { type Request, Router } from "express";
import { z } from "zod";
import { countCeiling, type ListQuery } from "../services/conversations/list.ts";
import { presentRow } from "../views/conversations/present.ts";
import { translateFor } from "../views/i18n.ts";
import type { ListView } from "../views/views.ts";
import type { RememberedInbox } from "./remembered-inbox.ts";
import { fragment, redirect } from "./respond.ts";

/** Rows at first, how many each "more" adds, and the most that one page holds. */
const firstRows = 50;
const mostRows = 400;

/** A list is a question: what is odd in it becomes the default, never an error. */
const listQuery = z.object({
  view: z.enum(["mine", "queue", "all"]).catch("mine"),
  status: z.enum(["", "open", "pending", "snoozed", "resolved"]).catch(""),
  unread: z.literal("1").optional().catch(undefined),
  q: z.string().max(100).catch(""),
  limit: z.coerce.number().int().min(firstRows).max(mostRows).catch(firstRows),
  current: z.coerce.number().int().positive().optional().catch(undefined),
});

/** The inbox page and the list region that refreshes itself. `cursor` is where the live stream stands. */
export function inboxRoutes(cursor: () => string, inbox: RememberedInbox): Router {
  const router = Router();

  router.get("/", (_req, res) => redirect(res, "/inbox"));

  router.get("/inbox", async (req, res) => {
    const at = cursor();
    if (req.isFragment) {
      fragment(res, req.render("conversations/_workspace", { workspace: null, cursor: at }));
      return;
    }
    const list = await loadList(req, null, inbox);
    const title = translateFor(req.viewer.locale)("list.title");
    res.send(req.render("inbox/show", { title, list, workspace: null, cursor: at }));
  });

  router.get("/inbox/list", async (req, res) => {
    fragment(res, req.render("conversations/_list", { list: await loadList(req, null, inbox) }));
  });

  return router;
}

export async function loadList(
  req: Request,
  currentId: number | null,
  inbox: RememberedInbox,
): Promise<ListView> {
  const asked = listQuery.parse(req.query);
  const query: ListQuery = {
    view: asked.view,
    status: asked.status === "" ? null : asked.status,
    unread: asked.unread === "1",
    search: asked.q,
    limit: asked.limit,
  };
  const [found, counts] = await Promise.all([inbox.list(req.ctx, query), inbox.counts(req.ctx)]);
  const current = currentId ?? asked.current ?? null;
  const shown = (n: number) => (n >= countCeiling ? `${countCeiling - 1}+` : String(n));
  return {
    view: query.view,
    status: asked.status,
    unread: query.unread,
    search: query.search,
    rows: found.rows.map((row) => presentRow(row, req.viewer, current)),
    hasMore: found.hasMore && query.limit < mostRows,
    limit: query.limit,
    nextLimit: Math.min(query.limit + firstRows, mostRows),
    counts: {
      mine: shown(counts.mine),
      queue: shown(counts.queue),
      all: shown(counts.all),
      unread: counts.unread,
    },
    currentId: current,
    href: (change) => listHref({ ...query, status: asked.status, current, ...change }),
  };
}

function listHref(question: {
  view: string;
  status: string;
  unread: boolean;
  search: string;
  limit: number;
  current: number | null;
}): string {
  const { view, status, unread, search, limit, current } = question;
  return [
    `?view=${view}`,
    status && `status=${status}`,
    unread && "unread=1",
    search && `q=${encodeURIComponent(search)}`,
    limit !== firstRows && `limit=${limit}`,
    current !== null && `current=${current}`,
  ]
    .filter(Boolean)
    .join("&");
}
