import type { ContactChange } from "../../services/contacts/changes.ts";
import type { Contact } from "../../services/contacts/queries.ts";
import type { CustomField, FieldKind } from "../../services/fields/types.ts";
import { longestValue } from "../../services/fields/values.ts";
import { phoneOf } from "../conversations/context.ts";
import { dayAndClock, exact } from "../format.ts";
import { type Translate, translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";
import { shownValue } from "./shown-value.ts";

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
  "doNotContact",
  "tags",
] as const;
export type CardField = (typeof cardFields)[number];

/** What each is called. */
export const cardLabels: Record<CardField, string> = {
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
  doNotContact: "contact.do_not_contact",
  tags: "contact.tags",
};

/** What a field of the card is called. */
export const fieldLabel = (name: CardField, viewer: Viewer): string =>
  translateFor(viewer.locale)(cardLabels[name]);

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
  /** Of the card, or `custom.<key>`. */
  name: string;
  domId: string;
  label: string;
  /** What people read; empty when nothing is known. */
  shown: string;
  /** It says something, and stands with the others that do. */
  isKnown: boolean;
  /** Where what is shown leads, or null. */
  link: string | null;
  /** What is edited. */
  value: string;
  type: "text" | "tel" | "email" | "check" | "number" | "date" | "datetime-local" | "select";
  options: string[];
  maxLength: number;
  href: string;
}

const types = {
  text: "text",
  number: "number",
  date: "date",
  datetime: "datetime-local",
  choice: "select",
  boolean: "check",
} as const satisfies Record<FieldKind, FieldView["type"]>;

/** A field of the firm's own with its value, in a form whose names begin with `prefix`. */
export function presentCustom(
  field: CustomField,
  value: unknown,
  viewer: Viewer,
  at: { href: string; prefix?: string },
): FieldView {
  const name = `${at.prefix ?? "custom."}${field.key}`;
  return {
    name,
    domId: domId("field", name.replaceAll(".", "-")),
    label: field.label,
    shown: shownValue(field, value, viewer),
    isKnown: value !== undefined && value !== null,
    link: null,
    value:
      value === undefined || value === null
        ? ""
        : field.kind === "boolean"
          ? value === true
            ? "1"
            : ""
          : String(value),
    type: types[field.kind],
    options: field.options,
    maxLength: longestValue,
    href: at.href,
  };
}

export function presentField(contact: Contact, name: CardField, viewer: Viewer): FieldView {
  const t = translateFor(viewer.locale);
  const value =
    name === "phone"
      ? phoneOf(contact)
      : name === "tags"
        ? contact.tags.join(", ")
        : name === "doNotCall" || name === "doNotContact"
          ? contact[name]
            ? "1"
            : ""
          : contact[name];
  const isFlag = name === "doNotCall" || name === "doNotContact";
  return {
    name,
    domId: domId("field", name),
    label: t(cardLabels[name]),
    shown: isFlag ? t(value ? "page.yes" : "page.no") : value,
    isKnown: value !== "" || name === "phone" || name === "email" || name === "tags",
    link: linkOf(contact, name),
    value,
    options: [],
    type: isFlag ? "check" : name === "phone" ? "tel" : name === "email" ? "email" : "text",
    maxLength: lengths[name] ?? 160,
    href: `/contacts/${contact.id}/fields/${name}`,
  };
}

/** A number that must not be called is no button. */
function linkOf(contact: Contact, name: CardField): string | null {
  if (name === "company" && contact.companyId !== null) return `/companies/${contact.companyId}`;
  if (name === "phone" && !contact.doNotCall) {
    const digits = contact.phone.replaceAll(/[^\d+]/g, "");
    return digits ? `tel:${digits}` : null;
  }
  return name === "email" && contact.email ? `mailto:${encodeURIComponent(contact.email)}` : null;
}

export interface ChangeView {
  words: string;
  when: string;
  exact: string;
}

/** One line for each field that changed. */
export function presentChanges(changes: readonly ContactChange[], viewer: Viewer): ChangeView[] {
  return changes.flatMap(({ actorName, at, fields }) =>
    changeWords(fields, viewer).map((change) => ({
      words: translateFor(viewer.locale)("contact.change", {
        name: actorName ?? translateFor(viewer.locale)("agent.hilo"),
        change,
      }),
      when: dayAndClock(at, viewer.now, viewer),
      exact: exact(at, viewer),
    })),
  );
}

/** `Correo: — → lucia@correo.example`, for each field. */
export function changeWords(
  fields: Record<string, { from?: unknown; to?: unknown }>,
  viewer: Viewer,
): string[] {
  const t = translateFor(viewer.locale);
  return Object.entries(fields).flatMap(([field, { from, to }]) => {
    if (field === "custom") return customChanges(from, to, viewer);
    const key = cardLabels[field as CardField];
    return key ? [t("contact.field_change", { field: t(key), from: said(from, t), to: said(to, t) })] : [];
  });
}

function customChanges(from: unknown, to: unknown, viewer: Viewer): string[] {
  const t = translateFor(viewer.locale);
  const [old, now] = [from ?? {}, to ?? {}] as Record<string, unknown>[];
  const keys = [...new Set([...Object.keys(old ?? {}), ...Object.keys(now ?? {})])];
  return keys
    .filter((key) => JSON.stringify(old?.[key]) !== JSON.stringify(now?.[key]))
    .map((key) =>
      t("contact.field_change", { field: spoken(key), from: said(old?.[key], t), to: said(now?.[key], t) }),
    );
}

/** `talla_de_camisa` → `Talla de camisa`: the field may have another label by now, or be gone. */
export const spoken = (key: string): string =>
  key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");

export function said(value: unknown, t: Translate): string {
  if (typeof value === "boolean") return t(value ? "page.yes" : "page.no");
  if (Array.isArray(value)) return value.join(", ") || "—";
  return (typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "")) || "—";
}
