import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { type Contact, getContact } from "../services/contacts/queries.ts";
import { updateContact } from "../services/contacts/save-contact.ts";
import { Invalid, NotFound } from "../services/platform/errors.ts";
import { type CardField, cardFields, presentField } from "../views/contacts/fields.ts";
import { translateFor } from "../views/i18n.ts";
import { contactForm } from "./contacts.ts";
import { fragment, redirect } from "./respond.ts";
import { fieldErrors, idParam } from "./validate.ts";

const valueForm = z.object({ value: z.string().max(1000).default("") });

/** A customer's card, one field at a time. */
export const contactFields: Router = Router();

contactFields.get("/contacts/:id/fields/:field", async (req, res) => {
  const field = fieldOf(req);
  const contact = await getContact(req.ctx, idParam(req.params));
  if (!req.isFragment) return redirect(res, `/contacts/${contact.id}?edit=1`);
  if (req.query.show === "1") show(req, res, contact, field);
  else edit(req, res, contact, field);
});

contactFields.post("/contacts/:id/fields/:field", async (req, res) => {
  const field = fieldOf(req);
  const id = idParam(req.params);
  const before = await getContact(req.ctx, id);
  const { value } = valueForm.parse(req.body ?? {});
  try {
    const typed = contactForm.shape[field].safeParse(field === "doNotCall" ? value || undefined : value);
    if (!typed.success) {
      const faults = fieldErrors(typed.error);
      throw new Invalid({ [field]: faults.form ?? "error.field" });
    }
    const given = field === "tags" ? value.split(",") : typed.data;
    const after = await updateContact(req.ctx, id, { [field]: given });
    if (!req.isFragment) return redirect(res, `/contacts/${id}`);
    show(req, res, after, field);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const t = translateFor(req.viewer.locale);
    const words = Object.values(error.fields).map((key) => t(key, error.values));
    edit(req, res.status(422), before, field, { value, error: words.join(" ") });
  }
});

function fieldOf(req: Request): CardField {
  const field = cardFields.find((name) => name === req.params.field);
  if (!field) throw new NotFound();
  return field;
}

function show(req: Request, res: Response, contact: Contact, name: CardField): void {
  const editAll = `/contacts/${contact.id}?edit=1`;
  fragment(res, req.render("contacts/_field", { field: presentField(contact, name, req.viewer), editAll }));
}

function edit(
  req: Request,
  res: Response,
  contact: Contact,
  name: CardField,
  faulty?: { value: string; error: string },
): void {
  const field = { ...presentField(contact, name, req.viewer), ...(faulty ? { value: faulty.value } : {}) };
  const editAll = `/contacts/${contact.id}?edit=1`;
  fragment(res, req.render("contacts/_field_form", { field, editAll, error: faulty?.error ?? "" }));
}
