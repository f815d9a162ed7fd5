import { randomBytes } from "node:crypto";
import { createReadStream, openAsBlob } from "node:fs";
import { type FileHandle, mkdir, open, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

/** Below this much free disk uploads stop and people are told, so that messages still find room. Bytes. */
export const leastFree = 200 * 1024 * 1024;

/** Where files lie. The database holds the key; nothing outside ever chooses one. */
export interface Storage {
  /** Writes all bytes or nothing and answers the new key. */
  put: (bytes: Uint8Array) => Promise<string>;
  /** The same of what comes bit by bit, never held whole. */
  putAll: (
    source: AsyncIterable<Uint8Array | string>,
    key?: string,
  ) => Promise<{ key: string; bytes: number }>;
  /** A key to be: kept before its file is written, so that nothing lies here that nobody knows. */
  newKey: () => string;
  /** @throws when the key is not there. Byte positions are inclusive, as in HTTP ranges. */
  read: (key: string, range?: { start: number; end: number }) => Readable;
  /** The file as it lies, read only when it is sent. */
  blob: (key: string) => Promise<Blob>;
  size: (key: string) => Promise<number>;
  remove: (key: string) => Promise<void>;
  /** Bytes that can still be written. */
  free: () => Promise<number>;
}

/** A text is written without a copy of it outside the heap. @returns bytes. */
async function writeWhole(file: FileHandle, some: Uint8Array | string): Promise<number> {
  if (typeof some !== "string") {
    await file.writeFile(some);
    return some.length;
  }
  const size = Buffer.byteLength(some);
  const { bytesWritten } = await file.write(some);
  if (bytesWritten < size) await file.writeFile(Buffer.from(some).subarray(bytesWritten));
  return size;
}

/** Files in a folder, spread over 256 subfolders, under random names of 128 bits. */
export function openLocalStorage(folder: string): Storage {
  const path = (key: string) => {
    if (!/^[0-9a-f]{32}$/.test(key)) throw new Error("not a storage key");
    return join(folder, key.slice(0, 2), key);
  };
  const newKey = () => randomBytes(16).toString("hex");

  async function putAll(source: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>, key = newKey()) {
    const target = path(key);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    const partial = `${target}.partial`;
    let bytes = 0;
    try {
      const file = await open(partial, "wx", 0o600);
      try {
        for await (const some of source) {
          bytes += await writeWhole(file, some);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(partial, target);
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return { key, bytes };
  }
  return {
    async put(bytes) {
      return (await putAll([bytes])).key;
    },
    putAll,
    newKey,
    read: (key, range) => createReadStream(path(key), range),
    blob: (key) => openAsBlob(path(key)),
    size: async (key) => (await stat(path(key))).size,
    async remove(key) {
      await rm(path(key), { force: true });
      // What a stop in the middle left of it.
      await rm(`${path(key)}.partial`, { force: true });
    },
    async free() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const disk = await statfs(folder);
      return disk.bavail * disk.bsize;
    },
  };
}
