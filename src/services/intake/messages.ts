import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import type { KnownPerson } from "./people.ts";
import type { InboundMessage } from "./types.ts";

/** A message whose inbox, person and conversation are known. */
export interface PlacedMessage {
  message: InboundMessage;
  inboxId: number;
  person: KnownPerson;
  conversationId: number;
}

export interface StoredMessage extends PlacedMessage {
  id: number;
}

/**
 * Stores what is new; what was stored before (the same id in one post, in a retry, days later) changes nothing.
 * Only a placeholder of the history is filled when its file follows.
 *
 * @returns the new ones only.
 */
export async function storeMessages(tx: Tx, placed: readonly PlacedMessage[]): Promise<StoredMessage[]> {
  const byKey = new Map<string, PlacedMessage>();
  for (const one of placed) {
    const key = `${one.inboxId}/${one.message.externalId}`;
    if (!byKey.has(key) || byKey.get(key)?.message.content.placeholder) byKey.set(key, one);
  }
  const inserted = await rows<{ id: number; inbox_id: number; external_id: string }>(
    tx.db,
    `insert into messages (conversation_id, contact_id, inbox_id, identity_id, direction, kind, text, content,
       external_id, author_kind, delivery, sent_at)
     select "conversationId", "contactId", "inboxId", "identityId",
       case author when 'contact' then 'inbound' else 'outbound' end, kind, text, content,
       "externalId", author, delivery, "sentAt"
     from jsonb_to_recordset(:messages::jsonb) as m("conversationId" bigint, "contactId" bigint, "inboxId" bigint,
       "identityId" bigint, author text, kind text, text text, content jsonb, "externalId" text, delivery text,
       "sentAt" timestamptz)
     on conflict (inbox_id, external_id) where external_id is not null do update
       set kind = excluded.kind, text = excluded.text, content = excluded.content || '{"history": true}'
       where messages.content -> 'placeholder' = 'true' and excluded.content -> 'placeholder' is null
     returning id, inbox_id, external_id`,
    { messages: json([...byKey.values()].map(toRow)) },
  );
  const stored = inserted.flatMap(({ id, inbox_id, external_id }) => {
    const one = byKey.get(`${inbox_id}/${external_id}`);
    return one ? [{ ...one, id }] : [];
  });
  stored.sort((a, b) => a.id - b.id);
  await storeMedia(tx, stored);
  await linkReplies(tx, stored);
  return stored;
}

function toRow({ message, inboxId, person, conversationId }: PlacedMessage) {
  return {
    conversationId,
    contactId: person.contactId,
    inboxId,
    identityId: person.identityId,
    author: message.author,
    kind: message.kind,
    text: message.text,
    content: message.content,
    externalId: message.externalId,
    delivery: message.delivery,
    sentAt: message.sentAt,
  };
}

/** Files are fetched later: a slow provider must not hold the batch. */
async function storeMedia(tx: Tx, stored: readonly StoredMessage[]): Promise<void> {
  const media = stored.flatMap(({ id, message, person }) =>
    message.media ? [{ messageId: id, contactId: person.contactId, ...message.media }] : [],
  );
  if (media.length === 0) return;
  await tx.db.raw(
    `insert into attachments (message_id, contact_id, kind, file_name, media_type, provider_media_id, state, due_at)
     select "messageId", "contactId", kind, "fileName", "mediaType", "providerMediaId", 'pending', now()
     from jsonb_to_recordset(:media::jsonb) as m("messageId" bigint, "contactId" bigint, kind text, "fileName" text,
       "mediaType" text, "providerMediaId" text)`,
    { media: json(media) },
  );
  tx.record({ type: "media.pending" });
}

async function linkReplies(tx: Tx, stored: readonly StoredMessage[]): Promise<void> {
  const replies = stored.flatMap(({ id, inboxId, message }) =>
    message.replyTo ? [{ id, inboxId, replyTo: message.replyTo }] : [],
  );
  if (replies.length === 0) return;
  await tx.db.raw(
    `update messages m set reply_to_id = target.id
     from jsonb_to_recordset(:replies::jsonb) as r(id bigint, "inboxId" bigint, "replyTo" text)
     join messages target on target.inbox_id = r."inboxId" and target.external_id = r."replyTo"
     where m.id = r.id and target.id <> m.id`,
    { replies: json(replies) },
  );
}
