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
    report: string;
    body: ReportViews["reports/_body"];
    /** Where the live stream goes on from. */
    cursor: string;
    tabs: { href: string; name: string; isCurrent: boolean }[];
    filters: {
      action: string;
      asked: { period: string; from: string; until: string; at_once: string; level: string; within: string };
      teams: Choice[];
      agents: Choice[];
      inboxes: Choice[];
      topics: Choice[];
    };
    said: string;
    /** What each figure and column means. */
    glossary: (readonly [name: string, how: string])[];
    saved: { id: number; name: string; href: string; isOwn: boolean; isWeekly: boolean }[];
    /** What would be saved now; weekly mail needs a mail server. */
    save: { report: string; query: string; canShare: boolean; canMail: boolean };
    isBehind: boolean;
  };
  "reports/conversations": Page & {
    header: Header;
    back: { href: string; name: string };
    section: Section;
    /** Where the rows are asked for as a table; null: the reader may not. */
    rows: string | null;
    next: string | null;
  };
  "mail/report": Page & { header: Header; report: Report; page: string; baseUrl: string };
  "reports/export": Page & ReportViews["reports/_export"];
  "reports/_export": {
    one: {
      id: number;
      isRunning: boolean;
      done: number;
      total: number;
      words: string;
      /** Where it is, once it is written. */
      file: string | null;
    };
  };
  /** `live`: where it is asked for again when something changes; null: it stays as it is. */
  "reports/_body": { figures: Figure[]; sections: Section[]; csv: string; live: string | null };
  "reports/_figures": { figures: Figure[] };
  "reports/_section": { section: Section; csv: string; sorts: boolean };
  "reports/_bars": { bars: Bars };
  "reports/_heat": { heat: Heat };
  "reports/_filters": ReportViews["reports/show"]["filters"] & { isHours: boolean; isToday: boolean };
}
