import type { Quality, QualityRow } from "../../services/reviews/quality.ts";
import type { Review } from "../../services/reviews/reviews.ts";
import { dayAndClock } from "../format.ts";
import { drawBars } from "./charts.ts";
import type { Report, Section } from "./model.ts";
import { cell, count, dayCell, dayText, inWords, none, words } from "./numbers.ts";
import { bare, daysWithin, type Look } from "./parts.ts";

/** How the work that was looked at was scored: over time, by person, by question, and whether reviewers agree. */
export function qualityReport(look: Look, found: Quality): Report {
  const { t, viewer } = look;
  const { locale } = viewer;
  const share = (percent: number | null) => (percent === null ? null : percent / 100);
  const total = found.weeks.reduce((sum, { reviews }) => sum + reviews, 0);
  const scored = found.weeks.filter(({ score }) => score !== null);
  const mean =
    total === 0 || scored.length === 0
      ? null
      : scored.reduce((sum, one) => sum + (one.score ?? 0) * one.reviews, 0) /
        scored.reduce((sum, one) => sum + one.reviews, 0);
  const [weakest] = found.criteria;
  const link = (more: Record<string, string>) => look.link("", more, "reviews");
  const n = (one: QualityRow, more: Record<string, string>) =>
    cell(one.reviews, "count", locale, { href: link(more) });
  const plain = (name: string, value: string, href: string | null, more = "") => ({
    name: t(`report.quality.${name}`),
    value,
    change: "",
    more,
    level: "" as const,
    how: t(`report.quality_how.${name}`),
    href: total === 0 ? null : href,
  });
  const day = (date: string) => dayText(date, locale);
  const empty = t("report.no_reviews");
  const header = (first: string, ...rest: string[]) => [
    { name: t(`report.quality.${first}`), isNumber: false },
    ...rest.map((name) => ({ name: t(`report.quality.${name}`), isNumber: true })),
  ];
  return {
    name: "quality",
    figures: [
      plain("score", inWords(share(mean), "percent", locale), link({})),
      plain("reviews", count(total, locale), link({})),
      plain(
        "weakest",
        weakest ? inWords(weakest.score, "score", locale) : none,
        weakest ? link({ criterion: String(weakest.id) }) : null,
        weakest?.name ?? "",
      ),
    ],
    sections: [
      {
        ...bare(look, "quality_weeks"),
        bars:
          total === 0
            ? null
            : drawBars(
                found.weeks.map((one) => ({
                  name: `${Number(one.monday.slice(8))}/${Number(one.monday.slice(5, 7))}`,
                  value: Math.round(one.score ?? 0),
                  title: `${day(one.monday)}: ${inWords(share(one.score), "percent", locale)}`,
                })),
                { label: t("report.quality_label", { n: total }), say: (n) => `${Math.round(n)} %` },
              ),
        columns: header("week", "reviews", "score"),
        rows: found.weeks.map((one) => [
          dayCell(one.monday, locale),
          n(one, daysWithin(look, one.monday, 7)),
          cell(share(one.score), "percent", locale),
        ]),
        isFolded: true,
        isWide: true,
        empty,
      },
      {
        ...bare(look, "quality_agents"),
        columns: header("agent", "reviews", "score"),
        rows: found.agents.map((one) => [
          words(one.name),
          n(one, { agent: String(one.id) }),
          cell(share(one.score), "percent", locale, {
            bar: one.score === null ? null : Math.round(one.score),
          }),
        ]),
        empty,
      },
      {
        ...bare(look, "quality_criteria"),
        columns: header("question", "reviews", "of_five"),
        rows: found.criteria.map((one) => [
          words(one.name),
          n(one, { criterion: String(one.id) }),
          cell(one.score, "score", locale),
        ]),
        empty,
      },
      {
        ...bare(look, "calibration"),
        columns: header("reviewer", "reviews", "score", "apart"),
        rows: found.reviewers.map((one) => [
          words(one.name),
          n(one, { reviewer: String(one.id) }),
          cell(share(one.score), "percent", locale),
          {
            text:
              one.apart === null ? "–" : `${one.apart >= 0 ? "+" : "−"}${Math.abs(Math.round(one.apart))}`,
            raw: one.apart === null ? null : Math.round(one.apart * 10) / 10,
          },
        ]),
        empty,
        isWide: true,
      },
    ],
  };
}

/** Reviews, one a row. */
export function reviewTable(look: Look, found: readonly Review[]): Section {
  const { t, viewer } = look;
  return {
    ...bare(look, "reviewed"),
    columns: (["contact", "topic", "agent", "reviewer", "finished", "score"] as const).map((name) => ({
      name: t(name === "contact" || name === "topic" ? `report.short.${name}` : `report.quality.${name}`),
      isNumber: name === "score",
    })),
    rows: found.map((one) => [
      words(one.contactName || t("contact.unnamed"), `/reviews/${one.id}`),
      words(one.topic),
      words(one.agentName),
      words(one.reviewerName),
      {
        text: one.finishedAt ? dayAndClock(one.finishedAt, viewer.now, viewer) : none,
        raw: one.finishedAt?.toISOString() ?? null,
      },
      cell(one.score === null ? null : one.score / 100, "percent", viewer.locale),
    ]),
    empty: t("report.no_reviews"),
    isWide: true,
    isPersonal: true,
  };
}
