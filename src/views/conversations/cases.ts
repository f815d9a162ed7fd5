import { recursAfter } from "../../services/cases/queries.ts";
import type { Case } from "../../services/cases/types.ts";
import { dayAndClock, daysAgo, exact, shortDay } from "../format.ts";
import { translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";

export interface CaseStepView {
  id: number;
  title: string;
  isDone: boolean;
  /** Who ticked it and when; empty while it is open. */
  done: string;
}

export interface CaseView {
  id: number;
  domId: string;
  title: string;
  topic: string | null;
  isOpen: boolean;
  stateNote: string;
  solution: string;
  /** `hace 2 días`, as a part of a sentence. */
  age: string;
  exact: string;
  resolved: string;
  steps: CaseStepView[];
  done: number;
  /** The third of its topic in a short time: its cause was never removed. */
  isRecurring: boolean;
  earlier: { id: number; title: string; solution: string; when: string }[];
}

export function presentCase(one: Case, viewer: Viewer): CaseView {
  const t = translateFor(viewer.locale);
  return {
    id: one.id,
    domId: domId("case", one.id),
    title: one.title,
    topic: one.topic === one.title ? null : one.topic,
    isOpen: one.status === "open",
    stateNote: one.stateNote,
    solution: one.solution,
    age: daysAgo(one.openedAt, viewer.now, viewer),
    exact: exact(one.openedAt, viewer),
    resolved: one.resolvedAt
      ? t("cases.resolved_by", {
          name: one.resolvedBy ?? t("agent.hilo"),
          date: shortDay(one.resolvedAt, viewer.now, viewer),
        })
      : "",
    steps: one.steps.map((step) => ({
      id: step.id,
      title: step.title,
      isDone: step.doneAt !== null,
      done: step.doneAt
        ? [step.doneBy, dayAndClock(step.doneAt, viewer.now, viewer)].filter(Boolean).join(" · ")
        : "",
    })),
    done: one.steps.filter((step) => step.doneAt !== null).length,
    isRecurring: one.earlier.length >= recursAfter,
    earlier: one.earlier.map((other) => ({
      id: other.id,
      title: other.title,
      solution: other.solution,
      when: shortDay(other.openedAt, viewer.now, viewer),
    })),
  };
}
