import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { type Condition, conditions, type FactCursor, type FactRow, listFacts } from "./conversations.ts";
import { type Slice, within } from "./slice.ts";

/** A message as a table shows it. */
export interface MessageRow {
  id: number;
  conversationId: number;
  sentAt: Date;
  direction: "inbound" | "outbound";
  author: "contact" | "agent" | "bot" | "phone";
  agent: string | null;
  kind: string;
  text: string;
  delivery: string | null;
  inbox: string;
}

export type RowKind = "conversations" | "messages";
export type TableRow = { kind: "conversations"; row: FactRow } | { kind: "messages"; row: MessageRow };

/** Conversations of one read; their messages are read together. */
const perRead = { conversations: 1000, messages: 100 };

/** How many rows a table of a slice has; of messages about. */
export async function countRows(ctx: Reader, kind: RowKind, slice: Slice, is: Condition): Promise<number> {
  const seen = within(ctx.actor, slice);
  const visible = visibleTo(ctx.actor);
  const found = await row<{ n: number }>(
    ctx.db,
    `select ${kind === "messages" ? "coalesce(sum(f.inbound + f.outbound + f.automatic), 0)" : "count(*)"}::int as n
     from conversation_facts f join conversations c on c.id = f.conversation_id where ${seen.sql} and ${visible.sql} and ${conditions[is]}`,
    { ...seen.bindings, ...visible.bindings },
  );
  return found?.n ?? 0;
}

/** Every row of a slice, newest conversations first, some at a time: it never holds more than one read. */
export async function* readRows(
  ctx: Reader,
  kind: RowKind,
  slice: Slice,
  is: Condition,
): AsyncGenerator<TableRow[]> {
  for (let before: FactCursor | null = null; ; ) {
    const found: FactRow[] = await listFacts(ctx, slice, is, { before, limit: perRead[kind] });
    if (kind === "conversations") yield found.map((one) => ({ kind: "conversations", row: one }));
    else {
      const messages = await listMessages(
        ctx,
        found.map(({ id }) => id),
      );
      yield messages.map((one) => ({ kind: "messages", row: one }));
    }
    const last = found.at(-1);
    if (!last || found.length < perRead[kind]) return;
    before = { openedAt: last.openedAt, id: last.id };
  }
}

/** The caller may see these conversations. */
const listMessages = (ctx: Reader, ids: readonly number[]): Promise<MessageRow[]> =>
  rows(
    ctx.db,
    `select m.id, m.conversation_id as "conversationId", m.sent_at as "sentAt", m.direction, m.author_kind as author, a.name as agent, m.kind,
       coalesce(m.edited_text, m.text) as text, m.delivery, i.name as inbox
     from messages m join inboxes i on i.id = m.inbox_id left join agents a on a.id = m.author_agent_id
     where m.conversation_id = any(:ids::bigint[]) and m.shown and m.discarded_at is null and m.revoked_at is null
     order by array_position(:ids::bigint[], m.conversation_id), m.sent_at, m.id`,
    { ids },
  );
