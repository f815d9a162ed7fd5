import type { Context, Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { getMessage } from "./messages.ts";
import { can } from "./policy.ts";
import { lockConversation } from "./queries.ts";
import type { Conversation, MediaKind, Message, MessageKind } from "./types.ts";

/** Meta, Cloud API "Text messages" and "Media": characters of a text and of a caption. */
export const textLimit = 4096;
export const captionLimit = 1024;

export interface Reply {
  /** What the contact will read: plain text of 1 to 4096 characters, or a caption of up to 1024 with a file. */
  text: string;
  /** Which of the firm's addresses sends; absent: the one the contact wrote to last. */
  inboxId?: number | undefined;
  /** The message it quotes. */
  replyToId?: number | undefined;
  /** A file that `storeUpload` has kept, by its public id. */
  attachment?: string | undefined;
  /** UUID of the filled-in form: the same one again gives the same message. */
  clientToken?: string | undefined;
  /** Not written in the composer, whose draft stays. */
  keepsDraft?: boolean;
}

/**
 * Adds an agent's reply and queues it; `channels/deliver.ts` sends it. Whoever answers takes a conversation that
 * nobody has, so that two people do not answer at once.
 *
 * @throws NotFound, Forbidden; Conflict when the conversation is resolved; Invalid when the service window is closed
 * or the text is missing or too long.
 */
export function reply(ctx: Context, conversationId: number, reply: Reply): Promise<Message> {
  return transact(ctx, (tx) => replyIn(tx, conversationId, reply));
}

/** The same inside a command that has more to do. */
export async function replyIn(tx: Tx, conversationId: number, reply: Reply): Promise<Message> {
  const conversation = await lockConversation(tx, conversationId);
  if (!can(tx.actor, "reply") || tx.actor.kind !== "agent") throw new Forbidden();
  const repeated = await findRepeated(tx, conversationId, reply.clientToken);
  if (repeated !== null) return getMessage(tx, repeated);
  if (conversation.status === "resolved") throw new Conflict("composer.resolved");
  // Who wants no messages is answered, not written to.
  if (conversation.doNotContact && conversation.lastInboundAt === null)
    throw new Invalid({ text: "composer.do_not_contact" });
  const text = cleanText(reply.text);
  checkText(text, reply.attachment !== undefined);
  const door = await openDoorTo(tx, conversation, reply.inboxId);
  const kind: MessageKind = reply.attachment ? await attachmentKind(tx, reply.attachment) : "text";
  const messageId = await queueMessage(tx, conversation, door, { kind, text, reply });
  const sha256 = reply.attachment
    ? await attach(tx, reply.attachment, messageId, conversation.contactId)
    : null;
  await noteAnswer(tx, conversation, door, kind, text);
  if (!reply.keepsDraft) await forgetDraft(tx, conversationId);
  if (conversation.assigneeId === null) await take(tx, conversationId, tx.actor.id);
  await keepClocks(tx, [conversationId]);
  tx.record(
    { type: "message.queued", conversationId, messageId },
    {
      act: "message.sent",
      conversationId,
      messageId,
      contactId: conversation.contactId,
      inboxId: door.inboxId,
      ...(sha256 ? { data: { sha256 } } : {}),
    },
  );
  // The clock over the thread stops, the flag comes down.
  if (conversation.waitingSince !== null) tx.record({ type: "conversation.changed", conversationId });
  return getMessage(tx, messageId);
}

/** Postgres stores neither NUL nor halves of surrogate pairs; people mean neither. */
export const cleanText = (text: string): string => text.toWellFormed().replaceAll("\0", "").trim();

function checkText(text: string, hasFile: boolean): void {
  const length = [...text].length;
  if (!hasFile && length === 0) throw new Invalid({ text: "composer.empty" });
  const limit = hasFile ? captionLimit : textLimit;
  if (length > limit) throw new Invalid({ text: "composer.too_long" }, { limit, length });
}

async function findRepeated(
  tx: Tx,
  conversationId: number,
  token: string | undefined,
): Promise<number | null> {
  if (!token) return null;
  const found = await row<{ id: number; conversation_id: number }>(
    tx.db,
    "select id, conversation_id from messages where client_token = ?",
    [token],
  );
  if (found && found.conversation_id !== conversationId) throw new Conflict("composer.token_used");
  return found?.id ?? null;
}

/** Which of our addresses speaks to which of their identities. */
export interface DoorTo {
  inboxId: number;
  identityId: number;
}

/** @throws Invalid when there is no way to this person through that inbox, or the service window is closed. */
export async function openDoorTo(
  tx: Tx,
  conversation: Conversation,
  wantedInboxId?: number,
): Promise<DoorTo> {
  const inboxId = wantedInboxId ?? conversation.lastInboxId;
  const found = await row<{ inbox_id: number; identity_id: number; open: boolean }>(
    tx.db,
    `select x.id as inbox_id, i.id as identity_id, coalesce(w.ends_at > :now, false) as open
     from inboxes x join contact_identities i on i.channel = x.channel and i.contact_id = :contactId
       left join service_windows w on w.identity_id = i.id and w.inbox_id = x.id
     where x.id = :inboxId and x.deactivated_at is null
       and (:isolated::bigint is null and not x.isolated or x.id = :isolated::bigint)
     order by w.ends_at > :now desc nulls last, i.id = :lastIdentityId desc nulls last, w.ends_at desc nulls last, i.id limit 1`,
    {
      contactId: conversation.contactId,
      inboxId,
      isolated: conversation.isolatedInboxId,
      lastIdentityId: conversation.lastIdentityId,
      now: tx.now(),
    },
  );
  if (!found) throw new Invalid({ text: "composer.no_door" });
  if (!found.open) throw new Invalid({ text: "composer.window_closed" });
  return { inboxId: found.inbox_id, identityId: found.identity_id };
}

async function attachmentKind(tx: Tx, publicId: string): Promise<MediaKind> {
  if (tx.actor.kind !== "agent") throw new Forbidden();
  const found = await row<{ kind: MediaKind }>(
    tx.db,
    "select kind from attachments where public_id = ? and message_id is null and uploaded_by_id = ? for update",
    [publicId, tx.actor.id],
  );
  if (!found) throw new Invalid({ text: "composer.file_gone" });
  return found.kind;
}

/** @returns the digest of its content, for the audit. */
async function attach(
  tx: Tx,
  publicId: string,
  messageId: number,
  contactId: number,
): Promise<string | null> {
  const found = await row<{ sha256: string | null }>(
    tx.db,
    "update attachments set message_id = ?, contact_id = ? where public_id = ? returning sha256",
    [messageId, contactId, publicId],
  );
  return found?.sha256 ?? null;
}

async function queueMessage(
  tx: Tx,
  conversation: Conversation,
  door: DoorTo,
  message: { kind: MessageKind; text: string; reply: Reply },
): Promise<number> {
  const { kind, text, reply } = message;
  const inserted = await row<{ id: number }>(
    tx.db,
    `insert into messages (conversation_id, contact_id, inbox_id, identity_id, direction, kind, text, reply_to_id,
       client_token, author_kind, author_agent_id, delivery, due_at, sent_at)
     values (:conversationId, :contactId, :inboxId, :identityId, 'outbound', :kind, :text,
       (select q.id from messages q join conversations qc on qc.id = q.conversation_id
         where q.id = :replyToId and q.contact_id = :contactId and qc.isolated_inbox_id is not distinct from :isolated::bigint),
       :clientToken, 'agent', :agentId, 'queued', now(), :now) returning id`,
    {
      conversationId: conversation.id,
      contactId: conversation.contactId,
      inboxId: door.inboxId,
      identityId: door.identityId,
      kind,
      text,
      replyToId: reply.replyToId ?? null,
      isolated: conversation.isolatedInboxId,
      clientToken: reply.clientToken ?? null,
      agentId: tx.actor.kind === "agent" ? tx.actor.id : null,
      now: tx.now(),
    },
  );
  if (!inserted) throw new NotFound();
  return inserted.id;
}

/** The answer ends the waiting, is the newest thing in the list and clears the draft. */
async function noteAnswer(
  tx: Tx,
  conversation: Conversation,
  door: DoorTo,
  kind: MessageKind,
  text: string,
): Promise<void> {
  const agentId = tx.actor.kind === "agent" ? tx.actor.id : null;
  await tx.db.raw(
    `update conversations set waiting_since = null, flagged_at = null, unread_count = 0, preview = :preview, preview_kind = :kind,
       preview_author = 'agent', last_activity_at = greatest(last_activity_at, :now), last_inbox_id = :inboxId,
       last_identity_id = :identityId,
       first_response_at = coalesce(first_response_at, case when last_inbound_at is not null then :now::timestamptz end),
       status = case when status = 'snoozed' then 'open' else status end,
       snoozed_until = null
     where id = :id`,
    { id: conversation.id, preview: text.slice(0, 160), kind, now: tx.now(), ...door },
  );
  await tx.db.raw("update agents set last_reply_at = clock_timestamp() where id = ?", [agentId]);
}

async function forgetDraft(tx: Tx, conversationId: number): Promise<void> {
  await tx.db.raw("delete from drafts where conversation_id = ? and agent_id = ? and kind = 'reply'", [
    conversationId,
    tx.actor.kind === "agent" ? tx.actor.id : null,
  ]);
}

async function take(tx: Tx, conversationId: number, agentId: number): Promise<void> {
  await tx.db.raw("update conversations set assignee_id = ? where id = ?", [agentId, conversationId]);
  await tx.db("assignments").insert({
    conversation_id: conversationId,
    assignee_id: agentId,
    assigned_by_id: agentId,
    reason: "answered",
  });
  tx.record(
    { type: "conversation.changed", conversationId },
    { act: "conversation.assigned", conversationId, agentId, data: { reason: "answered" } },
  );
}
