import { stringify } from "csv-stringify/sync";

/**
 * A row as every spreadsheet reads it. What would be taken for a formula gets an apostrophe before it: a customer's name
 * must not run on a colleague's machine (OWASP, "CSV Injection").
 */
export const csvRow = (cells: readonly string[], delimiter = ","): string => csvRows([cells], delimiter);

/** Many rows at once: making the writer costs more than a row. */
const csvRows = (rows: readonly (readonly string[])[], delimiter: string): string =>
  stringify(
    rows.map((cells) => cells.map(unformulated)),
    // The writer quotes a whole line's end, but a lone half of it ends the row too.
    { delimiter, record_delimiter: "\r\n", quoted_match: /[\r\n]/ },
  );

const unformulated = (cell: string): string =>
  /^[\s]*[=+\-@\t\r|%]/.test(cell) && !/^[+-]?\d[\d\s.,]*$/.test(cell) ? `'${cell}` : cell;

/** How spreadsheets want it: where the decimal comma is, cells are parted by semicolons; programs want no mark before the text. */
export const dialects = {
  comma: { delimiter: ";", decimal: ",", bom: "\ufeff" },
  point: { delimiter: ",", decimal: ".", bom: "\ufeff" },
  plain: { delimiter: ",", decimal: ".", bom: "" },
} as const;
export type Dialect = keyof typeof dialects;

/** Rows of texts and numbers in a dialect. */
export function csvLines(rows: readonly (readonly (string | number | null)[])[], dialect: Dialect): string {
  const { delimiter, decimal } = dialects[dialect];
  const text = (cell: string | number | null) =>
    typeof cell === "number" ? String(cell).replace(".", decimal) : (cell ?? "");
  return csvRows(
    rows.map((cells) => cells.map(text)),
    delimiter,
  );
}
