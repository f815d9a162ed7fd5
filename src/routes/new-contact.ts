import { randomUUID } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { createContact } from "../services/contacts/save-contact.ts";
import { Invalid } from "../services/platform/errors.ts";
import { presentEntryForm } from "../views/contacts/entry-forms.ts";
import type { EntryForm } from "../views/contacts/views.ts";
import { translateFor } from "../views/i18n.ts";
import { contactForm } from "./contacts.ts";
import { requirePermission } from "./guards.ts";
import { redirect } from "./respond.ts";
import { errorWords, fieldErrors, typed, uuid } from "./validate.ts";

const newForm = contactForm
  .pick({ phone: true, email: true, company: true })
  .extend({ name: z.string().trim().min(1, "contacts.name_missing").max(200), client_token: uuid });

/** A customer who has not written yet. */
export const newContact: Router = Router();

newContact.get("/contacts/new", requirePermission("contacts.edit"), (req, res) => {
  show(req, res, presentEntryForm.contact({ client_token: randomUUID() }, req.viewer));
});

newContact.post("/contacts", requirePermission("contacts.edit"), async (req, res) => {
  const form = newForm.safeParse(req.body ?? {});
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    const { client_token, ...fields } = form.data;
    const { id } = await createContact(req.ctx, fields, client_token);
    if (req.isFragment) res.set("HX-Redirect", `/contacts/${id}`).status(204).end();
    else redirect(res, `/contacts/${id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const shown = presentEntryForm.contact(typed(req.body), req.viewer);
    show(req, res.status(422), { ...shown, errors: errorWords(error, req.viewer) });
  }
});

function show(req: Request, res: Response, form: EntryForm): void {
  if (req.isFragment) res.type("html").send(req.render("contacts/_entry_form", { form }));
  else {
    const name = translateFor(req.viewer.locale)("nav.contacts");
    res.send(req.render("contacts/entry", { title: form.title, contactId: null, name, form }));
  }
}
