import type { Reader } from "../platform/context.ts";
import { asJson, row, rows, withTimes } from "../platform/database.ts";
import { type Happening, happeningsSql, shownActs } from "./happenings.ts";
import { type MessageRow, messageColumns, messageJoins, toMessage } from "./messages.ts";
import { noteColumns } from "./note.ts";
import { visibleTo } from "./policy.ts";
import type { Message, Note } from "./types.ts";

/** Where a page of the thread goes on from: the oldest message shown, by time and id. */
export interface ThreadCursor {
  sentAt: Date;
  id: number;
}

/**
 * Whose thread: all conversations of a contact, for a customer has one history. With `isolatedInboxId` only those of
 * that isolated inbox, or (null) only those that everybody shares; with `conversationId` only that one.
 */
export interface ThreadOf {
  contactId: number;
  isolatedInboxId?: number | null;
  conversationId?: number;
}

/** A page of a thread: its messages, and the notes and happenings of their time, each oldest first. */
export interface Thread {
  messages: Message[];
  notes: Note[];
  happenings: Happening[];
  /** Where an older page ends; null when this is the first. */
  older: ThreadCursor | null;
}

const mostNotes = 500;
const mostHappenings = 100;

/** The page that ends just before `before` (or now), in one question. What the actor may not see is left out. */
export async function getThread(
  ctx: Reader,
  of: ThreadOf,
  page: { before: ThreadCursor | null; limit: number },
): Promise<Thread> {
  const visible = visibleTo(ctx.actor);
  const found = await row<{
    messages: MessageRow[] | null;
    notes: Note[] | null;
    happenings: Happening[] | null;
  }>(
    ctx.db,
    `with seen as materialized (${seenSql(of, visible.sql)}),
     page as materialized (select m.id, m.sent_at from messages m
       where m.contact_id = :contactId and m.shown and m.conversation_id in (select id from seen)
       ${page.before ? "and (m.sent_at, m.id) < (:sentAt, :id)" : ""}
       order by m.sent_at desc, m.id desc limit :limit::int + 1),
     span as materialized (select case when count(*) > :limit::int then (array_agg(sent_at order by sent_at, id))[2] end as since from page)
     select ${asJson(`select ${messageColumns} from page join messages m using (id) ${messageJoins} order by m.sent_at, m.id`)} as messages,
       ${asJson(`select ${noteColumns} from notes n left join agents a on a.id = n.agent_id
         where n.contact_id = :contactId and n.conversation_id in (select id from seen) and ${within("n.created_at")}
         order by n.created_at, n.id limit ${mostNotes}`)} as notes,
       ${asJson(happeningsSql("select id from seen", within("e.created_at"), mostHappenings))} as happenings`,
    {
      ...visible.bindings,
      contactId: of.contactId,
      isolated: of.isolatedInboxId ?? null,
      conversationId: of.conversationId ?? null,
      sentAt: page.before?.sentAt ?? null,
      id: page.before?.id ?? null,
      limit: page.limit,
      acts: shownActs,
    },
  );
  const messages = (found?.messages ?? []).map((one) =>
    toMessage(withTimes(one, "sentAt", "createdAt", "discardedAt", "revokedAt")),
  );
  const hasOlder = messages.length > page.limit;
  const shown = hasOlder ? messages.slice(1) : messages;
  const [oldest] = shown;
  return {
    messages: shown,
    notes: (found?.notes ?? []).map((one) => withTimes(one, "createdAt")),
    happenings: (found?.happenings ?? []).map((one) => withTimes(one, "createdAt")),
    older: hasOlder && oldest ? { sentAt: oldest.sentAt, id: oldest.id } : null,
  };
}

/** The time of the page: since its oldest message, until the page after it begins. */
const within = (column: string): string =>
  `((select since from span) is null or ${column} >= (select since from span))
   and (:sentAt::timestamptz is null or ${column} < :sentAt::timestamptz)`;

/** The conversations `c` of the thread that the actor sees. */
const seenSql = (of: ThreadOf, visible: string): string =>
  `select c.id from conversations c where c.contact_id = :contactId and ${visible}
     and ${of.isolatedInboxId === undefined ? "true" : "c.isolated_inbox_id is not distinct from :isolated::bigint"}
     ${of.conversationId === undefined ? "" : "and c.id = :conversationId"}`;

/** Newer messages that are shown below one that somebody jumped to. */
const newerShown = 10;

/**
 * Where a page has to end to show a message with a few after it.
 *
 * @returns null when the newest page shows it, or when it is none of this thread.
 */
export async function findPagePosition(
  ctx: Reader,
  of: ThreadOf,
  messageId: number,
  pageSize: number,
): Promise<ThreadCursor | null> {
  const visible = visibleTo(ctx.actor);
  const newer = await rows<ThreadCursor>(
    ctx.db,
    `with seen as materialized (${seenSql(of, visible.sql)}),
     wanted as (select sent_at, id from messages where id = :messageId and shown and conversation_id in (select id from seen))
     select m.sent_at as "sentAt", m.id from messages m
     where m.contact_id = :contactId and m.shown and m.conversation_id in (select id from seen)
       and (m.sent_at, m.id) > (select sent_at, id from wanted)
     order by m.sent_at, m.id limit :limit`,
    {
      ...visible.bindings,
      contactId: of.contactId,
      isolated: of.isolatedInboxId ?? null,
      conversationId: of.conversationId ?? null,
      messageId,
      limit: pageSize,
    },
  );
  return newer.length < pageSize ? null : (newer[newerShown] ?? null);
}
