import type { NextDue } from "../../services/conversations/types.ts";
import { exact, remaining, shortAge } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** A promise as it ticks in the list, over the thread and on the board. */
export interface ClockView {
  /** ISO 8601: when it falls due, and when it turns amber. The page counts by itself. */
  dueAt: string;
  warnAt: string;
  level: "" | "warn" | "late";
  /** Which promise, for whoever hears it. */
  label: string;
  text: string;
  exact: string;
}

/** Amber is the last third of what was promised. */
const warnsInLast = 1 / 3;

export function presentClock({ dueTarget, dueAt, dueSeconds }: NextDue, viewer: Viewer): ClockView | null {
  if (!dueTarget || !dueAt) return null;
  const t = translateFor(viewer.locale);
  const warnAt = new Date(dueAt.getTime() - (dueSeconds ?? 0) * 1000 * warnsInLast);
  const isLate = dueAt <= viewer.now;
  return {
    dueAt: dueAt.toISOString(),
    warnAt: warnAt.toISOString(),
    level: isLate ? "late" : warnAt <= viewer.now ? "warn" : "",
    label: t("clock.label", { target: t(`target.${dueTarget}`) }),
    text: isLate
      ? t("clock.late", { age: shortAge(dueAt, viewer.now, viewer) })
      : remaining(dueAt, viewer.now, viewer),
    exact: exact(dueAt, viewer),
  };
}
