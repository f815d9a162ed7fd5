import { visibleTo } from "../conversations/policy.ts";
import type { MediaKind } from "../conversations/types.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

/** A file that a customer sent or received, shown once however often it crossed. */
export interface StoryFile {
  id: number;
  publicId: string;
  kind: MediaKind;
  fileName: string;
  bytes: number | null;
  hasThumbnail: boolean;
  direction: "inbound" | "outbound";
  conversationId: number;
  messageId: number;
  sentAt: Date;
  /** How often the same content crossed, this time included. */
  times: number;
}

export interface FileQuery {
  kind: MediaKind | null;
  /** Part of a file's name. */
  search: string;
  /** Id of the last one shown, or null. */
  before: number | null;
  limit: number;
}

/** Newest first. The caller has loaded the contact; only files of conversations that the actor sees. */
export function listFiles(ctx: Reader, contactId: number, query: FileQuery): Promise<StoryFile[]> {
  const visible = visibleTo(ctx.actor);
  const search = query.search.trim().slice(0, 100);
  const conditions = [
    query.kind && "f.kind = :kind",
    search && "f.file_name <> '' and plain(f.file_name) like plain(:pattern)",
  ].filter(Boolean);
  return rows(
    ctx.db,
    `with seen as materialized (select c.id from conversations c where c.contact_id = :contactId and ${visible.sql}),
     -- Of one content the newest that fits the question stands for all.
     file as (select distinct on (coalesce(f.sha256, f.id::text)) f.*, m.conversation_id, m.direction, m.sent_at
       from attachments f join messages m on m.id = f.message_id
       where f.contact_id = :contactId and f.state = 'stored' and m.shown and m.revoked_at is null
         and m.conversation_id in (select id from seen) ${conditions.map((one) => `and ${one}`).join(" ")}
       order by coalesce(f.sha256, f.id::text), f.id desc)
     select f.id, f.public_id as "publicId", f.kind, f.file_name as "fileName", f.bytes, f.thumbnail_key is not null as "hasThumbnail",
       f.direction, f.conversation_id as "conversationId", f.message_id as "messageId", f.sent_at as "sentAt",
       (select count(*)::int from attachments g join messages gm on gm.id = g.message_id
         where g.contact_id = :contactId and g.sha256 = f.sha256 and g.state = 'stored' and gm.shown and gm.revoked_at is null
           and gm.conversation_id in (select id from seen)) as times
     from file f where true ${query.before === null ? "" : "and f.id < :before"}
     order by f.id desc limit :limit`,
    {
      ...visible.bindings,
      contactId,
      kind: query.kind,
      pattern: `%${search.replaceAll(/[\\%_]/g, "\\$&")}%`,
      before: query.before,
      limit: query.limit,
    },
  );
}
