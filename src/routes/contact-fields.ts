import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { type Contact, getContact } from "../services/contacts/queries.ts";
import { type ContactFields, updateContact } from "../services/contacts/save-contact.ts";
import { listFields } from "../services/fields/queries.ts";
import type { CustomField } from "../services/fields/types.ts";
import { Invalid, NotFound } from "../services/platform/errors.ts";
import {
  type CardField,
  cardFields,
  type FieldView,
  presentCustom,
  presentField,
} from "../views/contacts/fields.ts";
import { translateFor } from "../views/i18n.ts";
import { contactForm } from "./contacts.ts";
import { requirePermission } from "./guards.ts";
import { fragment, redirect } from "./respond.ts";
import { fieldErrors, idParam } from "./validate.ts";

const valueForm = z.object({ value: z.string().max(1000).default("") });

/** A customer's card, one field at a time. */
export const contactFields: Router = Router();

contactFields.use("/contacts/:id/fields", requirePermission("contacts.edit"));

contactFields.get("/contacts/:id/fields/:field", async (req, res) => {
  const field = await fieldOf(req);
  const contact = await getContact(req.ctx, idParam(req.params));
  if (!req.isFragment) return redirect(res, `/contacts/${contact.id}?edit=1`);
  if (req.query.show === "1") show(req, res, contact, field);
  else edit(req, res, contact, field);
});

contactFields.post("/contacts/:id/fields/:field", async (req, res) => {
  const field = await fieldOf(req);
  const id = idParam(req.params);
  const before = await getContact(req.ctx, id);
  const { value } = valueForm.parse(req.body ?? {});
  try {
    const after = await updateContact(req.ctx, id, changeOf(field, value));
    if (!req.isFragment) return redirect(res, `/contacts/${id}`);
    show(req, res, after, field);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const t = translateFor(req.viewer.locale);
    const words = Object.values(error.fields).map((key) => t(key, error.values));
    edit(req, res.status(422), before, field, { value, error: words.join(" ") });
  }
});

/** One of the card's, or one of the firm's own. */
async function fieldOf(req: Request): Promise<CardField | CustomField> {
  const asked = String(req.params.field);
  const own = cardFields.find((name) => name === asked);
  if (own) return own;
  const key = asked.startsWith("custom.") ? asked.slice("custom.".length) : null;
  const custom = key === null ? null : (await listFields(req.ctx, null)).find((one) => one.key === key);
  if (!custom) throw new NotFound();
  return custom;
}

/** @throws Invalid. */
function changeOf(field: CardField | CustomField, value: string): ContactFields {
  if (typeof field !== "string") {
    // A box that is not ticked sends nothing, and means no.
    return { custom: { [field.key]: field.kind === "boolean" && value === "" ? false : value } };
  }
  const typed = contactForm.shape[field].safeParse(
    field === "doNotCall" || field === "doNotContact" ? value || undefined : value,
  );
  if (!typed.success) throw new Invalid({ [field]: fieldErrors(typed.error).form ?? "error.field" });
  return { [field]: field === "tags" ? value.split(",") : typed.data };
}

const view = (contact: Contact, field: CardField | CustomField, req: Request): FieldView =>
  typeof field === "string"
    ? presentField(contact, field, req.viewer)
    : presentCustom(field, contact.custom[field.key], req.viewer, {
        href: `/contacts/${contact.id}/fields/custom.${field.key}`,
      });

function show(req: Request, res: Response, contact: Contact, field: CardField | CustomField): void {
  const editAll = `/contacts/${contact.id}?edit=1`;
  fragment(res, req.render("contacts/_field", { field: view(contact, field, req), editAll }));
}

function edit(
  req: Request,
  res: Response,
  contact: Contact,
  field: CardField | CustomField,
  faulty?: { value: string; error: string },
): void {
  const shown = { ...view(contact, field, req), ...(faulty ? { value: faulty.value } : {}) };
  const editAll = `/contacts/${contact.id}?edit=1`;
  fragment(res, req.render("contacts/_field_form", { field: shown, editAll, error: faulty?.error ?? "" }));
}
