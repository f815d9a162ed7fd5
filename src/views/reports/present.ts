import type { Frame } from "../../services/reports/frame.ts";
import { beforeOf, type Slice } from "../../services/reports/slice.ts";
import { exact, formatter } from "../format.ts";
import { type Locale, translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** What stands over every report, on paper too. */
export interface Header {
  name: string;
  period: string;
  against: string;
  hours: string;
  firm: string;
  /** Whose figures these are. */
  reach: string;
  /** What it is narrowed to, by name. */
  filters: string[];
  printed: string;
}

export function presentHeader({
  name,
  frame,
  slice,
  viewer,
  reach,
  filters = [],
}: {
  name: string;
  asked: unknown;
  frame: Frame;
  slice: Slice;
  viewer: Viewer;
  reach: "all" | "teams" | "own";
  filters?: string[];
}): Header {
  const t = translateFor(viewer.locale);
  const days = (from: Date, until: Date) =>
    range(from, new Date(until.getTime() - 1), frame.timeZone, viewer.locale);
  return {
    name: t(`report.name.${name}`),
    period: days(slice.from, slice.until),
    against: t("report.against", { period: days(beforeOf(slice), slice.from) }),
    hours: t("report.hours", { calendar: frame.calendarName, zone: frame.timeZone.replaceAll("_", " ") }),
    firm: frame.firmName,
    reach: t(`report.reach.${reach}`),
    filters,
    printed: t("report.printed", {
      name: viewer.name,
      when: exact(viewer.now, { ...viewer, timeZone: frame.timeZone }),
    }),
  };
}

/** `16 – 22 nov 2026`. */
function range(from: Date, until: Date, timeZone: string, locale: Locale): string {
  return formatter("dayYear", { locale, timeZone }).formatRange(from, until);
}
