import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { visibleTo } from "./policy.ts";
import type { Attachment, Message } from "./types.ts";

/** Of `messages m` with `messageJoins`. */
export const messageColumns = `
  m.id, m.conversation_id as "conversationId", m.contact_id as "contactId", m.inbox_id as "inboxId", m.direction, m.kind,
  m.text, m.content, m.external_id as "externalId", m.author_kind as "authorKind", m.author_agent_id as "authorAgentId",
  a.name as "authorName", m.delivery, m.delivery_error as "deliveryError", m.discarded_at as "discardedAt",
  m.edited_text as "editedText", m.revoked_at as "revokedAt", m.sent_at as "sentAt", m.created_at as "createdAt",
  case when q.id is not null then jsonb_build_object('id', q.id, 'text', left(coalesce(q.edited_text, q.text), 160),
    'kind', q.kind, 'authorKind', q.author_kind, 'authorName', qa.name) end as "replyTo",
  case when m.kind in ('image', 'video', 'audio', 'document', 'sticker') then (select jsonb_agg(jsonb_build_object('publicId', f.public_id, 'kind', f.kind, 'fileName', f.file_name,
      'mediaType', f.media_type, 'bytes', f.bytes, 'width', f.width, 'height', f.height,
      'hasThumbnail', f.thumbnail_key is not null, 'state', f.state, 'error', f.error) order by f.id)
    from attachments f where f.message_id = m.id) end as attachments,
  (select jsonb_agg(jsonb_build_object('authorKind', r.author_kind, 'emoji', r.emoji) order by r.author_kind)
    from message_reactions r where r.message_id = m.id and r.emoji <> '') as reactions`;

export const messageJoins = `
  left join agents a on a.id = m.author_agent_id
  left join messages q on q.id = m.reply_to_id
  left join agents qa on qa.id = q.author_agent_id`;

export type MessageRow = Omit<Message, "attachments" | "reactions"> & {
  attachments: Attachment[] | null;
  reactions: Message["reactions"] | null;
};

export const toMessage = (found: MessageRow): Message => ({
  ...found,
  attachments: found.attachments ?? [],
  reactions: found.reactions ?? [],
});

/** For programs: oldest first by id, going on after `after`. */
export async function listMessagesAfter(
  ctx: Reader,
  conversationId: number,
  page: { after: number | null; limit: number },
): Promise<Message[]> {
  const found = await rows<MessageRow>(
    ctx.db,
    `select ${messageColumns} from messages m ${messageJoins}
     where m.conversation_id = :conversationId and m.shown and m.id > :after order by m.id limit :limit`,
    { conversationId, after: page.after ?? 0, limit: page.limit },
  );
  return found.map(toMessage);
}

/** Messages by id as the actor sees them; those that they may not see are missing. */
export async function findMessages(ctx: Reader, ids: readonly number[]): Promise<Message[]> {
  const visible = visibleTo(ctx.actor);
  const found = await rows<MessageRow>(
    ctx.db,
    `select ${messageColumns} from messages m join conversations c on c.id = m.conversation_id ${messageJoins}
     where m.id = any(:ids::bigint[]) and m.shown and ${visible.sql} order by m.sent_at, m.id`,
    { ...visible.bindings, ids },
  );
  return found.map(toMessage);
}

export async function getMessage(ctx: Reader, id: number): Promise<Message> {
  const [found] = await findMessages(ctx, [id]);
  if (!found) throw new NotFound();
  return found;
}

export interface StoredFile {
  storageKey: string;
  thumbnailKey: string | null;
  mediaType: string;
  fileName: string;
}

/** A file behind an address, when the actor sees the message it hangs on (or just uploaded it). */
export async function getFile(ctx: Reader, publicId: string): Promise<StoredFile> {
  const visible = visibleTo(ctx.actor);
  const found = await row<StoredFile>(
    ctx.db,
    `select f.storage_key as "storageKey", f.thumbnail_key as "thumbnailKey", f.media_type as "mediaType", f.file_name as "fileName"
     from attachments f left join messages m on m.id = f.message_id left join conversations c on c.id = m.conversation_id
     where f.public_id = :publicId and f.state = 'stored'
       and ((c.id is not null and ${visible.sql}) or (f.message_id is null and f.uploaded_by_id = :agentId))`,
    { ...visible.bindings, publicId, agentId: ctx.actor.kind === "agent" ? ctx.actor.id : null },
  );
  if (!found) throw new NotFound();
  return found;
}
