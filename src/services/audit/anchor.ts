import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What the installation remembers of its seals outside the database, beside its key: from which one on every seal carries its
 * mark, and the newest that nothing can be added to any more.
 */
export interface Anchor {
  markedFrom: number;
  head: { id: number; hash: string } | null;
}

const fileOf = (dataDir: string) => join(dataDir, "seals.json");

/** Null before the first marked seal, or where the folder is another machine's. */
export function readAnchor(dataDir: string): Anchor | null {
  try {
    return JSON.parse(readFileSync(fileOf(dataDir), "utf8")) as Anchor;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Whole or not at all; of two processes the later one's. */
export function writeAnchor(dataDir: string, anchor: Anchor): void {
  const path = fileOf(dataDir);
  // A name of its own: processes in containers share numbers.
  const next = `${path}.${randomBytes(6).toString("hex")}`;
  writeFileSync(next, `${JSON.stringify(anchor)}\n`, { mode: 0o600 });
  renameSync(next, path);
}
