import busboy from "busboy";
import type { Request } from "express";
import { Invalid } from "../services/platform/errors.ts";

export interface ReceivedFile {
  fileName: string;
  claimedType: string;
  bytes: Buffer;
}

/** The first file of a multipart form, at most `largestUpload` bytes; an aborted upload leaves nothing behind. */
export function receiveFile(req: Request, largestUpload: number): Promise<ReceivedFile> {
  return new Promise((resolve, reject) => {
    let parser: busboy.Busboy;
    try {
      parser = busboy({
        headers: req.headers,
        defParamCharset: "utf8",
        limits: { files: 1, fields: 5, fieldSize: 1000, fileSize: largestUpload },
      });
    } catch {
      reject(new Invalid({ file: "composer.file_empty" }));
      return;
    }
    let found = false;
    parser.on("file", (_name, stream, { filename, mimeType }) => {
      found = true;
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("limit", () => reject(new Invalid({ file: "composer.file_too_large" })));
      stream.on("end", () => {
        if (!stream.truncated)
          resolve({ fileName: filename ?? "", claimedType: mimeType, bytes: Buffer.concat(chunks) });
      });
    });
    parser.on("error", () => reject(new Invalid({ file: "composer.file_empty" })));
    parser.on("close", () => {
      if (!found) reject(new Invalid({ file: "composer.file_empty" }));
    });
    req.on("aborted", () => reject(new Invalid({ file: "composer.file_empty" })));
    req.pipe(parser);
  });
}
