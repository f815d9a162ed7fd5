/** A report as data: the same for the screen, for paper, for a mail and for a spreadsheet. */
export interface Report {
  name: string;
  figures: Figure[];
  sections: Section[];
}

export interface Figure {
  name: string;
  value: string;
  /** How it differs from before; empty: there is nothing to hold it against. */
  change: string;
  /** Of how many it is, or the like. */
  more: string;
  level: "" | "good" | "bad" | "late";
  /** How it is counted. */
  how: string;
  /** The conversations that it is made of. */
  href: string | null;
}

export interface Cell {
  text: string;
  /** For spreadsheets: a number stays one. Null: nothing. */
  raw: string | number | null;
  href?: string | null;
  /** 0 to 100: drawn as a bar beside the text. */
  bar?: number | null;
}

export interface Section {
  /** Names it in the address of its CSV. */
  key: string;
  title: string;
  how: string;
  bars: Bars | null;
  heat: Heat | null;
  /** `how`: what it means; `unit` of its raw numbers: seconds, percent. */
  columns: { name: string; isNumber: boolean; how?: string; unit?: string }[];
  rows: Cell[][];
  /** The table stands folded under the chart. */
  isFolded: boolean;
  /** What people said. */
  quotes: { text: string; more: string; href: string }[];
  /** Said in place of everything when there is nothing. */
  empty: string;
  isWide: boolean;
  /** It names customers: taking it along is taking them along. */
  isPersonal?: boolean;
}

/** A bar chart; lengths in units of its own box. */
export interface Bars {
  label: string;
  /** From left to right goes time; otherwise kinds of something stand beside each other. */
  isTime: boolean;
  width: number;
  height: number;
  bars: { x: number; y: number; width: number; height: number; title: string; isDashed: boolean }[];
  /** What it is held against, as a line. */
  line: string;
  marks: { y: number; text: string }[];
  names: { x: number; text: string }[];
  key: { now: string; before: string } | null;
}

/** Hours of the week. `shade` 0 to 9. */
export interface Heat {
  label: string;
  days: { name: string; cells: { shade: number; text: string; title: string; href: string | null }[] }[];
  hours: string[];
}
