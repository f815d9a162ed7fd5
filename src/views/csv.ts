import { stringify } from "csv-stringify/sync";

/**
 * A row as every spreadsheet reads it. What would be taken for a formula gets an apostrophe before it: a customer's name
 * must not run on a colleague's machine (OWASP, "CSV Injection").
 */
export const csvRow = (cells: readonly string[], delimiter = ","): string =>
  stringify(
    [
      cells.map((cell) =>
        /^[\s]*[=+\-@\t\r|%]/.test(cell) && !/^[+-]?\d[\d\s.,]*$/.test(cell) ? `'${cell}` : cell,
      ),
    ],
    {
      delimiter,
      record_delimiter: "\r\n",
    },
  );

/** How spreadsheets want it: where the decimal comma is, cells are parted by semicolons; programs want no mark before the text. */
export const dialects = {
  comma: { delimiter: ";", decimal: ",", bom: "\ufeff" },
  point: { delimiter: ",", decimal: ".", bom: "\ufeff" },
  plain: { delimiter: ",", decimal: ".", bom: "" },
} as const;
export type Dialect = keyof typeof dialects;

/** A row of texts and numbers in a dialect. */
export function csvLine(cells: readonly (string | number | null)[], dialect: Dialect): string {
  const { delimiter, decimal } = dialects[dialect];
  const texts = cells.map((cell) =>
    typeof cell === "number" ? String(cell).replace(".", decimal) : (cell ?? ""),
  );
  return csvRow(texts, delimiter);
}
