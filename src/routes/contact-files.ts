import { Router } from "express";
import { z } from "zod";
import { getContact } from "../services/contacts/queries.ts";
import type { MediaKind } from "../services/conversations/types.ts";
import { getBehaviour } from "../services/story/behaviour.ts";
import { listFiles } from "../services/story/files.ts";
import { presentBehaviour } from "../views/contacts/behaviour.ts";
import { presentFile } from "../views/contacts/files.ts";
import { phoneOf } from "../views/conversations/context.ts";
import { translateFor } from "../views/i18n.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam, optionalId } from "./validate.ts";

const pageSize = 40;
const kinds = ["image", "video", "audio", "document", "sticker"] as const satisfies MediaKind[];

/** A gallery is a question: what is odd in it becomes the default. */
const filesQuery = z.object({
  kind: z.enum(["", ...kinds]).catch(""),
  q: z.string().max(100).catch(""),
  before: optionalId.catch(null),
});

/** Everything a customer ever sent or received as a file, and how they behave. */
export const contactFiles: Router = Router();

contactFiles.get("/contacts/:id/files", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const { kind, q, before } = filesQuery.parse(req.query);
  const wanted = { kind: kind === "" ? null : kind, search: q, before, limit: pageSize + 1 };
  const found = await listFiles(req.ctx, contact.id, wanted);
  const shown = found.slice(0, pageSize);
  const last = shown.at(-1);
  const t = translateFor(req.viewer.locale);
  const href = (change: Record<string, string>) =>
    `/contacts/${contact.id}/files?${new URLSearchParams({ kind, q, ...change })}`;
  const data = {
    files: shown.map((file) => presentFile(file, req.viewer)),
    next: found.length > pageSize && last ? href({ before: String(last.id) }) : null,
  };
  if (req.isFragment) return fragment(res, req.render("contacts/_files", data));
  res.send(
    req.render("contacts/files", {
      ...data,
      title: t("side.files"),
      contactId: contact.id,
      name: contact.name || phoneOf(contact) || t("contact.unnamed"),
      kind,
      search: q,
      kinds: (["", ...kinds] as const).map((one) => ({
        name: t(one === "" ? "files.all" : `kind.${one}`),
        href: href({ kind: one }),
        isCurrent: one === kind,
      })),
    }),
  );
});

contactFiles.get("/contacts/:id/behaviour", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  if (!req.isFragment) return redirect(res, `/contacts/${id}`);
  const behaviour = presentBehaviour(id, await getBehaviour(req.ctx, id, req.viewer.timeZone), req.viewer);
  fragment(res, req.render("contacts/_behaviour", { behaviour }));
});
