import type { Comment } from "../../services/reports/comments.ts";
import type { FactRow } from "../../services/reports/conversations.ts";
import type { Compared, Group } from "../../services/reports/measures.ts";
import { dayAndClock } from "../format.ts";
import { isTextKey } from "../i18n.ts";
import type { Section } from "./model.ts";
import { cell, words } from "./numbers.ts";
import { bare, type Look } from "./parts.ts";

/** The only group of a whole, now and before. */
export const ends = ({ now, before }: Compared) => [now[0], before[0]] as const;

export const channelName = (look: Look) => (group: Group) => {
  const key = `channel.${group.key}`;
  return isTextKey(key) ? look.t(key) : (group.key ?? look.t("report.none_of_these"));
};
export const topicName = (look: Look) => (group: Group) => group.name ?? look.t("report.no_topic");

/** Conversations, one a row, for reading: the spreadsheet has more columns. */
export function factTable(look: Look, key: string, found: readonly FactRow[]): Section {
  const { t, viewer } = look;
  return {
    ...bare(look, key),
    columns: (
      ["contact", "opened", "topic", "agents", "first_response", "resolution", "score", "what"] as const
    ).map((name) => ({
      name: t(`report.short.${name}`),
      isNumber: ["first_response", "resolution", "score"].includes(name),
    })),
    rows: found.map((one) => [
      words(one.contactName || one.contactDisplay || t("contact.unnamed"), `/conversations/${one.id}`),
      { text: dayAndClock(one.openedAt, viewer.now, viewer), raw: one.openedAt.toISOString() },
      words(one.topic),
      words(one.agents.join(", ") || null),
      cell(one.firstResponseBusiness, "time", viewer.locale),
      cell(one.resolutionBusiness, "time", viewer.locale),
      cell(one.csat, "count", viewer.locale),
      words(whatHappened(one, look).join(" · ") || null),
    ]),
    isWide: true,
    isPersonal: true,
  };
}

/** What is worth saying of a conversation, in words. */
function whatHappened(one: FactRow, { t }: Look): string[] {
  const said = (is: boolean, key: string, values = {}) => (is ? [t(key, values)] : []);
  return [
    ...said(one.status !== "resolved", "report.what.unresolved"),
    ...said(one.firstSla === "missed", "report.what.first_missed"),
    ...said(one.nextMissed > 0, "report.what.next_missed", { n: one.nextMissed }),
    ...said(one.resolutionSla === "missed", "report.what.resolution_missed"),
    ...said(one.reopenings > 0, "report.what.reopened", { n: one.reopenings }),
    ...said(one.recontactAt !== null, "report.what.recontacted"),
    ...said(one.isRepeated, "report.what.repeated"),
    ...said(one.transfers > 0, "report.what.transferred", { n: one.transfers }),
    ...(one.abandoned ? [t(`report.what.${one.abandoned}`)] : []),
    ...said(one.answeredBy === "bot", "report.what.by_bot"),
  ];
}

/** What people said, each with what it was about. */
export function quotes(look: Look, key: string, comments: readonly Comment[]): Section {
  const { t, viewer } = look;
  return {
    ...bare(look, key),
    quotes: comments.map((one) => ({
      text: one.comment.length > 300 ? `${one.comment.slice(0, 300)}…` : one.comment,
      more: [
        t(`report.scored_${one.kind}`, { n: one.score }),
        one.topic,
        one.agent && t("report.served_by", { name: one.agent }),
        dayAndClock(one.answeredAt, viewer.now, viewer),
      ]
        .filter(Boolean)
        .join(" · "),
      href: `/conversations/${one.conversationId}`,
    })),
    empty: t("report.no_comments"),
  };
}
