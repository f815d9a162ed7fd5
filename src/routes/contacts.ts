import { randomUUID } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listCases } from "../services/cases/queries.ts";
import { listContactChanges } from "../services/contacts/changes.ts";
import { type Contact, getContact, lacks, listContacts } from "../services/contacts/queries.ts";
import { updateContact } from "../services/contacts/save-contact.ts";
import { noteView } from "../services/contacts/views.ts";
import { listFields } from "../services/fields/queries.ts";
import type { CustomField } from "../services/fields/types.ts";
import { listDuplicates } from "../services/merges/duplicates.ts";
import { listMerges } from "../services/merges/queries.ts";
import { Invalid } from "../services/platform/errors.ts";
import { listRecordTypes } from "../services/records/queries.ts";
import { getBehaviour } from "../services/story/behaviour.ts";
import { getStory } from "../services/story/story.ts";
import { presentBehaviour } from "../views/contacts/behaviour.ts";
import { presentAdding } from "../views/contacts/entry-forms.ts";
import { cardFields, presentChanges, presentCustom, presentField } from "../views/contacts/fields.ts";
import { presentDuplicate, presentMerge } from "../views/contacts/merges.ts";
import { presentCase } from "../views/conversations/cases.ts";
import {
  phoneOf,
  presentCommitment,
  presentFiles,
  presentPurchase,
  presentWorth,
} from "../views/conversations/context.ts";
import { presentNote } from "../views/conversations/present.ts";
import { exact, initials, shortDay } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { loadTimeline } from "./contact-timeline.ts";
import { redirect } from "./respond.ts";
import { errorWords, fieldErrors, idParam, optionalId, typed } from "./validate.ts";

const pageSize = 50;

/** What a card holds, as forms send it. */
export const contactForm = z.object({
  name: z.string().max(200),
  phone: z.string().max(40),
  email: z.union([z.literal(""), z.email("agents.email_invalid").max(254)]),
  company: z.string().max(160),
  jobTitle: z.string().max(120),
  // Forms of before these fields do not have them: absent keeps.
  location: z.string().max(160).optional(),
  language: z.string().max(20).optional(),
  preferredChannel: z.string().max(60).optional(),
  preferredHours: z.string().max(120).optional(),
  doNotCall: z
    .literal("1")
    .optional()
    .transform((value) => value === "1"),
  doNotContact: z
    .literal("1")
    .optional()
    .transform((value) => value === "1"),
  tags: z
    .string()
    .max(400)
    .refine((tags) => tags.split(",").every((tag) => tag.trim().length <= 60), "tags.length"),
});

/** People: the list, and each one with their whole story. */
export const contacts: Router = Router();

contacts.get("/contacts", async (req, res) => {
  const search = typeof req.query.q === "string" ? req.query.q.slice(0, 100) : "";
  const before = optionalId.catch(null).parse(req.query.before);
  const lack = z
    .enum(["", ...lacks])
    .catch("")
    .parse(req.query.lack ?? "");
  const query = { search, lack: lack === "" ? undefined : lack };
  const found = await listContacts(req.ctx, query, { before, limit: pageSize + 1 });
  const shown = found.slice(0, pageSize);
  const last = shown.at(-1);
  const t = translateFor(req.viewer.locale);
  res.send(
    req.render("contacts/index", {
      title: t("nav.contacts"),
      search,
      next:
        found.length > pageSize && last
          ? `/contacts?${new URLSearchParams({ q: search, lack, before: String(last.id) })}`
          : null,
      filters: (["", ...lacks] as const).map((one) => ({
        name: t(`contacts.lack_${one || "nothing"}`),
        href: `/contacts?${new URLSearchParams({ q: search, lack: one })}`,
        isCurrent: one === lack,
      })),
      contacts: shown.map((contact) => ({
        id: contact.id,
        href: `/contacts/${contact.id}`,
        name: contact.name || phoneOf(contact) || t("contact.unnamed"),
        initials: initials(contact.name),
        phone: phoneOf(contact),
        email: contact.email,
        company: contact.company,
        tags: contact.tags,
        since: shortDay(contact.firstSeenAt, req.viewer.now, req.viewer),
      })),
    }),
  );
});

contacts.get("/contacts/:id", async (req, res) => {
  const asked = idParam(req.params);
  const contact = await getContact(req.ctx, asked);
  // Whoever was merged leads to who they are now.
  if (contact.id !== asked) return redirect(res, `/contacts/${contact.id}`);
  await page(req, res, contact, { errors: {}, form: null });
});

