/** What a firm's own field holds. `choice` is one of its options; `datetime` a time on the firm's clock. */
export type FieldKind = "text" | "number" | "date" | "datetime" | "choice" | "boolean";
export const fieldKinds = [
  "text",
  "number",
  "date",
  "datetime",
  "choice",
  "boolean",
] as const satisfies FieldKind[];

/** Which field is a record's title, its date, its state. */
export type FieldPlace = "title" | "date" | "state";
export const fieldPlaces = ["title", "date", "state"] as const satisfies FieldPlace[];

export interface CustomField {
  id: number;
  /** Null: a field of every customer's card. */
  recordTypeId: number | null;
  /** Its name in stored values and in the API. */
  key: string;
  label: string;
  kind: FieldKind;
  options: string[];
  place: FieldPlace | null;
  position: number;
  archivedAt: Date | null;
}

/** As stored: text, dates (`2026-11-25`), times (`2026-11-25T10:30`) and choices are strings. Absent is unknown. */
export type FieldValue = string | number | boolean;
export type FieldValues = Record<string, FieldValue>;
