import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listImportFields } from "../services/imports/fields.ts";
import { getImport, listFaults, listImports } from "../services/imports/queries.ts";
import { readStoredHead } from "../services/imports/read-stored.ts";
import { cancelImport, checkImport, createImport, runImport } from "../services/imports/start-import.ts";
import { encodings, importKinds } from "../services/imports/types.ts";
import { Invalid, NotFound } from "../services/platform/errors.ts";
import { csvRow } from "../views/csv.ts";
import { translateFor } from "../views/i18n.ts";
import { exampleRows, presentImport, presentMapping } from "../views/imports/present.ts";
import { requirePermission } from "./guards.ts";
import { receiveFile } from "./receive-file.ts";
import { fragment, redirect } from "./respond.ts";
import { errorWords, idParam } from "./validate.ts";

/** A million rows of a card fit in it. Bytes. */
const largestFile = 150 * 1024 * 1024;
const previewRows = 6;
const shownFaults = 20;
const perRead = 1000;

const mappingForm = z.object({
  encoding: z.enum(encodings),
  on_duplicate: z.enum(["update", "skip"]),
  column: z
    .union([z.string().max(80), z.array(z.string().max(80)).max(200)])
    .transform((value) => [value].flat()),
});

/** Lists that come in: uploaded, mapped, checked without writing, then imported with progress and a list of faults. */
export const imports: Router = Router();
imports.use("/imports", requirePermission("contacts.import"));

imports.get("/imports", (req, res) => index(req, res));

imports.get("/imports/example/:kind", async (req, res) => {
  const kind = kindOf(req);
  const fields = await listImportFields(req.ctx, kind);
  const rows = exampleRows(fields, req.viewer);
  res
    .attachment(`hilo-${kind}.csv`)
    .type("text/csv")
    .send(`\ufeff${rows.map((cells) => csvRow(cells)).join("")}`);
});

imports.post("/imports/:kind", async (req, res) => {
  const kind = kindOf(req);
  try {
    const file = await receiveFile(req, largestFile);
    const { id } = await createImport(req.ctx, kind, file);
    redirect(res, `/imports/${id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await index(req, res.status(422), Object.values(errorWords(error, req.viewer)).join(" "));
  }
});

imports.get("/imports/:id", (req, res) => show(req, res));

imports.get("/imports/:id/progress", async (req, res) => {
  const one = await getImport(req.ctx, idParam(req.params));
  if (!req.isFragment) return redirect(res, `/imports/${one.id}`);
  const view = presentImport(one, req.viewer);
  // It ended: the page has other things to say now.
  if (!view.isRunning) res.set("HX-Refresh", "true");
  fragment(res, req.render("imports/_progress", { one: view }));
});

imports.post("/imports/:id/check", async (req, res) => {
  const id = idParam(req.params);
  const form = mappingForm.safeParse(req.body ?? {});
  try {
    if (!form.success) throw new Invalid({ mapping: "error.field" });
    const { encoding, on_duplicate, column } = form.data;
    await checkImport(req.ctx, id, { encoding, mapping: column, onDuplicate: on_duplicate });
    redirect(res, `/imports/${id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const words = Object.values(errorWords(error, req.viewer)).join(" ");
    await show(req, res.status(422), { words, mapping: form.success ? form.data.column : null });
  }
});

imports.post("/imports/:id/run", async (req, res) => {
  const { id } = await runImport(req.ctx, idParam(req.params));
  redirect(res, `/imports/${id}`);
});

imports.post("/imports/:id/cancel", async (req, res) => {
  const { id } = await cancelImport(req.ctx, idParam(req.params));
  redirect(res, `/imports/${id}`);
});

imports.get("/imports/:id/faults.csv", async (req, res) => {
  const one = await getImport(req.ctx, idParam(req.params));
  const t = translateFor(req.viewer.locale);
  const labels = new Map(
    presentMapping(await listImportFields(req.ctx, one.kind), req.viewer).map((field) => [
      field.value,
      field.label,
    ]),
  );
  res.attachment(`hilo-import-${one.id}.csv`).type("text/csv");
  res.write(
    `\ufeff${csvRow([t("imports.row"), t("imports.column"), t("imports.value"), t("imports.reason")])}`,
  );
  for (let after = 0; ; ) {
    const found = await listFaults(req.ctx, one.id, { after, limit: perRead });
    for (const fault of found) {
      res.write(
        csvRow([
          String(fault.rowNumber),
          labels.get(fault.column) ?? fault.column,
          fault.value,
          t(fault.reason),
        ]),
      );
    }
    const last = found.at(-1);
    if (!last || found.length < perRead) break;
    after = last.rowNumber;
  }
  res.end();
});

function kindOf(req: Request) {
  const kind = importKinds.find((one) => one === req.params.kind);
  if (!kind) throw new NotFound();
  return kind;
}

async function index(req: Request, res: Response, error = ""): Promise<void> {
  const all = await listImports(req.ctx);
  res.send(
    req.render("imports/index", {
      title: translateFor(req.viewer.locale)("imports.title"),
      imports: all.map((one) => presentImport(one, req.viewer)),
      error,
    }),
  );
}

async function show(
  req: Request,
  res: Response,
  faulty?: { words: string; mapping: string[] | null },
): Promise<void> {
  const one = await getImport(req.ctx, idParam(req.params));
  const t = translateFor(req.viewer.locale);
  const fields = presentMapping(await listImportFields(req.ctx, one.kind), req.viewer);
  const labels = new Map(fields.map((field) => [field.value, field.label]));
  const canMap = one.storageKey !== null && ["mapping", "checked", "failed"].includes(one.state);
  const head = canMap ? await readStoredHead(req.ctx, one, previewRows) : [];
  const faults = await listFaults(req.ctx, one.id, { after: 0, limit: shownFaults });
  const mapping = faulty?.mapping ?? one.mapping;
  res.send(
    req.render("imports/show", {
      title: t("imports.title"),
      one: presentImport(one, req.viewer),
      columns: canMap
        ? one.header.map((name, at) => ({
            name,
            field: mapping[at] ?? "",
            samples: head.slice(1).map((row) => (row[at] ?? "").slice(0, 60)),
          }))
        : [],
      fields,
      encodings: encodings.map((value) => ({
        value,
        label: t(`imports.encoding_${value.replaceAll("-", "_")}`),
        isCurrent: value === one.encoding,
      })),
      faults: faults.map((fault) => ({
        row: fault.rowNumber,
        column: labels.get(fault.column) ?? fault.column,
        value: fault.value,
        reason: t(fault.reason),
      })),
      error: faulty?.words ?? "",
    }),
  );
}
