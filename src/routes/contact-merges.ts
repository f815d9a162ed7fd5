import { Router } from "express";
import { z } from "zod";
import { getContact, listContacts } from "../services/contacts/queries.ts";
import { distinguish, listDuplicates } from "../services/merges/duplicates.ts";
import { mergeContacts } from "../services/merges/merge.ts";
import { getExtent } from "../services/merges/queries.ts";
import { separateIdentity } from "../services/merges/separate.ts";
import { undoMerge } from "../services/merges/undo.ts";
import {
  comparedLabels,
  type DuplicateView,
  mostCounted,
  presentCompared,
  presentDuplicate,
} from "../views/contacts/merges.ts";
import { phoneOf } from "../views/conversations/context.ts";
import { initials } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { requirePermission } from "./guards.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam, optionalId, text } from "./validate.ts";

const mergeQuery = z.object({ with: optionalId.catch(null), q: text(100).catch("") });
const otherForm = z.object({
  other_id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/)
    .transform(Number),
});
const mostFound = 10;

/** One person with several cards: found, compared, merged, taken apart. */
export const contactMerges: Router = Router();

contactMerges.use(
  ["/contacts/:id/merge", "/contacts/:id/merges", "/contacts/:id/distinctions"],
  requirePermission("contacts.merge"),
);

contactMerges.get("/contacts/:id/merge", async (req, res) => {
  const { ctx, viewer } = req;
  const t = translateFor(viewer.locale);
  const contact = await getContact(ctx, idParam(req.params));
  const asked = mergeQuery.parse(req.query);
  const other = asked.with === null ? null : await getContact(ctx, asked.with);
  const compared =
    other && other.id !== contact.id
      ? {
          kept: presentCompared(contact, await getExtent(ctx, contact.id, mostCounted), viewer),
          other: presentCompared(other, await getExtent(ctx, other.id, mostCounted), viewer),
          labels: comparedLabels.map((key) => t(key)),
        }
      : null;
  let found: DuplicateView[] = [];
  if (!compared && asked.q.trim() !== "") {
    const people = await listContacts(ctx, { search: asked.q }, { before: null, limit: mostFound + 1 });
    found = people.flatMap((one) =>
      one.id === contact.id
        ? []
        : [
            {
              id: one.id,
              name: one.name || phoneOf(one) || t("contact.unnamed"),
              initials: initials(one.name),
              details: [phoneOf(one), one.email, one.company].filter(Boolean).join(" · "),
              reasons: "",
              compare: `/contacts/${contact.id}/merge?with=${one.id}`,
            },
          ],
    );
  } else if (!compared) {
    const alike = await listDuplicates(ctx, contact.id);
    found = alike.map((one) => presentDuplicate(contact.id, one, viewer));
  }
  res.send(
    req.render("contacts/merge", {
      title: t("merges.title"),
      contactId: contact.id,
      name: contact.name || phoneOf(contact) || t("contact.unnamed"),
      search: asked.q,
      found,
      compared,
    }),
  );
});

contactMerges.get("/contacts/:id/duplicates", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  if (!req.isFragment) return redirect(res, `/contacts/${id}/merge`);
  const alike = await listDuplicates(req.ctx, id);
  const duplicates = alike.map((one) => presentDuplicate(id, one, req.viewer));
  fragment(res, req.render("contacts/_duplicates", { contact: { id }, duplicates }));
});

contactMerges.post("/contacts/:id/merges", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  const { other_id } = otherForm.parse(req.body ?? {});
  await mergeContacts(req.ctx, id, other_id);
  redirect(res, `/contacts/${id}`);
});

contactMerges.post("/contacts/:id/merges/:merge/reversal", async (req, res) => {
  const { keptId } = await undoMerge(req.ctx, idParam(req.params), idParam(req.params, "merge"));
  redirect(res, `/contacts/${keptId}`);
});

contactMerges.post("/contacts/:id/distinctions", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  const { other_id } = otherForm.parse(req.body ?? {});
  await distinguish(req.ctx, id, other_id);
  if (!req.isFragment) return redirect(res, `/contacts/${id}`);
  const alike = await listDuplicates(req.ctx, id);
  const duplicates = alike.map((one) => presentDuplicate(id, one, req.viewer));
  fragment(res, req.render("contacts/_duplicates", { contact: { id }, duplicates }));
});

contactMerges.post("/contacts/:id/identities/:identity/separation", async (req, res) => {
  const id = await separateIdentity(req.ctx, idParam(req.params), idParam(req.params, "identity"));
  redirect(res, `/contacts/${id}`);
});