contacts.post("/contacts/:id", async (req, res) => {
  const id = idParam(req.params);
  const contact = await getContact(req.ctx, id);
  const form = contactForm.safeParse(req.body);
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    const custom = customOf(await listFields(req.ctx, null), req.body);
    await updateContact(req.ctx, id, { ...form.data, tags: form.data.tags.split(","), custom });
    redirect(res, `/contacts/${id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), contact, {
      errors: errorWords(error, req.viewer),
      form: typed(req.body),
    });
  }
});

/** The firm's own fields as the whole card's form sends them. */
function customOf(fields: readonly CustomField[], body: unknown): Record<string, unknown> {
  const form = typed(body);
  return Object.fromEntries(
    fields.flatMap(({ key, kind }): [string, string][] => {
      const value = form[`custom.${key}`];
      // A box that is not ticked sends nothing, and so does a form of before the field was made.
      if (value !== undefined) return [[key, value]];
      return kind === "boolean" && "name" in form ? [[key, "0"]] : [];
    }),
  );
}

async function page(
  req: Request,
  res: Response,
  contact: Contact,
  shown: { errors: Record<string, string>; form: Record<string, string> | null },
): Promise<void> {
  const { ctx, viewer } = req;
  // Whoever looked at a person's card can be named.
  await noteView(ctx, contact.id);
  const [story, cases, behaviour, changes, duplicates, merges, own, types, timeline] = await Promise.all([
    getStory(ctx, contact.id),
    listCases(ctx, contact.id),
    getBehaviour(ctx, contact.id, viewer.timeZone),
    listContactChanges(ctx, contact.id),
    listDuplicates(ctx, contact.id),
    listMerges(ctx, contact.id),
    listFields(ctx, null),
    listRecordTypes(ctx),
    loadTimeline(req, contact.id),
  ]);
  const form = shown.form ?? formOf(contact);
  const fields = own.map((field) => {
    const href = `/contacts/${contact.id}/fields/custom.${field.key}`;
    return presentCustom(field, contact.custom[field.key], viewer, { href });
  });
  const phone = phoneOf(contact);
  const t = translateFor(viewer.locale);
  const name = contact.erasedAt ? t("contact.erased") : contact.name || phone || t("contact.unnamed");
  res.send(
    req.render("contacts/show", {
      title: name,
      contact,
      name,
      initials: initials(contact.name),
      phone,
      since: shortDay(contact.firstSeenAt, viewer.now, viewer),
      erased: contact.erasedAt ? exact(contact.erasedAt, viewer) : "",
      editAll: `/contacts/${contact.id}?edit=1`,
      fields: [...cardFields.map((field) => presentField(contact, field, viewer)), ...fields],
      customFields: fields.map((field) => ({ ...field, value: shown.form?.[field.name] ?? field.value })),
      changes: presentChanges(changes, viewer),
      duplicates: duplicates.map((one) => presentDuplicate(contact.id, one, viewer)),
      merges: merges.map((one) => presentMerge(one, viewer)),
      behaviour: presentBehaviour(contact.id, behaviour, viewer),
      cases: cases.map((one) => presentCase(one, viewer)),
      worth: presentWorth(story.purchases, viewer),
      purchases: story.purchases.latest.map((one) => presentPurchase(one, viewer)),
      commitments: story.commitments.map((one) => presentCommitment(one, viewer)),
      noteToken: randomUUID(),
      notes: story.notes.map((note) => presentNote(note, viewer)),
      files: presentFiles(story, viewer),
      timeline,
      adding: presentAdding(contact.id, types, viewer),
      errors: shown.errors,
      form,
      isEditing: viewer.permissions.has("contacts.edit") && (shown.form !== null || req.query.edit === "1"),
    }),
  );
}

const formOf = (contact: Contact): Record<string, string> => ({
  name: contact.name,
  phone: phoneOf(contact),
  email: contact.email,
  company: contact.company,
  jobTitle: contact.jobTitle,
  location: contact.location,
  language: contact.language,
  preferredChannel: contact.preferredChannel,
  preferredHours: contact.preferredHours,
  doNotCall: contact.doNotCall ? "1" : "",
  doNotContact: contact.doNotContact ? "1" : "",
  tags: contact.tags.join(", "),
});
