import type { Review } from "../../services/reviews/reviews.ts";
import type { Line } from "../../services/reviews/transcript.ts";
import { dayAndClock, exact } from "../format.ts";
import { isTextKey, type Translate, translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";
import { none } from "../reports/numbers.ts";

export interface ReviewView {
  id: number;
  conversationId: number;
  contact: string;
  agent: string;
  about: string;
  score: string;
  isFinished: boolean;
  comment: string;
  needsCoaching: boolean;
  isCoached: boolean;
  answer: string;
}

export function presentReview(one: Review, viewer: Viewer): ReviewView {
  const t = translateFor(viewer.locale);
  return {
    id: one.id,
    conversationId: one.conversationId,
    contact: one.contactName || t("contact.unnamed"),
    agent: one.agentName ?? none,
    about: [
      one.topic,
      t(one.finishedAt ? "reviews.by" : "reviews.to_be_by", { name: one.reviewerName }),
      t(`reviews.rule.${one.pickedBy}`),
      dayAndClock(one.finishedAt ?? one.createdAt, viewer.now, viewer),
    ]
      .filter(Boolean)
      .join(" · "),
    score: one.score === null ? none : `${Math.round(one.score)} %`,
    isFinished: one.finishedAt !== null,
    comment: one.comment,
    needsCoaching: one.needsCoaching,
    isCoached: one.coachedAt !== null,
    answer: one.answer,
  };
}

const mediaName = (kind: string, t: Translate): string =>
  isTextKey(`kind.${kind}`) ? t(`kind.${kind}`) : kind;

export interface LineView {
  kind: Line["kind"];
  who: string;
  text: string;
  when: string;
  exact: string;
}

export function presentLine(line: Line, viewer: Viewer): LineView {
  const t = translateFor(viewer.locale);
  const who = line.kind === "contact" ? t("report.row.author_contact") : (line.name ?? t("agent.hilo"));
  const act = `act.${line.text}`;
  return {
    kind: line.kind,
    who: line.kind === "note" ? t("reviews.note_by", { name: who }) : who,
    text:
      line.kind === "act"
        ? isTextKey(act)
          ? t(act)
          : line.text
        : [line.media && `[${mediaName(line.media, t)}]`, line.text].filter(Boolean).join(" "),
    when: dayAndClock(line.at, viewer.now, viewer),
    exact: exact(line.at, viewer),
  };
}
