import type { Request, Response } from "express";
import { Router } from "express";
import { getFile } from "../services/conversations/messages.ts";
import { NotFound } from "../services/platform/errors.ts";

/** Shown in the page; everything else, SVG and HTML above all, is only ever a download. */
const inlineTypes = /^(image\/(jpeg|png|webp|gif)|audio\/[\w.+-]+|video\/(mp4|3gpp|webm|quicktime))$/;

/** Customers' files, for whoever sees the message they hang on. */
export const files: Router = Router();

files.get("/files/:id", async (req, res) => {
  const file = await getFile(req.ctx, fileId(req));
  await sendFile(req, res, { key: file.storageKey, mediaType: file.mediaType, name: file.fileName });
});

files.get("/files/:id/thumbnail", async (req, res) => {
  const file = await getFile(req.ctx, fileId(req));
  if (!file.thumbnailKey) throw new NotFound();
  await sendFile(req, res, { key: file.thumbnailKey, mediaType: "image/webp", name: "" });
});

function fileId(req: Request): string {
  const { id } = req.params;
  if (typeof id !== "string" || !/^[0-9a-f]{32}$/.test(id)) throw new NotFound();
  return id;
}

/** Nothing in a file may run, whatever it holds: no sniffing, a sandbox of its own. Ranges let players seek. */
async function sendFile(
  req: Request,
  res: Response,
  file: { key: string; mediaType: string; name: string },
): Promise<void> {
  const inline = inlineTypes.test(file.mediaType);
  const size = await req.ctx.storage.size(file.key);
  const range = parseRange(req.get("range"), size);
  res.set({
    "Content-Type": inline ? file.mediaType : "application/octet-stream",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, max-age=3600, immutable",
    "Accept-Ranges": "bytes",
  });
  if (inline) res.set("Content-Disposition", "inline");
  else res.attachment(file.name || "file");
  if (!inline) res.set("Content-Type", "application/octet-stream");
  if (range === "bad") {
    res.status(416).set("Content-Range", `bytes */${size}`).end();
    return;
  }
  if (range) res.status(206).set("Content-Range", `bytes ${range.start}-${range.end}/${size}`);
  res.set("Content-Length", String(range ? range.end - range.start + 1 : size));
  const stream = req.ctx.storage.read(file.key, range ?? undefined);
  stream.on("error", () => res.destroy());
  res.on("close", () => stream.destroy());
  stream.pipe(res);
}

/** One range as players ask for it; several at once get the whole file. */
function parseRange(header: string | undefined, size: number): { start: number; end: number } | "bad" | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? "");
  if (!match || (match[1] === "" && match[2] === "")) return null;
  const start = match[1] === "" ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === "" || match[2] === "" ? size - 1 : Math.min(Number(match[2]), size - 1);
  return start <= end && start < size ? { start, end } : "bad";
}
