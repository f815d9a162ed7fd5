import type { Context } from "../platform/context.ts";
import { Invalid } from "../platform/errors.ts";
import { rowsOf } from "./read-csv.ts";
import type { Import } from "./types.ts";

/** The first rows of a kept file, the header among them; none when its file is gone or unreadable. */
export async function readStoredHead(
  ctx: Pick<Context, "storage">,
  one: Import,
  rows: number,
): Promise<string[][]> {
  const head: string[][] = [];
  if (!one.storageKey) return head;
  try {
    for await (const row of rowsOf(ctx.storage.read(one.storageKey), one.encoding, one.delimiter)) {
      head.push(row);
      if (head.length > rows) break;
    }
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
  }
  return head;
}
