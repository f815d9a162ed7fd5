import { formatPhone } from "../../services/contacts/phone.ts";
import type { Found, FoundRecord } from "../../services/search/search.ts";
import { dayAndClock, exact, initials } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** What a search found, people first, then a group for each kind of thing. */
export interface FoundView {
  contacts: { name: string; phone: string; href: string; initials: string }[];
  groups: {
    title: string;
    rows: {
      href: string;
      name: string;
      when: string;
      exact: string;
      parts: { text: string; isHit: boolean }[];
    }[];
  }[];
}

export function presentFound(found: Found, viewer: Viewer): FoundView {
  const t = translateFor(viewer.locale);
  const kinds = ["case", "purchase", "record", "note", "file"] as const;
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
  if (kind === "record") return `/contacts/${contactId}?show=record#entry-record-${id}`;
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
