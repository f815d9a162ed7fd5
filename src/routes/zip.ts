import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Response } from "express";
import { ZipFile } from "yazl";
import type { Storage } from "../services/platform/storage.ts";

/** Sends texts and stored files as one archive. Each file is opened when its turn comes; one that is gone ends the answer. */
export async function sendZip(
  res: Response,
  storage: Storage,
  name: string,
  texts: readonly (readonly [name: string, content: Buffer])[],
  files: readonly { name: string; storageKey: string }[],
): Promise<void> {
  const zip = new ZipFile();
  const output = zip.outputStream as unknown as Readable;
  let open: Readable | null = null;
  for (const [entry, content] of texts) zip.addBuffer(content, entry);
  // Pictures and sound are small already.
  for (const file of files)
    zip.addReadStreamLazy(`files/${file.name}`, { compress: false }, (given) => {
      open = storage.read(file.storageKey);
      open.on("error", (error) => output.destroy(error));
      given(null, open);
    });
  zip.end();
  res.attachment(name);
  // Whoever hangs up leaves no file open.
  res.on("close", () => open?.destroy());
  await pipeline(output, res);
}
