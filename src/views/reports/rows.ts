import type { Compose } from "../../services/reports/exports.ts";
import { columnNames } from "../../services/reports/rows.ts";
import { csvLines, type Dialect, dialects } from "../csv.ts";
import { translateFor } from "../i18n.ts";

/** The words of a table of rows, in the language and for the spreadsheet of whoever asked. */
export const composeRows: Compose = (kind, { dialect: wanted, locale }) => {
  const t = translateFor(locale);
  const dialect = wanted in dialects ? (wanted as Dialect) : "point";
  const words = (names: readonly string[], key: (name: string) => string) =>
    Object.fromEntries(names.map((name) => [name, t(key(name))]));
  return {
    head:
      dialects[dialect].bom + csvLines([columnNames(kind).map((name) => t(`report.row.${name}`))], dialect),
    delimiter: dialects[dialect].delimiter,
    words: {
      status: words(["open", "pending", "snoozed", "resolved"], (name) => `status.${name}`),
      kept: words(["met", "missed"], (name) => `report.short.${name}`),
      outcome: words(["won", "lost"], (name) => `outcome.${name}`),
      abandoned: words(["saturation", "frustration"], (name) => `report.short.${name}`),
      yes: { true: t("page.yes"), false: t("page.no") },
      direction: words(["inbound", "outbound"], (name) => `report.row.is_${name}`),
      author: words(["contact", "agent", "bot", "phone"], (name) => `report.row.author_${name}`),
    },
  };
};
