import { createHash } from "node:crypto";
import type { MediaKind } from "../conversations/types.ts";
import { apiUrlOf } from "../inboxes/api-url.ts";
import { findConnectedInbox } from "../inboxes/queries.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { ChannelError } from "../platform/errors.ts";
import { inspectFile } from "../platform/files.ts";
import { transact } from "../platform/transact.ts";
import { adapterOf } from "./index.ts";

const mostInFlight = 3;
const leaseSeconds = 180;
/** With doubling waits this spans about a day; the provider keeps files for seven. */
const mostAttempts = 12;

interface Pending {
  id: number;
  message_id: number;
  conversation_id: number;
  inbox_id: number;
  kind: MediaKind;
  media_type: string;
  provider_media_id: string;
  attempts: number;
}

/**
 * Fetches files that messages brought until none is due. Doing it twice is harmless, so a lease that ran out is
 * simply taken again.
 */
export async function fetchMedia(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  let fetched = 0;
  for (;;) {
    const pending = await claim(system);
    if (pending.length === 0) return fetched;
    await Promise.all(pending.map((attachment) => fetchOne(system, attachment)));
    fetched += pending.length;
  }
}

function claim(ctx: Context): Promise<Pending[]> {
  return rows(
    ctx.db,
    `update attachments a set state = 'fetching', attempts = a.attempts + 1, due_at = now() + make_interval(secs => ${leaseSeconds})
     from messages m
     where m.id = a.message_id and a.id in (select id from attachments where state in ('pending', 'fetching') and due_at <= now()
       order by due_at limit ${mostInFlight} for update skip locked)
     returning a.id, a.message_id, m.conversation_id, m.inbox_id, a.kind, a.media_type, a.provider_media_id, a.attempts`,
  );
}

async function fetchOne(ctx: Context, attachment: Pending): Promise<void> {
  try {
    const inbox = await findConnectedInbox(ctx.db, ctx.secrets, attachment.inbox_id);
    if (!inbox) throw new ChannelError("the inbox is disconnected", { outcome: "final" });
    const adapter = adapterOf(inbox.channel);
    const { bytes } = await adapter.download(
      apiUrlOf(ctx.config, inbox),
      inbox,
      attachment.provider_media_id,
    );
    const file = await inspectFile(bytes, attachment.media_type);
    const storageKey = await ctx.storage.put(bytes);
    const thumbnailKey = file.thumbnail ? await ctx.storage.put(file.thumbnail) : null;
    await settle(ctx, attachment, {
      state: "stored",
      storage_key: storageKey,
      thumbnail_key: thumbnailKey,
      media_type: file.mediaType,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      width: file.width,
      height: file.height,
      error: null,
      due_at: null,
    });
  } catch (error) {
    const final =
      (error instanceof ChannelError && error.outcome === "final") || attachment.attempts >= mostAttempts;
    if (!(error instanceof ChannelError))
      ctx.logger.warn({ err: error, attachmentId: attachment.id }, "a file could not be kept");
    const waitSeconds = Math.min(2 ** attachment.attempts, 14_400) * (0.5 + Math.random());
    await settle(ctx, attachment, {
      state: final ? "failed" : "pending",
      error: error instanceof ChannelError ? error.message : "storage",
      due_at: final ? null : new Date(Date.now() + waitSeconds * 1000),
    });
  }
}

async function settle(ctx: Context, attachment: Pending, values: Record<string, unknown>): Promise<void> {
  await transact(ctx, async (tx) => {
    const settled = await tx
      .db("attachments")
      .where({ id: attachment.id, state: "fetching", attempts: attachment.attempts })
      .update(values);
    if (settled === 0) return;
    const { conversation_id: conversationId, message_id: messageId } = attachment;
    const { state, sha256, bytes } = values;
    tx.record(
      { type: "message.changed", conversationId, messageId },
      // Sealed with the rest: a file that was changed afterwards gives itself away.
      state === "stored"
        ? { act: "file.kept", conversationId, messageId, data: { sha256, bytes } }
        : undefined,
    );
  });
}

/** Puts files that failed back in line, by hand. */
export async function retryMedia(
  tx: Parameters<Parameters<typeof transact>[1]>[0],
  messageId: number,
): Promise<boolean> {
  const again = await row(
    tx.db,
    `update attachments set state = 'pending', attempts = 0, error = null, due_at = now()
     where message_id = ? and state = 'failed' and provider_media_id is not null returning id`,
    [messageId],
  );
  if (again) tx.record({ type: "media.pending" });
  return again !== null;
}
