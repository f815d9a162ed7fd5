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
