import type { Permission } from "../../services/agents/policy.ts";
import type { Purchase } from "../../services/contacts/purchases.ts";
import { handKinds } from "../../services/interactions/types.ts";
import type { RecordType } from "../../services/records/queries.ts";
import { dayKey } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";
import type { FieldView } from "./fields.ts";
import type { EntryForm, EntryInput } from "./views.ts";

type Values = Record<string, string>;

/** Forms of what people note on a customer, all in one shape, with what was typed. */
export const presentEntryForm = {
  contact(values: Values, viewer: Viewer): EntryForm {
    const t = translateFor(viewer.locale);
    return {
      title: t("contacts.new"),
      action: "/contacts",
      token: values.client_token ?? "",
      removal: null,
      errors: {},
      inputs: [
        { ...input("name", t("agents.name"), values), required: true, maxLength: 200 },
        { ...input("phone", t("contact.phone"), values), maxLength: 40, hint: t("contacts.new_phone") },
        { ...input("email", t("contact.email"), values), maxLength: 254 },
        { ...input("company", t("contact.company"), values), maxLength: 160 },
      ],
    };
  },

  interaction(contactId: number, values: Values, viewer: Viewer): EntryForm {
    const t = translateFor(viewer.locale);
    return {
      title: t("interactions.add"),
      action: `/contacts/${contactId}/interactions`,
      token: values.client_token ?? "",
      removal: null,
      errors: {},
      inputs: [
        {
          ...input("kind", t("interactions.kind"), values),
          type: "select",
          choices: handKinds.map((kind) => ({ value: kind, label: t(`interactions.${kind}`) })),
        },
        { ...input("at", t("interactions.at"), values), type: "datetime-local", required: true },
        { ...input("minutes", t("interactions.minutes"), values), type: "number" },
        { ...input("participants", t("interactions.participants"), values), maxLength: 500 },
        { ...input("summary", t("interactions.summary"), values), type: "area", maxLength: 2000 },
        { ...input("agreements", t("interactions.agreements"), values), type: "area", maxLength: 2000 },
        { ...input("next_step", t("interactions.next_step"), values), maxLength: 300 },
        { ...input("next_step_due", t("interactions.next_step_due"), values), type: "date" },
      ],
    };
  },

  purchase(contactId: number, purchase: Purchase | null, values: Values | null, viewer: Viewer): EntryForm {
    const t = translateFor(viewer.locale);
    const shown = values ?? (purchase ? purchaseValues(purchase, viewer) : {});
    return {
      title: t(purchase ? "purchases.edit" : "purchases.add"),
      action: `/contacts/${contactId}/purchases/${purchase?.id ?? "new"}`,
      token: shown.client_token ?? "",
      removal: null,
      errors: {},
      inputs: [
        { ...input("number", t("purchases.number"), shown), required: true, maxLength: 80 },
        { ...input("placed_on", t("purchases.placed_on"), shown), type: "date" },
        { ...input("amount", t("purchases.amount_label"), shown), maxLength: 16, inputMode: "decimal" },
        {
          ...input("currency", t("purchases.currency_label"), shown),
          maxLength: 3,
          hint: t("purchases.currency"),
        },
        {
          ...input("items", t("purchases.items"), shown),
          type: "area",
          maxLength: 4000,
          hint: t("purchases.items_hint"),
        },
        { ...input("status", t("purchases.status"), shown), maxLength: 60, hint: t("purchases.status_hint") },
        { ...input("delivery_window", t("purchases.delivery_window"), shown), maxLength: 120 },
        { ...input("tracking_url", t("purchases.tracking_url"), shown), type: "url", maxLength: 500 },
        { ...input("returned_on", t("purchases.returned_on"), shown), type: "date" },
      ],
    };
  },

  record(
    form: { title: string; action: string; fields: FieldView[]; values: Values; removal: string | null },
    viewer: Viewer,
  ): EntryForm {
    return {
      title: form.title,
      action: form.action,
      token: form.values.client_token ?? "",
      removal:
        form.removal === null
          ? null
          : { action: form.removal, words: translateFor(viewer.locale)("records.delete") },
      errors: {},
      inputs: form.fields.map((field) => ({
        name: field.name,
        errorName: field.name.replace(/^value\./, "custom."),
        label: field.label,
        value: form.values[field.name] ?? field.value,
        type: field.type === "text" || field.type === "tel" || field.type === "email" ? "text" : field.type,
        choices: [
          { value: "", label: "" },
          ...field.options.map((option) => ({ value: option, label: option })),
        ],
        maxLength: field.maxLength,
        required: false,
        hint: "",
        inputMode: "text",
      })),
    };
  },
};

/** What can be noted on a customer, and where its form is. */
export function presentAdding(
  contactId: number,
  types: readonly RecordType[],
  viewer: Viewer,
): { href: string; name: string }[] {
  const t = translateFor(viewer.locale);
  const may = (permission: Permission, ...added: { href: string; name: string }[]) =>
    viewer.permissions.has(permission) ? added : [];
  return [
    ...may("interactions.edit", {
      href: `/contacts/${contactId}/interactions/new`,
      name: t("interactions.add"),
    }),
    ...may("purchases.edit", { href: `/contacts/${contactId}/purchases/new`, name: t("purchases.add") }),
    ...may(
      "contacts.edit",
      ...types.map(({ id, name }) => ({ href: `/contacts/${contactId}/records/new/${id}`, name })),
    ),
  ];
}

const input = (name: string, label: string, values: Values): EntryInput => ({
  name,
  errorName: name,
  label,
  value: values[name] ?? "",
  type: "text",
  choices: [],
  maxLength: 300,
  required: false,
  hint: "",
  inputMode: "text",
});

function purchaseValues(one: Purchase, viewer: Viewer): Values {
  return {
    number: one.number || one.externalId,
    placed_on: one.placedAt ? dayKey(one.placedAt, viewer) : "",
    amount: one.amount ?? "",
    currency: one.currency ?? "",
    items: one.items
      .map(({ name, quantity }) => (quantity && quantity > 1 ? `${quantity} x ${name}` : (name ?? "")))
      .join("\n"),
    status: one.status,
    delivery_window: one.deliveryWindow,
    tracking_url: one.trackingUrl,
    returned_on: one.returnedAt ? dayKey(one.returnedAt, viewer) : "",
  };
}
