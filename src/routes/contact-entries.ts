import { randomUUID } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { promiseTo } from "../services/commitments/commitments.ts";
import { type Contact, getContact } from "../services/contacts/queries.ts";
import { noteOnContact } from "../services/conversations/note.ts";
import { addInteraction, deleteInteraction } from "../services/interactions/interactions.ts";
import { handKinds } from "../services/interactions/types.ts";
import { Invalid } from "../services/platform/errors.ts";
import { getRecord, getRecordType } from "../services/records/queries.ts";
import { deleteRecord, saveRecord } from "../services/records/save-record.ts";
import { presentEntryForm } from "../views/contacts/entry-forms.ts";
import { presentCustom } from "../views/contacts/fields.ts";
import type { EntryForm } from "../views/contacts/views.ts";
import { phoneOf } from "../views/conversations/context.ts";
import { translateFor } from "../views/i18n.ts";
import { requirePermission } from "./guards.ts";
import { fragment, leave } from "./respond.ts";
import { errorWords, idParam, localTime, parseForm, text, typed, uuid } from "./validate.ts";

const interactionForm = z.object({
  client_token: uuid,
  kind: z.enum(handKinds),
  at: text(40),
  minutes: z
    .union([z.literal(""), z.string().regex(/^\d{1,4}$/)])
    .default("")
    .transform((value) => (value === "" ? null : Number(value) * 60)),
  summary: text(4000).default(""),
  participants: text(1000).default(""),
  agreements: text(4000).default(""),
  next_step: text(600).default(""),
  next_step_due: text(20).default(""),
});
const noteForm = z.object({ text: text(20_000), client_token: uuid });
const promiseForm = z.object({ text: text(1000), due_on: text(20).default("") });

/** What people note on a customer's page: interactions, promises, and the records of their trade. */
export const contactEntries: Router = Router();

contactEntries.use("/contacts/:id/interactions", requirePermission("interactions.edit"));
contactEntries.use("/contacts/:id/records", requirePermission("contacts.edit"));

contactEntries.get("/contacts/:id/interactions/new", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const at = nowOn(req);
  sendForm(
    req,
    res,
    contact,
    presentEntryForm.interaction(contact.id, { at, client_token: randomUUID() }, req.viewer),
  );
});

contactEntries.post("/contacts/:id/interactions", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  await answer(
    req,
    res,
    contact,
    presentEntryForm.interaction(contact.id, typed(req.body), req.viewer),
    async () => {
      const form = parseForm(interactionForm, req.body);
      const at = localTime(form.at, req.viewer);
      if (!at) throw new Invalid({ at: "interactions.time" });
      await addInteraction(req.ctx, contact.id, {
        ...form,
        at,
        seconds: form.minutes,
        nextStep: form.next_step,
        nextStepDueOn: form.next_step_due || null,
        clientToken: form.client_token,
      });
    },
  );
});

contactEntries.post("/contacts/:id/interactions/:interaction/removal", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  await deleteInteraction(req.ctx, contact.id, idParam(req.params, "interaction"));
  leave(req, res, `/contacts/${contact.id}`);
});

contactEntries.post("/contacts/:id/commitments", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const form = parseForm(promiseForm, req.body);
  await promiseTo(req.ctx, contact.id, { text: form.text, dueOn: form.due_on || null });
  leave(req, res, `/contacts/${contact.id}`);
});

contactEntries.post("/contacts/:id/notes", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const form = parseForm(noteForm, req.body);
  await noteOnContact(req.ctx, contact.id, { text: form.text, clientToken: form.client_token });
  leave(req, res, `/contacts/${contact.id}`);
});

contactEntries.get("/contacts/:id/records/new/:type", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const type = await getRecordType(req.ctx, idParam(req.params, "type"));
  const href = `/contacts/${contact.id}/records/new/${type.id}`;
  const fields = type.fields.map((field) =>
    presentCustom(field, undefined, req.viewer, { href, prefix: "value." }),
  );
  const values = { client_token: randomUUID() };
  sendForm(
    req,
    res,
    contact,
    presentEntryForm.record({ title: type.name, action: href, fields, values, removal: null }, req.viewer),
  );
});

contactEntries.post("/contacts/:id/records/new/:type", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const type = await getRecordType(req.ctx, idParam(req.params, "type"));
  const token =
    uuid.parse((req.body as { client_token?: unknown } | undefined)?.client_token) ?? randomUUID();
  await saveTyped(req, res, contact, type.id, token, null);
});

contactEntries.get("/contacts/:id/records/:record", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const record = await getRecord(req.ctx, contact.id, idParam(req.params, "record"));
  const type = await getRecordType(req.ctx, record.recordTypeId);
  const href = `/contacts/${contact.id}/records/${record.id}`;
  const fields = type.fields.map((field) =>
    presentCustom(field, record.values[field.key], req.viewer, { href, prefix: "value." }),
  );
  sendForm(
    req,
    res,
    contact,
    presentEntryForm.record(
      { title: type.name, action: href, fields, values: {}, removal: `${href}/removal` },
      req.viewer,
    ),
  );
});

contactEntries.post("/contacts/:id/records/:record", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const record = await getRecord(req.ctx, contact.id, idParam(req.params, "record"));
  await saveTyped(req, res, contact, record.recordTypeId, record.externalId, record.id);
});

contactEntries.post("/contacts/:id/records/:record/removal", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  await deleteRecord(req.ctx, contact.id, idParam(req.params, "record"));
  leave(req, res, `/contacts/${contact.id}`);
});

async function saveTyped(
  req: Request,
  res: Response,
  contact: Contact,
  typeId: number,
  externalId: string,
  recordId: number | null,
): Promise<void> {
  const type = await getRecordType(req.ctx, typeId);
  const body = typed(req.body);
  const action = recordId === null ? `new/${typeId}` : String(recordId);
  const href = `/contacts/${contact.id}/records/${action}`;
  const values = Object.fromEntries(
    type.fields.map(({ key, kind }) => [key, body[`value.${key}`] ?? (kind === "boolean" ? "0" : "")]),
  );
  const fields = type.fields.map((field) =>
    presentCustom(field, values[field.key], req.viewer, { href, prefix: "value." }),
  );
  const form = {
    title: type.name,
    action: href,
    fields,
    values: body,
    removal: recordId === null ? null : `${href}/removal`,
  };
  await answer(req, res, contact, presentEntryForm.record(form, req.viewer), async () => {
    await saveRecord(req.ctx, contact.id, typeId, externalId, values);
  });
}

/** Does what the form asks and goes back to the customer, or shows it again with what is wrong. */
export async function answer(
  req: Request,
  res: Response,
  contact: Contact,
  form: EntryForm,
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
    leave(req, res, `/contacts/${contact.id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    sendForm(req, res.status(422), contact, { ...form, errors: errorWords(error, req.viewer) });
  }
}

/** The form in its place on the customer's page, or on a page of its own. */
export function sendForm(req: Request, res: Response, contact: Contact, form: EntryForm): void {
  if (req.isFragment) {
    fragment(res, req.render("contacts/_entry_form", { form }));
    return;
  }
  const name = contact.name || phoneOf(contact) || translateFor(req.viewer.locale)("contact.unnamed");
  res.send(req.render("contacts/entry", { title: form.title, contactId: contact.id, name, form }));
}

/** The viewer's clock as a field for a local time takes it. */
function nowOn(req: Request): string {
  const now = Temporal.Instant.fromEpochMilliseconds(req.viewer.now.getTime());
  return now.toZonedDateTimeISO(req.viewer.timeZone).toPlainDateTime().toString({ smallestUnit: "minute" });
}
