import type { ContactChange } from "../../services/contacts/changes.ts";
import type { Contact } from "../../services/contacts/queries.ts";
import { phoneOf } from "../conversations/context.ts";
import { dayAndClock, exact } from "../format.ts";
import { translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";

/** Fields of a card that are changed one at a time, in the order in which the card shows them. */
export const cardFields = [
  "name",
  "phone",
  "email",
  "company",
  "jobTitle",
  "location",
  "language",
  "preferredChannel",
  "preferredHours",
  "doNotCall",
  "tags",
] as const;
export type CardField = (typeof cardFields)[number];

const labels: Record<CardField, string> = {
  name: "agents.name",
  phone: "contact.phone",
  email: "contact.email",
  company: "contact.company",
  jobTitle: "contact.job",
  location: "contact.location",
  language: "contact.language",
  preferredChannel: "contact.preferred_channel",
  preferredHours: "contact.preferred_hours",
  doNotCall: "contact.do_not_call",
  tags: "contact.tags",
};

const lengths: Partial<Record<CardField, number>> = {
  phone: 40,
  email: 254,
  jobTitle: 120,
  language: 20,
  preferredChannel: 60,
  preferredHours: 120,
  tags: 400,
};

export interface FieldView {
  name: CardField;
  domId: string;
  label: string;
  /** What people read; empty when nothing is known. */
  shown: string;
  /** What is edited. */
  value: string;
  type: "text" | "tel" | "email" | "check";
  maxLength: number;
  href: string;
}

export function presentField(contact: Contact, name: CardField, viewer: Viewer): FieldView {
  const t = translateFor(viewer.locale);
  const value =
    name === "phone"
      ? phoneOf(contact)
      : name === "tags"
        ? contact.tags.join(", ")
        : name === "doNotCall"
          ? contact.doNotCall
            ? "1"
            : ""
          : contact[name];
  return {
    name,
    domId: domId("field", name),
    label: t(labels[name]),
    shown: name === "doNotCall" ? t(contact.doNotCall ? "page.yes" : "page.no") : value,
    value,
    type: name === "doNotCall" ? "check" : name === "phone" ? "tel" : name === "email" ? "email" : "text",
    maxLength: lengths[name] ?? 160,
    href: `/contacts/${contact.id}/fields/${name}`,
  };
}

export interface ChangeView {
  words: string;
  when: string;
  exact: string;
}

/** One line for each field that changed. */
export function presentChanges(changes: readonly ContactChange[], viewer: Viewer): ChangeView[] {
  const t = translateFor(viewer.locale);
  const said = (value: unknown) => {
    if (typeof value === "boolean") return t(value ? "page.yes" : "page.no");
    return (Array.isArray(value) ? value.join(", ") : String(value ?? "")) || "—";
  };
  return changes.flatMap((change) =>
    Object.entries(change.fields).flatMap(([field, { from, to }]) => {
      const key = labels[field as CardField];
      if (!key) return [];
      return [
        {
          words: t("contact.change", {
            name: change.actorName ?? t("agent.hilo"),
            field: t(key),
            from: said(from),
            to: said(to),
          }),
          when: dayAndClock(change.at, viewer.now, viewer),
          exact: exact(change.at, viewer),
        },
      ];
    }),
  );
}
