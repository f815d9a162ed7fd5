import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import type { Waiting } from "../sla/keep-clocks.ts";
import type { StoredMessage } from "./messages.ts";

/** Kinds that the thread does not show as messages. */
const hidden = new Set(["reaction", "edit", "revoke"]);

interface Summary {
  conversationId: number;
  /** What the contact wrote and nobody read yet. */
  unread: number;
  firstInboundAt: string | null;
  lastInboundAt: string | null;
  /** The firm's phone answered last. */
  answeredAt: string | null;
  lastAt: string;
  preview: string;
  previewKind: string;
  previewAuthor: string;
  inboxId: number;
  identityId: number;
}

/**
 * Brings the columns that lists show up to date, in one statement. A pending or snoozed conversation opens when
 * the contact writes; the history of the past changes nothing.
 *
 * @returns how the conversations stand now.
 */
export async function summarise(tx: Tx, stored: readonly StoredMessage[]): Promise<Waiting[]> {
  const summaries = new Map<number, Summary>();
  for (const one of stored) {
    const { message } = one;
    if (message.history || hidden.has(message.kind)) continue;
    const old = summaries.get(one.conversationId);
    const isLast = !old || message.sentAt >= old.lastAt;
    const inbound = message.author === "contact" && message.kind !== "system";
    const summary: Summary = {
      conversationId: one.conversationId,
      unread: (old?.unread ?? 0) + (inbound ? 1 : 0),
      firstInboundAt: earliest(old?.firstInboundAt, inbound ? message.sentAt : null),
      lastInboundAt: latest(old?.lastInboundAt, inbound ? message.sentAt : null),
      answeredAt: latest(old?.answeredAt, message.author === "phone" ? message.sentAt : null),
      lastAt: isLast ? message.sentAt : old.lastAt,
      preview: isLast ? message.text.slice(0, 160) : old.preview,
      previewKind: isLast ? message.kind : old.previewKind,
      previewAuthor: isLast ? message.author : old.previewAuthor,
      inboxId: isLast || !old ? one.inboxId : old.inboxId,
      identityId: isLast || !old ? one.person.identityId : old.identityId,
    };
    summaries.set(one.conversationId, summary);
  }
  if (summaries.size === 0) return [];
  return rows(
    tx.db,
    `update conversations c set
       unread_count = case when s."answeredAt" >= s."lastInboundAt" or s."lastInboundAt" is null and s."answeredAt" is not null
         then 0 else c.unread_count + s.unread end,
       waiting_since = case
         when s."lastInboundAt" > coalesce(s."answeredAt", '-infinity') then coalesce(case when s."answeredAt" is null then c.waiting_since end, s."firstInboundAt")
         when s."answeredAt" is not null then null
         else c.waiting_since end,
       flagged_at = case when s."answeredAt" is null then c.flagged_at end,
       first_response_at = coalesce(c.first_response_at, case when c.last_inbound_at is not null or s."firstInboundAt" < s."answeredAt" then s."answeredAt" end),
       status = case when s."lastInboundAt" is not null and c.status in ('pending', 'snoozed') then 'open' else c.status end,
       snoozed_until = case when s."lastInboundAt" is not null then null else c.snoozed_until end,
       last_inbound_at = greatest(c.last_inbound_at, s."lastInboundAt"),
       last_activity_at = greatest(c.last_activity_at, s."lastAt"),
       preview = case when s."lastAt" >= c.last_activity_at then s.preview else c.preview end,
       preview_kind = case when s."lastAt" >= c.last_activity_at then s."previewKind" else c.preview_kind end,
       preview_author = case when s."lastAt" >= c.last_activity_at then s."previewAuthor" else c.preview_author end,
       last_inbox_id = case when s."lastAt" >= c.last_activity_at or c.last_inbox_id is null then s."inboxId" else c.last_inbox_id end,
       last_identity_id = case when s."lastAt" >= c.last_activity_at or c.last_identity_id is null then s."identityId" else c.last_identity_id end
     from jsonb_to_recordset(:summaries::jsonb) as s("conversationId" bigint, unread integer,
       "firstInboundAt" timestamptz, "lastInboundAt" timestamptz, "answeredAt" timestamptz, "lastAt" timestamptz,
       preview text, "previewKind" text, "previewAuthor" text, "inboxId" bigint, "identityId" bigint)
     where c.id = s."conversationId" returning c.id, c.status, c.waiting_since as "waitingSince"`,
    { summaries: json([...summaries.values()]) },
  );
}

const earliest = (a: string | null | undefined, b: string | null): string | null =>
  !a ? b : !b || a < b ? a : b;
const latest = (a: string | null | undefined, b: string | null): string | null =>
  !a ? b : !b || a > b ? a : b;

/** What does not open WhatsApp's 24 hours: only what the person really wrote does (Meta, "Pricing"). */
const opensNoWindow = new Set(["system", "reaction", "edit", "revoke"]);

/** Extends the service windows of the pairs that wrote. */
export async function openServiceWindows(tx: Tx, stored: readonly StoredMessage[]): Promise<void> {
  const windows = new Map<string, { identityId: number; inboxId: number; at: string }>();
  for (const { message, person, inboxId } of stored) {
    if (message.history || message.author !== "contact" || opensNoWindow.has(message.kind)) continue;
    const key = `${person.identityId}/${inboxId}`;
    const at = latest(windows.get(key)?.at, message.sentAt) ?? message.sentAt;
    windows.set(key, { identityId: person.identityId, inboxId, at });
  }
  if (windows.size === 0) return;
  await tx.db.raw(
    `insert into service_windows (identity_id, inbox_id, ends_at)
     select "identityId", "inboxId", at + interval '24 hours' from jsonb_to_recordset(:windows::jsonb)
       as w("identityId" bigint, "inboxId" bigint, at timestamptz) order by 1, 2
     on conflict (identity_id, inbox_id) do update set ends_at = greatest(service_windows.ends_at, excluded.ends_at)`,
    { windows: json([...windows.values()]) },
  );
}
