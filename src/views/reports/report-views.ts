import type { Page } from "../views.ts";
import type { Bars, Figure, Heat, Report, Section } from "./model.ts";
import type { Header } from "./present.ts";

interface Choice {
  value: string;
  name: string;
  isChosen: boolean;
}

/** Templates of the reports, and their data. */
export interface ReportViews {
  "reports/show": Page & {
    header: Header;
    report: Report;
    tabs: { href: string; name: string; isCurrent: boolean }[];
    filters: {
      action: string;
      asked: { period: string; from: string; until: string };
      teams: Choice[];
      agents: Choice[];
      inboxes: Choice[];
      topics: Choice[];
    };
    csv: string;
    isBehind: boolean;
  };
  "reports/conversations": Page & {
    header: Header;
    back: string;
    section: Section;
    next: string | null;
  };
  "reports/_figures": { figures: Figure[]; isLive: boolean };
  "reports/_section": { section: Section; csv: string };
  "reports/_bars": { bars: Bars };
  "reports/_heat": { heat: Heat };
  "reports/_filters": ReportViews["reports/show"]["filters"] & { isHours: boolean; isToday: boolean };
}
