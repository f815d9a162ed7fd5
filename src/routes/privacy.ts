import { type Request, type Response, Router } from "express";
import { getContact } from "../services/contacts/queries.ts";
import { Invalid } from "../services/platform/errors.ts";
import { eraseContact, getErasureExtent } from "../services/privacy/erase-contact.ts";
import { type Dossier, exportContact } from "../services/privacy/export-contact.ts";
import {
  checkRetention,
  listRetention,
  type RetentionRule,
  rehearseRetention,
  retentionKinds,
  setRetention,
} from "../services/privacy/retention.ts";
import { cardFields, presentField } from "../views/contacts/fields.ts";
import { presentEntry } from "../views/contacts/timeline.ts";
import { phoneOf } from "../views/conversations/context.ts";
import { presentThread } from "../views/conversations/present.ts";
import { exact } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { presentExtent } from "../views/privacy/present.ts";
import * as shape from "./api/present.ts";
import { requirePermission, requireProof } from "./guards.ts";
import { exportLimit } from "./limits.ts";
import { redirect } from "./respond.ts";
import { errorWords, idParam, typed } from "./validate.ts";
import { sendZip } from "./zip.ts";

/** What a person may ask for: everything about them, to be forgotten; and what goes by itself after a time. */
export const privacy: Router = Router();

privacy.use(
  ["/contacts/:id/export.json", "/contacts/:id/export.zip", "/contacts/:id/export.html"],
  requirePermission("contacts.export"),
  exportLimit,
);

privacy.get("/contacts/:id/export.json", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  const found = await exportContact(req.ctx, id);
  res.attachment(`hilo-contact-${found.contact.id}.json`).json(asData(found, req.viewer.now));
});

privacy.get("/contacts/:id/export.zip", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  const found = await exportContact(req.ctx, id);
  const data = Buffer.from(JSON.stringify(asData(found, req.viewer.now), null, 2));
  const name = `hilo-contact-${found.contact.id}.zip`;
  await sendZip(res, req.ctx.storage, name, [["contact.json", data]], found.files);
});

/** Everything, in the shapes of the API. */
const asData = (found: Dossier, now: Date) => ({
  exported_at: now.toISOString(),
  contact: shape.presentContact(found.contact),
  timeline: found.timeline.map(shape.presentTimelineEntry),
  cases: found.cases.map(shape.presentCase),
  messages: found.messages.map(shape.presentMessage),
  notes: found.notes.map(shape.presentNote),
  files: found.files.map(({ name }) => `files/${name}`),
});

privacy.get("/contacts/:id/export.html", async (req, res) => {
  const { viewer } = req;
  const { id } = await getContact(req.ctx, idParam(req.params));
  const found = await exportContact(req.ctx, id);
  const { contact, messages, notes } = found;
  const t = translateFor(viewer.locale);
  res.send(
    req.render("privacy/dossier", {
      title: contact.name || phoneOf(contact) || t("contact.unnamed"),
      contactId: contact.id,
      made: t("privacy.made", { name: viewer.name, when: exact(viewer.now, viewer) }),
      fields: cardFields
        .map((field) => presentField(contact, field, viewer))
        .filter(({ value }) => value !== ""),
      entries: found.timeline.map((entry) => presentEntry(contact.id, entry, viewer)),
      items: presentThread({ messages, notes, happenings: [] }, viewer),
    }),
  );
});

privacy.get("/contacts/:id/erasure", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  if (contact.erasedAt) return redirect(res, `/contacts/${contact.id}`);
  const t = translateFor(req.viewer.locale);
  const name = contact.name || phoneOf(contact) || t("contact.unnamed");
  res.send(
    req.render("privacy/erasure", {
      title: t("privacy.erase"),
      contactId: contact.id,
      name,
      mayErase: req.viewer.permissions.has("contacts.erase"),
      lost: presentExtent(await getErasureExtent(req.ctx, contact.id), req.viewer),
    }),
  );
});

privacy.post("/contacts/:id/erasure", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  await eraseContact(req.ctx, id);
  redirect(res, `/contacts/${id}`);
});

privacy.use("/settings/retention", requirePermission("retention.manage"), requireProof);
privacy.get("/settings/retention", (req, res) => page(req, res));

privacy.post("/settings/retention", async (req, res) => {
  const form = typed(req.body);
  const wanted = retentionKinds.map((kind) => ({ kind, months: monthsOf(form[kind]) }));
  try {
    checkRetention(wanted);
    if (form.rehearse) return await page(req, res, { wanted });
    await setRetention(req.ctx, wanted);
    redirect(res, "/settings/retention");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), { wanted, typed: form, errors: errorWords(error, req.viewer) });
  }
});

/** Empty keeps for ever; what is no number is refused with the rest. */
const monthsOf = (text: string | undefined): number | null =>
  text === undefined || text.trim() === "" ? null : /^\d{1,4}$/.test(text.trim()) ? Number(text) : 0;

async function page(
  req: Request,
  res: Response,
  asked?: {
    wanted: RetentionRule[];
    typed?: Record<string, string>;
    errors?: Record<string, string>;
  },
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const rules = asked?.wanted ?? (await listRetention(req.ctx));
  const counts = await Promise.all(
    rules.map(({ kind, months }) =>
      months === null || asked?.errors?.[kind] ? null : rehearseRetention(req.ctx, kind, months),
    ),
  );
  res.send(
    req.render("privacy/retention", {
      title: t("privacy.retention"),
      rules: rules.map(({ kind, months }, n) => ({
        kind,
        label: t(`privacy.kind_${kind}`),
        months: asked?.typed?.[kind] ?? (months === null ? "" : String(months)),
        would:
          counts[n] === null || counts[n] === undefined ? "" : t(`privacy.would_${kind}`, { n: counts[n] }),
        error: asked?.errors?.[kind] ?? "",
      })),
    }),
  );
}
