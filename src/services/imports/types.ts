import type { MessageKey } from "../platform/message-key.ts";

export type ImportKind = "contacts" | "purchases";
export const importKinds = ["contacts", "purchases"] as const satisfies ImportKind[];

export type Encoding = "utf-8" | "utf-16le" | "windows-1252";
export const encodings = ["utf-8", "utf-16le", "windows-1252"] as const satisfies Encoding[];

/** `mapping` waits for a person; `checking` reads all and writes nothing; `checked` waits for a word; `importing` writes. */
export type ImportState = "mapping" | "checking" | "checked" | "importing" | "done" | "failed" | "cancelled";

export interface Import {
  id: number;
  kind: ImportKind;
  agentId: number;
  agentName: string;
  fileName: string;
  storageKey: string | null;
  encoding: Encoding;
  delimiter: string;
  header: string[];
  /** For each column the field that it fills, empty for none. */
  mapping: string[];
  /** What becomes of a row whose contact or purchase is known. */
  onDuplicate: "update" | "skip";
  state: ImportState;
  /** Rows done so far. */
  position: number;
  /** Null until the file was read to its end once. */
  total: number | null;
  created: number;
  updated: number;
  skipped: number;
  faulty: number;
  /** Why all of it failed. */
  fault: { key: MessageKey; values?: Record<string, string | number> } | null;
  createdAt: Date;
  finishedAt: Date | null;
}

/** One row of a file: its number as a spreadsheet counts, and its values by the field that they fill. */
export interface ImportRow {
  n: number;
  values: Record<string, string>;
}

/** What is wrong with one value of one row. */
export interface ImportFault {
  n: number;
  field: string;
  reason: MessageKey;
  value: string;
}

/** What became of a batch. */
export interface Outcome {
  created: number;
  updated: number;
  skipped: number;
  faults: ImportFault[];
}
