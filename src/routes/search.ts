import { type Request, Router } from "express";
import { formatPhone } from "../services/contacts/phone.ts";
import { type FoundRecord, search } from "../services/search/search.ts";
import { dayAndClock, exact, initials } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import type { FoundView } from "../views/views.ts";
import { fragment } from "./respond.ts";

/** People, words and things, everywhere the agent may look. */
export const searchRoutes: Router = Router();

searchRoutes.get("/search", async (req, res) => {
  const query = typeof req.query.q === "string" ? req.query.q.slice(0, 200) : "";
  const found = await find(req, query);
  if (req.isFragment) return fragment(res, req.render("search/_results", { query, found }));
  const title = translateFor(req.viewer.locale)("nav.search");
  res.send(req.render("search/show", { title, query, found }));
});

async function find(req: Request, query: string): Promise<FoundView> {
  const found = await search(req.ctx, query);
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  const kinds = ["case", "purchase", "note", "file"] as const;
  return {
    contacts: found.contacts.map((one) => ({
      name: one.name || one.phone || t("contact.unnamed"),
      phone: /^\+?\d+$/.test(one.phone) ? formatPhone(one.phone) : one.phone,
      href: `/contacts/${one.id}`,
      initials: initials(one.name),
    })),
    groups: [
      ...kinds.map((kind) => ({
        title: t(`search.${kind}s`),
        rows: found.records
          .filter((one) => one.kind === kind)
          .map((one) => ({
            href: hrefOf(one),
            name: one.contactName || t("contact.unnamed"),
            when: dayAndClock(one.at, viewer.now, viewer),
            exact: exact(one.at, viewer),
            parts: hits(one.excerpt),
          })),
      })),
      {
        title: t("search.messages"),
        rows: found.messages.map((one) => ({
          href: `/conversations/${one.conversationId}?message=${one.id}#message-${one.id}`,
          name: one.contactName || one.contactDisplay,
          when: dayAndClock(one.sentAt, viewer.now, viewer),
          exact: exact(one.sentAt, viewer),
          parts: hits(one.excerpt),
        })),
      },
    ].filter(({ rows }) => rows.length > 0),
  };
}

function hrefOf({ kind, id, contactId, conversationId, messageId }: FoundRecord): string {
  if (kind === "case") return `/contacts/${contactId}#case-${id}`;
  if (kind === "file" && conversationId !== null)
    return `/conversations/${conversationId}?message=${messageId}#message-${messageId}`;
  return kind === "note" && conversationId !== null
    ? `/conversations/${conversationId}`
    : `/contacts/${contactId}`;
}

/** Splits at the marks that the search put around what matched. */
function hits(excerpt: string): { text: string; isHit: boolean }[] {
  return excerpt
    .split(/(\ue000[^\ue001]*\ue001)/)
    .filter((text) => text !== "")
    .map((text) => ({ text: text.replaceAll(/[\ue000\ue001]/g, ""), isHit: text.startsWith("\ue000") }));
}
