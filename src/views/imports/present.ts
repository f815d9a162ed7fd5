import type { Import } from "../../services/imports/types.ts";
import { cardLabels } from "../contacts/fields.ts";
import { dayAndClock } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** Fields of the card have their words there; those of purchases beside them. */
const labels: Record<string, string> = {
  ...cardLabels,
  contactPhone: "imports.contact_phone",
  contactEmail: "imports.contact_email",
  number: "purchases.number",
  placedAt: "purchases.placed_on",
  amount: "purchases.amount_label",
  currency: "purchases.currency_label",
  status: "purchases.status",
  items: "purchases.items",
  trackingUrl: "purchases.tracking_url",
  deliveryWindow: "purchases.delivery_window",
  returnedAt: "purchases.returned_on",
};

const labelOf = (field: { name: string; label: string | null }, viewer: Viewer): string =>
  field.label ?? translateFor(viewer.locale)(labels[field.name] ?? "imports.column");

/** What a column can fill. */
export const presentMapping = (
  fields: readonly { name: string; label: string | null }[],
  viewer: Viewer,
): { value: string; label: string }[] =>
  fields.map((field) => ({ value: field.name, label: labelOf(field, viewer) }));

export interface ImportView {
  id: number;
  href: string;
  fileName: string;
  kind: string;
  state: string;
  by: string;
  isRunning: boolean;
  isChecked: boolean;
  isDone: boolean;
  canCancel: boolean;
  /** 0 to 100; null while the number of rows is unknown. */
  percent: number | null;
  progress: string;
  /** What was, or would be, done. */
  outcome: string[];
  faulty: number;
  faultyWords: string;
  good: number;
  runWords: string;
  fault: string;
  hasFile: boolean;
  onDuplicate: "update" | "skip";
}

export function presentImport(one: Import, viewer: Viewer): ImportView {
  const t = translateFor(viewer.locale);
  const n = (value: number) => value.toLocaleString(viewer.locale === "es" ? "es-MX" : "en");
  const good = one.created + one.updated + one.skipped;
  const isRehearsal = one.state === "checking" || one.state === "checked";
  const line = (what: "created" | "updated" | "skipped") =>
    one[what] > 0
      ? [
          t(`imports.${isRehearsal ? "would_be_" : ""}${what}_${one.kind}`, {
            n: one[what],
            count: n(one[what]),
          }),
        ]
      : [];
  return {
    id: one.id,
    href: `/imports/${one.id}`,
    fileName: one.fileName,
    kind: t(`imports.kind_${one.kind}`),
    state: t(`imports.state_${one.state}`),
    by: [one.agentName, dayAndClock(one.createdAt, viewer.now, viewer)].join(" · "),
    isRunning: one.state === "checking" || one.state === "importing",
    isChecked: one.state === "checked",
    isDone: one.state === "done",
    canCancel: ["mapping", "checking", "checked", "importing"].includes(one.state),
    percent: one.total ? Math.floor((100 * one.position) / one.total) : null,
    progress: one.total
      ? t("imports.progress", { done: n(one.position), total: n(one.total) })
      : t("imports.read", { done: n(one.position) }),
    outcome: [...line("created"), ...line("updated"), ...line("skipped")],
    faulty: one.faulty,
    faultyWords: one.faulty > 0 ? t("imports.faulty", { n: one.faulty, count: n(one.faulty) }) : "",
    good,
    runWords: t(one.faulty > 0 ? "imports.run_good" : "imports.run_all", { n: good, count: n(good) }),
    fault: one.fault ? t(one.fault.key, one.fault.values) : "",
    hasFile: one.storageKey !== null,
    onDuplicate: one.onDuplicate,
  };
}

/** A file to begin with: its header and one row. */
export function exampleRows(
  fields: readonly { name: string; label: string | null }[],
  viewer: Viewer,
): string[][] {
  const samples: Record<string, string> = {
    name: "Lucía Hernández",
    phone: "+52 55 1234 5678",
    email: "lucia@correo.example",
    company: "Muebles Roble",
    tags: "VIP, Mayorista",
    contactPhone: "+52 55 1234 5678",
    number: "4711",
    placedAt: "2026-11-25",
    amount: "1250.50",
    currency: "MXN",
    items: "2 x Silla; Mesa",
  };
  return [fields.map((field) => labelOf(field, viewer)), fields.map(({ name }) => samples[name] ?? "")];
}
