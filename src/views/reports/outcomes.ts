import type { CaseEffort } from "../../services/reports/cases.ts";
import type { Comment } from "../../services/reports/comments.ts";
import type { FactRow } from "../../services/reports/conversations.ts";
import type { Compared, Group } from "../../services/reports/measures.ts";
import { share } from "../../services/reports/measures.ts";
import { drawBars } from "./charts.ts";
import { columns } from "./columns.ts";
import { ends, factTable, quotes, topicName } from "./lists.ts";
import type { Report, Section } from "./model.ts";
import { cell, count, percent, words } from "./numbers.ts";
import { bare, figure, groupTable, type Look } from "./parts.ts";

/** What was promised and kept, with each that was not. */
export function promisesReport(look: Look, total: Compared, missed: readonly FactRow[]): Report {
  const { t, viewer } = look;
  const [now, before] = ends(total);
  const kinds = [
    [
      "first_response",
      now?.firstMet ?? 0,
      now?.firstMissed ?? 0,
      "first_missed",
      before?.firstMet ?? 0,
      before?.firstMissed ?? 0,
    ],
    [
      "next_response",
      now?.nextMet ?? 0,
      now?.nextMissed ?? 0,
      "next_missed",
      before?.nextMet ?? 0,
      before?.nextMissed ?? 0,
    ],
    [
      "resolution",
      now?.resolutionMet ?? 0,
      now?.resolutionMissed ?? 0,
      "resolution_missed",
      before?.resolutionMet ?? 0,
      before?.resolutionMissed ?? 0,
    ],
  ] as const;
  return {
    name: "promises",
    figures: columns.promisesFigures.map((name) => figure(look, name, now, before)),
    sections: [
      {
        ...bare(look, "targets"),
        columns: ["target", "met", "missed", "in_time", "before"].map((name, i) => ({
          name: t(`report.short.${name}`),
          isNumber: i > 0,
        })),
        rows: kinds.map(([target, met, late, is, metBefore, lateBefore]) => {
          const kept = share(met, met + late);
          return [
            words(t(`sla.target_${target}`)),
            cell(met, "count", viewer.locale),
            cell(late, "count", viewer.locale, { href: late > 0 ? look.link(is) : null }),
            cell(kept, "percent", viewer.locale, { bar: kept === null ? null : Math.round(kept * 100) }),
            cell(share(metBefore, metBefore + lateBefore), "percent", viewer.locale),
          ];
        }),
        isWide: true,
      },
      { ...factTable(look, "misses", missed), empty: t("report.no_misses"), isWide: true },
    ],
  };
}

/** Settled at once, or not: who came back, who had to say it twice, how often for one case. */
export function contactReport(
  look: Look,
  total: Compared,
  topics: Group[],
  cases: readonly CaseEffort[],
): Report {
  const { t, viewer } = look;
  const [now, before] = ends(total);
  return {
    name: "contact",
    figures: columns.contactFigures.map((name) => figure(look, name, now, before)),
    sections: [
      {
        ...groupTable(look, "settled", topics, columns.settled, "topic", topicName(look)),
        isWide: true,
      },
      {
        ...bare(look, "cases"),
        columns: ["topic", "cases", "contacts", "time"].map((name, i) => ({
          name: t(`report.short.${name}`),
          isNumber: i > 0,
        })),
        rows: cases.map((one) => [
          words(one.topic ?? t("report.no_topic")),
          cell(one.cases, "count", viewer.locale, {
            href: look.link("case_settled", { topic: String(one.topicId ?? 0) }),
          }),
          cell(one.contacts, "score", viewer.locale),
          cell(one.seconds, "time", viewer.locale),
        ]),
        empty: t("report.no_cases"),
        isWide: true,
      },
    ],
  };
}

/** Who left without an answer: because nobody was there, or because it took too long. */
export function abandonmentReport(
  look: Look,
  total: Compared,
  teams: Group[],
  inboxes: Group[],
  left: readonly FactRow[],
): Report {
  const [now, before] = ends(total);
  return {
    name: "abandonment",
    figures: columns.abandonmentFigures.map((name) => figure(look, name, now, before)),
    sections: [
      groupTable(look, "teams", teams, columns.left, "team"),
      groupTable(look, "inboxes", inboxes, columns.left, "door"),
      { ...factTable(look, "left", left), empty: look.t("report.nobody_left"), isWide: true },
    ],
  };
}

/** Scores, and what people said. */
export function satisfactionReport(
  look: Look,
  data: {
    total: Compared;
    agents: Group[];
    scores: { kind: "csat" | "nps"; score: number; n: number }[];
    comments: Comment[];
    low: number;
  },
): Report {
  const { t, viewer } = look;
  const [now, before] = ends(data.total);
  const of = (kind: "csat" | "nps") => data.scores.filter((one) => one.kind === kind);
  const answered = of("csat").reduce((sum, { n }) => sum + n, 0);
  const low = of("csat").filter(({ score }) => score < data.low);
  const bars = (kind: "csat" | "nps", from: number, to: number): Section => {
    const all = of(kind);
    const sum = all.reduce((total, { n }) => total + n, 0);
    const names = Array.from({ length: to - from + 1 }, (_, i) => from + i);
    const countOf = (score: number) => all.find((one) => one.score === score)?.n ?? 0;
    return {
      ...bare(look, kind),
      bars:
        sum === 0
          ? null
          : drawBars(
              names.map((score) => ({
                name: String(score),
                value: countOf(score),
                title: `${score}: ${countOf(score)}`,
              })),
              {
                label: t("report.scores_label", { n: sum }),
                say: (n) => count(n, viewer.locale),
                isTime: false,
                isHalf: true,
              },
            ),
      columns: [
        { name: t("report.short.score"), isNumber: true },
        { name: t("report.short.answers"), isNumber: true },
        { name: t("report.short.share"), isNumber: true },
      ],
      rows:
        sum === 0
          ? []
          : names.map((score) => [
              cell(score, "count", viewer.locale),
              cell(countOf(score), "count", viewer.locale, {
                href: countOf(score) > 0 ? look.link("all", { [kind]: String(score) }) : null,
              }),
              cell(share(countOf(score), sum), "percent", viewer.locale),
            ]),
      isFolded: true,
      empty: t("report.no_answers"),
    };
  };
  return {
    name: "satisfaction",
    figures: [
      figure(look, "csat", now, before),
      figure(look, "nps", now, before),
      {
        name: t("report.low_scores", { n: data.low }),
        value: percent(
          share(
            low.reduce((sum, { n }) => sum + n, 0),
            answered,
          ),
          viewer.locale,
        ),
        change: "",
        more: answered === 0 ? "" : t("report.answers", { n: answered }),
        level: now?.csat !== null && now !== undefined && now.csat < data.low ? "late" : "",
        how: t("report.how.low_scores"),
        href: low.length > 0 ? look.link("low") : null,
      },
    ],
    sections: [
      bars("csat", 1, 5),
      bars("nps", 0, 10),
      {
        ...groupTable(
          look,
          "agents",
          data.agents.filter(({ csatAnswers, npsAnswers }) => csatAnswers + npsAnswers > 0),
          columns.rated,
          "agent",
        ),
        empty: t("report.no_answers"),
      },
      { ...quotes(look, "comments", data.comments), isWide: true },
    ],
  };
}
