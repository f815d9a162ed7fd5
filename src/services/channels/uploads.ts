import { createHash } from "node:crypto";
import { can } from "../conversations/policy.ts";
import type { Attachment } from "../conversations/types.ts";
import type { Context } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { inspectFile, withoutMetadata } from "../platform/files.ts";
import { leastFree } from "../platform/storage.ts";
import { adapterOf } from "./index.ts";

/** Uploads that were never sent are forgotten after this long. */
const orphanHours = 24;

/**
 * Keeps a file that an agent chose, until a reply takes it along. The type is what the bytes say.
 *
 * @throws Forbidden; Invalid when it is empty, too large for the channel, or the disk is nearly full.
 */
export async function storeUpload(
  ctx: Context,
  upload: { fileName: string; claimedType: string; bytes: Uint8Array },
): Promise<Attachment> {
  if (!can(ctx.actor, "reply") || ctx.actor.kind !== "agent") throw new Forbidden();
  if (upload.bytes.length === 0) throw new Invalid({ file: "composer.file_empty" });
  if ((await ctx.storage.free()) < leastFree) throw new Invalid({ file: "composer.disk_full" });
  const file = await inspectFile(upload.bytes, upload.claimedType);
  const bytes = await withoutMetadata(upload.bytes, file.mediaType);
  const kind = adapterOf("whatsapp").outboundKind(file.mediaType, bytes.length);
  if (!kind) throw new Invalid({ file: "composer.file_too_large" });
  const storageKey = await ctx.storage.put(bytes);
  const thumbnailKey = file.thumbnail ? await ctx.storage.put(file.thumbnail) : null;
  const stored = await row<Attachment>(
    ctx.db,
    `insert into attachments (uploaded_by_id, kind, file_name, media_type, bytes, sha256, width, height, storage_key, thumbnail_key, state)
     values (:agentId, :kind, :fileName, :mediaType, :bytes, :sha256, :width, :height, :storageKey, :thumbnailKey, 'stored')
     returning public_id as "publicId", kind, file_name as "fileName", media_type as "mediaType", bytes, width, height,
       thumbnail_key is not null as "hasThumbnail", state, error`,
    {
      agentId: ctx.actor.id,
      kind,
      fileName: cleanFileName(upload.fileName),
      mediaType: file.mediaType,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      width: file.width,
      height: file.height,
      storageKey,
      thumbnailKey,
    },
  );
  if (!stored) throw new Error("an upload was not stored");
  return stored;
}

/** A name is data: no folders, no control or direction characters, and no more than file systems take. */
export function cleanFileName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const clean = last
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "")
    .trim()
    .slice(-200);
  return clean === "" || /^\.+$/.test(clean) ? "file" : clean;
}

/** Removes uploads that nobody sent: the row first, so that a kill leaves a file nobody points to, never the reverse. */
export async function sweepUploads(ctx: Context): Promise<number> {
  const gone = await rows<{ storage_key: string | null; thumbnail_key: string | null }>(
    ctx.db,
    `delete from attachments where message_id is null and created_at < now() - make_interval(hours => ${orphanHours})
     returning storage_key, thumbnail_key`,
  );
  for (const { storage_key, thumbnail_key } of gone) {
    if (storage_key) await ctx.storage.remove(storage_key);
    if (thumbnail_key) await ctx.storage.remove(thumbnail_key);
  }
  return gone.length;
}

/** The agent changed their mind. */
export async function discardUpload(ctx: Context, publicId: string): Promise<void> {
  if (ctx.actor.kind !== "agent") throw new Forbidden();
  await changed(
    ctx.db,
    "update attachments set created_at = '-infinity' where public_id = ? and uploaded_by_id = ? and message_id is null",
    [publicId, ctx.actor.id],
  );
}
