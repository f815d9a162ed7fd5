import type { FactRow } from "../../services/reports/conversations.ts";
import type { Compose } from "../../services/reports/exports.ts";
import type { MessageRow } from "../../services/reports/rows.ts";
import { csvLines, type Dialect, dialects } from "../csv.ts";
import { type Translate, translateFor } from "../i18n.ts";

type Column<Row> = readonly [name: string, of: (row: Row) => string | number | null];

/** `2026-11-23 10:06:00` on the firm's clock, as spreadsheets take it for a time. */
const local = (at: Date | null, timeZone: string): string | null =>
  at &&
  Temporal.Instant.fromEpochMilliseconds(at.getTime())
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .toString({ smallestUnit: "second" })
    .replace("T", " ");

const conversationColumns = (zone: string, t: Translate): readonly Column<FactRow>[] => {
  const yes = (is: boolean) => t(is ? "page.yes" : "page.no");
  const kept = (outcome: string | null) => outcome && t(`report.short.${outcome}`);
  return [
    ["conversation", ({ id }) => id],
    ["contact", ({ contactName }) => contactName],
    ["opened", ({ openedAt }) => local(openedAt, zone)],
    ["resolved", ({ resolvedAt }) => local(resolvedAt, zone)],
    ["state", ({ status }) => t(`status.${status}`)],
    ["topic", ({ topic }) => topic],
    ["team", ({ team }) => team],
    ["inbox", ({ inbox }) => inbox],
    ["channels", ({ channels }) => channels.join(", ")],
    ["agents", ({ agents }) => agents.join(", ")],
    ["resolved_by", ({ resolvedBy }) => resolvedBy],
    ["inbound", ({ inbound }) => inbound],
    ["outbound", ({ outbound }) => outbound],
    ["automatic", ({ automatic }) => automatic],
    ["questions", ({ questions }) => questions],
    ["transfers", ({ transfers }) => transfers],
    ["reopened", ({ reopenings }) => reopenings],
    ["first_response_seconds", ({ firstResponse }) => firstResponse],
    ["first_response_business", ({ firstResponseBusiness }) => firstResponseBusiness],
    ["handling_seconds", ({ handling }) => handling],
    ["resolution_seconds", ({ resolution }) => resolution],
    ["resolution_business", ({ resolutionBusiness }) => resolutionBusiness],
    ["first_sla", ({ firstSla }) => kept(firstSla)],
    ["next_met", ({ nextMet }) => nextMet],
    ["next_missed", ({ nextMissed }) => nextMissed],
    ["resolution_sla", ({ resolutionSla }) => kept(resolutionSla)],
    ["outcome", ({ outcome }) => outcome && t(`outcome.${outcome}`)],
    ["csat", ({ csat }) => csat],
    ["nps", ({ nps }) => nps],
    ["repeated", ({ isRepeated }) => yes(isRepeated)],
    ["recontacted", ({ recontactAt }) => local(recontactAt, zone)],
    ["abandoned", ({ abandoned }) => abandoned && t(`report.short.${abandoned}`)],
    ["by_bot", ({ answeredBy }) => yes(answeredBy === "bot")],
  ];
};

const messageColumns = (zone: string, t: Translate): readonly Column<MessageRow>[] => [
  ["message", ({ id }) => id],
  ["conversation", ({ conversationId }) => conversationId],
  ["sent", ({ sentAt }) => local(sentAt, zone)],
  ["direction", ({ direction }) => t(`report.row.is_${direction}`)],
  ["author", ({ author, agent }) => agent ?? t(`report.row.author_${author}`)],
  ["kind", ({ kind }) => kind],
  ["text", ({ text }) => text],
  ["delivery", ({ delivery }) => delivery],
  ["inbox", ({ inbox }) => inbox],
];

/** The words of a table, in the language and for the spreadsheet of whoever asked. */
export const composeRows: Compose = (kind, { slice, dialect: wanted, locale }) => {
  const t = translateFor(locale);
  const dialect = wanted in dialects ? (wanted as Dialect) : "point";
  const [ofConversation, ofMessage] = [
    conversationColumns(slice.timeZone, t),
    messageColumns(slice.timeZone, t),
  ];
  const names = (kind === "conversations" ? ofConversation : ofMessage).map(([name]) =>
    t(`report.row.${name}`),
  );
  return {
    head: dialects[dialect].bom + csvLines([names], dialect),
    lines: (some) =>
      csvLines(
        some.map((one) =>
          one.kind === "conversations"
            ? ofConversation.map(([, of]) => of(one.row))
            : ofMessage.map(([, of]) => of(one.row)),
        ),
        dialect,
      ),
  };
};
