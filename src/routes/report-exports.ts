import { once } from "node:events";
import { type Request, type Response, Router } from "express";
import { NotFound } from "../services/platform/errors.ts";
import { type Condition, conditions } from "../services/reports/conversations.ts";
import {
  cancelExport,
  type ExportParams,
  getExport,
  lines,
  startExport,
} from "../services/reports/exports.ts";
import { rowKinds } from "../services/reports/rows.ts";
import { fileSize } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { composeRows } from "../views/reports/rows.ts";
import { requirePermission } from "./guards.ts";
import { exportLimit } from "./limits.ts";
import { dialectOf, frameOf, queryOf, readerOf } from "./report-asked.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam } from "./validate.ts";

/** Tables of one row for each conversation, message or answer. */
export const reportExports: Router = Router();
reportExports.use(
  ["/reports/rows", "/reports/exports"],
  requirePermission("reports.see"),
  requirePermission("contacts.export"),
);

reportExports.post("/reports/rows", exportLimit, async (req, res) => {
  const { slice, asked } = await frameOf(req, "last_7");
  const { kind: wanted, form } = (req.body ?? {}) as { kind?: unknown; form?: unknown };
  const kind = rowKinds.find((one) => one === wanted) ?? "conversations";
  const is = (Object.keys(conditions) as Condition[]).find((one) => one === req.query.is) ?? "all";
  const params: ExportParams = {
    slice,
    is,
    dialect: dialectOf(form),
    locale: req.viewer.locale,
    asked: queryOf(asked),
  };
  const { id } = await startExport(req.ctx, kind, params);
  if (id !== null) return redirect(res, `/reports/exports/${id}`);
  res.attachment(`hilo-${kind}-${asked.from}-${asked.until}.csv`).type("text/csv");
  for await (const { texts } of lines(readerOf(req), kind, params, composeRows)) {
    let isRoom = true;
    for (const text of texts) isRoom = res.write(text);
    if (!isRoom) await Promise.race([once(res, "drain"), once(res, "close")]);
    if (res.closed) return;
  }
  res.end();
});

reportExports.get("/reports/exports/:id", async (req, res) => {
  const view = await load(req);
  if (req.isFragment) return fragment(res, req.render("reports/_export", view));
  res.send(
    req.render("reports/export", { title: translateFor(req.viewer.locale)("report.export"), ...view }),
  );
});

reportExports.post("/reports/exports/:id/cancel", async (req, res) => {
  const id = idParam(req.params);
  await cancelExport(req.ctx, id);
  redirect(res, `/reports/exports/${id}`);
});

reportExports.get("/reports/exports/:id/file", async (req, res) => {
  const found = await getExport(req.ctx, idParam(req.params));
  if (found.state !== "done" || !found.storageKey) throw new NotFound();
  await sendFile(req, res, found.storageKey, `hilo-${found.kind}-${found.id}.csv`);
});

async function sendFile(req: Request, res: Response, key: string, name: string): Promise<void> {
  const size = await req.ctx.storage.size(key);
  res.attachment(name).type("text/csv").set("Content-Length", String(size));
  const stream = req.ctx.storage.read(key);
  stream.on("error", () => res.destroy());
  res.on("close", () => stream.destroy());
  stream.pipe(res);
}

async function load(req: Request) {
  const found = await getExport(req.ctx, idParam(req.params));
  const t = translateFor(req.viewer.locale);
  const isRunning = found.state === "waiting" || found.state === "running";
  return {
    one: {
      id: found.id,
      isRunning,
      // Of messages the total is about: those that are not shown are counted in.
      done: Math.min(found.written, found.total),
      total: Math.max(1, found.total),
      words: t(`report.export_${found.state === "done" && !found.storageKey ? "gone" : found.state}`, {
        n: found.written,
        total: found.total,
        size: fileSize(found.bytes ?? 0, req.viewer.locale),
      }),
      file: found.state === "done" && found.storageKey ? `/reports/exports/${found.id}/file` : null,
    },
  };
}
