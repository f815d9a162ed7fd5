import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { Invalid } from "../platform/errors.ts";
import type { Encoding } from "./types.ts";

export const mostColumns = 200;
/** A larger file is a migration, not an import. */
export const mostRows = 1_000_000;
const longestRow = 1_000_000;
const piece = 65_536;

/** What a file is written in, as its bytes say: a mark at its beginning, else UTF-8 if all of it is, else Windows'. */
export function detectEncoding(bytes: Uint8Array): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for (let at = 0; at < bytes.length; at += piece)
      decoder.decode(bytes.subarray(at, at + piece), { stream: true });
    decoder.decode();
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

const candidates = [",", ";", "\t", "|"];

/** The separator that gives most columns in the first line, outside quotes. */
export function detectDelimiter(text: string): string {
  const [line = ""] = text.replaceAll(/"(?:[^"]|"")*"/g, "").split(/\r\n|\r|\n/, 1);
  const counts = candidates.map((one) => line.split(one).length);
  return candidates[counts.indexOf(Math.max(...counts))] ?? ",";
}

/** The first rows as they are, the header among them. @throws Invalid when it is no table. */
export async function readHead(
  bytes: Uint8Array,
  encoding: Encoding,
  delimiter: string,
  rows: number,
): Promise<string[][]> {
  const head: string[][] = [];
  try {
    for await (const row of rowsOf(bytesStream(bytes.subarray(0, 4 * longestRow)), encoding, delimiter)) {
      head.push(row);
      if (head.length >= rows) break;
    }
  } catch (error) {
    // The head may have been cut in the middle of a row; what came before it is good.
    if (!(error instanceof Invalid) || head.length === 0) throw error;
  }
  return head;
}

const bytesStream = (bytes: Uint8Array): AsyncIterable<Uint8Array> =>
  (async function* () {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  })();

/**
 * Rows of a CSV, one by one: quotes, separators and line ends as spreadsheets write them; empty lines are left out.
 *
 * @throws Invalid when a quote is never closed or a row is absurdly long.
 */
export async function* rowsOf(
  bytes: AsyncIterable<Uint8Array> | Readable,
  encoding: Encoding,
  delimiter: string,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder(encoding);
  const source = Readable.from(bytes, { objectMode: false });
  const text = new Transform({
    transform(chunk, _encoding, done) {
      done(null, decoder.decode(chunk, { stream: true }));
    },
    flush(done) {
      done(null, decoder.decode());
    },
  });
  const parser = parse({
    delimiter,
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: longestRow,
  });
  // Whoever stops reading early ends all three: an open file is a thing to give back.
  const fed = pipeline(source, text, parser).catch(() => {});
  try {
    for await (const row of parser) yield row as string[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error.lines ?? 0);
    if (error.code === "CSV_QUOTE_NOT_CLOSED") throw new Invalid({ file: "imports.quote" }, { line });
    throw new Invalid({ file: "imports.unreadable" }, { line });
  } finally {
    parser.destroy();
    source.destroy();
    if ("destroy" in bytes) (bytes as Readable).destroy();
    await fed;
  }
}
