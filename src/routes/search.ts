import { Router } from "express";
import { formatPhone } from "../services/contacts/phone.ts";
import { search } from "../services/search/search.ts";
import { dayAndClock, exact, initials } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";

/** People and words, everywhere the agent may look. */
export const searchRoutes: Router = Router();

searchRoutes.get("/search", async (req, res) => {
  const query = typeof req.query.q === "string" ? req.query.q.slice(0, 200) : "";
  const found = await search(req.ctx, query);
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  res.send(
    req.render("search/show", {
      title: t("nav.search"),
      query,
      contacts: found.contacts.map((one) => ({
        name: one.name || one.phone || t("contact.unnamed"),
        phone: /^\+?\d+$/.test(one.phone) ? formatPhone(one.phone) : one.phone,
        href: `/contacts/${one.id}`,
        initials: initials(one.name),
      })),
      messages: found.messages.map((one) => ({
        href: `/conversations/${one.conversationId}?message=${one.id}#message-${one.id}`,
        name: one.contactName || one.contactDisplay,
        when: dayAndClock(one.sentAt, viewer.now, viewer),
        exact: exact(one.sentAt, viewer),
        parts: hits(one.excerpt),
      })),
    }),
  );
});

/** Splits at the marks that the search put around what matched. */
function hits(excerpt: string): { text: string; isHit: boolean }[] {
  return excerpt
    .split(/(\ue000[^\ue001]*\ue001)/)
    .filter((text) => text !== "")
    .map((text) => ({ text: text.replaceAll(/[\ue000\ue001]/g, ""), isHit: text.startsWith("\ue000") }));
}
