import type { MediaKind, MessageKind } from "../conversations/types.ts";
import type { ConnectedInbox } from "../inboxes/queries.ts";
import type { Channel } from "../inboxes/types.ts";
import type { Context } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { adapterOf, type OutboundMessage } from "./index.ts";

/** A sender that says nothing for this long is taken for dead. Longer than two uploads and two sends may take. */
const leaseSeconds = 180;

export interface ClaimedMessage {
  id: number;
  conversationId: number;
  kind: MessageKind;
  text: string;
  /** Grows with each claim: results of an older one are refused. */
  attempt: number;
  createdAt: Date;
  identityId: number;
  recipient: { externalId: string; kind: "phone" | "user_id" };
  target: string | null;
  media: ClaimedMedia | null;
  choices: OutboundMessage["choices"];
}

export interface ClaimedMedia {
  attachmentId: number;
  kind: MediaKind;
  fileName: string;
  mediaType: string;
  storageKey: string;
  providerMediaId: string | null;
  voice: boolean;
}

/** Inboxes with something to send now. */
export async function listInboxesWithDueMessages(ctx: Context): Promise<number[]> {
  const found = await rows<{ inbox_id: number }>(
    ctx.db,
    `select distinct m.inbox_id from messages m join inboxes i on i.id = m.inbox_id
     where m.delivery = 'queued' and m.due_at <= now() and (i.paused_until is null or i.paused_until <= now())`,
  );
  return found.map(({ inbox_id }) => inbox_id);
}

/**
 * Takes due messages of an inbox, at most one of a conversation and no more than the provider's limits allow, and
 * commits before anything is sent. The inbox's row serialises claims, so that the limits hold for all processes.
 */
export async function claimMessages(
  ctx: Context,
  inbox: ConnectedInbox,
  limit: number,
): Promise<ClaimedMessage[]> {
  const { limits } = adapterOf(inbox.channel as Channel);
  return ctx.db.transaction(async (db) => {
    const bucket = await row<{ tokens: number }>(
      db,
      `select least(:burst::float8, send_tokens + :rate::float8 * extract(epoch from clock_timestamp() - send_tokens_at))::float8 as tokens
       from inboxes where id = :id and (paused_until is null or paused_until <= now()) for update`,
      { id: inbox.id, burst: limits.inbox.burst, rate: limits.inbox.perSecond },
    );
    const available = Math.min(limit, Math.floor(bucket?.tokens ?? 0));
    if (!bucket || available < 1) return [];
    const candidates = await rows<{ id: number; tokens: number | null }>(
      db,
      `with due as (
         select m.id, m.identity_id from messages m
         where m.inbox_id = :inbox and m.delivery = 'queued' and m.due_at <= now()
           and not exists (select 1 from messages earlier where earlier.conversation_id = m.conversation_id
             and earlier.id < m.id and earlier.delivery in ('queued', 'sending'))
         order by m.due_at, m.id limit :limit for update of m skip locked)
       select due.id, least(:burst::float8, w.send_tokens + :rate::float8 * extract(epoch from clock_timestamp() - w.send_tokens_at))::float8 as tokens
       from due left join service_windows w on w.identity_id = due.identity_id and w.inbox_id = :inbox`,
      { inbox: inbox.id, limit: available, burst: limits.pair.burst, rate: limits.pair.perSecond },
    );
    const early = candidates.filter(({ tokens }) => tokens !== null && tokens < 1);
    const ready = candidates.filter(({ tokens }) => tokens === null || tokens >= 1).map(({ id }) => id);
    if (early.length > 0) await delay(db, early, limits.pair.perSecond);
    if (ready.length === 0) return [];
    await db.raw(
      `update inboxes set send_tokens = :left, send_tokens_at = clock_timestamp() where id = :id`,
      { id: inbox.id, left: bucket.tokens - ready.length },
    );
    await db.raw(
      `update service_windows w set send_tokens = least(:burst::float8, w.send_tokens + :rate::float8 * extract(epoch from clock_timestamp() - w.send_tokens_at)) - 1,
         send_tokens_at = clock_timestamp()
       from messages m where m.id = any(:ready::bigint[]) and w.identity_id = m.identity_id and w.inbox_id = m.inbox_id`,
      { ready, burst: limits.pair.burst, rate: limits.pair.perSecond },
    );
    return take(db, ready);
  });
}

async function delay(
  db: Context["db"],
  early: readonly { id: number; tokens: number | null }[],
  perSecond: number,
): Promise<void> {
  await db.raw(
    `update messages m set due_at = now() + make_interval(secs => e.seconds)
     from jsonb_to_recordset(?::jsonb) as e(id bigint, seconds float8) where m.id = e.id`,
    [json(early.map(({ id, tokens }) => ({ id, seconds: (1 - (tokens ?? 0)) / perSecond })))],
  );
}

interface TakenRow {
  id: number;
  conversation_id: number;
  kind: MessageKind;
  text: string;
  attempts: number;
  created_at: Date;
  identity_id: number;
  external_id: string;
  identity_kind: "phone" | "user_id";
  target: string | null;
  attachment_id: number | null;
  media_kind: MediaKind;
  file_name: string;
  media_type: string;
  storage_key: string;
  provider_media_id: string | null;
  voice: boolean;
  options: { id: string; title: string }[] | null;
  shown_as: "buttons" | "list" | null;
}

async function take(db: Context["db"], ids: readonly number[]): Promise<ClaimedMessage[]> {
  const taken = await rows<TakenRow>(
    db,
    `with taken as (
       update messages set delivery = 'sending', attempts = attempts + 1, due_at = null,
         lease_ends_at = now() + make_interval(secs => ${leaseSeconds})
       where id = any(?::bigint[]) and delivery = 'queued'
       returning id, conversation_id, kind, text, content, attempts, created_at, identity_id, reply_to_id)
     select t.id, t.conversation_id, t.kind, t.text, t.attempts, t.created_at, t.identity_id,
       coalesce(i.send_alternate, i.external_id) as external_id, i.kind as identity_kind, target.external_id as target,
       a.id as attachment_id, a.kind as media_kind, a.file_name, a.media_type, a.storage_key, a.provider_media_id,
       coalesce(t.content -> 'voice' = 'true', false) as voice, t.content -> 'options' as options, t.content ->> 'shownAs' as shown_as
     from taken t join contact_identities i on i.id = t.identity_id
       left join messages target on target.id = t.reply_to_id
       left join attachments a on a.message_id = t.id
     order by t.id`,
    [ids],
  );
  return taken.map((found) => ({
    id: found.id,
    conversationId: found.conversation_id,
    kind: found.kind,
    text: found.text,
    attempt: found.attempts,
    createdAt: found.created_at,
    identityId: found.identity_id,
    recipient: { externalId: found.external_id, kind: found.identity_kind },
    target: found.target,
    choices: found.options && found.shown_as ? { shownAs: found.shown_as, options: found.options } : null,
    media:
      found.attachment_id === null
        ? null
        : {
            attachmentId: found.attachment_id,
            kind: found.media_kind,
            fileName: found.file_name,
            mediaType: found.media_type,
            storageKey: found.storage_key,
            providerMediaId: found.provider_media_id,
            voice: found.voice,
          },
  }));
}
