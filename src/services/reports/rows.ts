import type { Reader } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { behind, type Condition } from "./conversations.ts";
import type { Slice } from "./slice.ts";

export const rowKinds = ["conversations", "messages", "responses"] as const;
export type RowKind = (typeof rowKinds)[number];

/** Words of a table, by what they stand for. */
export type RowWords = Record<
  "status" | "kept" | "outcome" | "abandoned" | "yes" | "direction" | "author",
  Record<string, string>
>;

/** How a table is written. */
export interface Writing {
  delimiter: "," | ";";
  words: RowWords;
}

/** What somebody typed, safe from spreadsheets. */
const typed = (sql: string) => `csv_cell(${sql}, :delimiter)`;
const plain = (sql: string) => `coalesce((${sql})::text, '')`;
const word = (group: keyof RowWords, sql: string) =>
  `coalesce(:words::jsonb -> '${group}' ->> (${sql})::text, (${sql})::text, '')`;
/** `2026-11-23 10:06:00` on the firm's clock, as spreadsheets take it for a time. */
const local = (sql: string) => `coalesce(date_trunc('second', ${sql} at time zone :zone)::text, '')`;

/** Columns of each kind of table in their order, as SQL: over `conversation_facts f`, and a message `m` or a response `r` of it. */
const columns = {
  conversations: {
    conversation: plain("f.conversation_id"),
    contact: typed("p.name"),
    opened: local("f.opened_at"),
    resolved: local("f.resolved_at"),
    state: word("status", "f.status"),
    topic: typed("t.name"),
    team: typed("g.name"),
    inbox: typed("n.name"),
    channels: typed("array_to_string(f.channels, ', ')"),
    agents: typed(
      "(select string_agg(a.name, ', ' order by a.name) from agents a where a.id = any(f.agent_ids))",
    ),
    resolved_by: typed("e.name"),
    inbound: plain("f.inbound"),
    outbound: plain("f.outbound"),
    automatic: plain("f.automatic"),
    questions: plain("f.questions"),
    transfers: plain("f.transfers"),
    reopened: plain("f.reopenings"),
    first_response_seconds: plain("f.first_response_seconds"),
    first_response_business: plain("f.first_response_business_seconds"),
    next_responses: plain("f.next_responses"),
    next_response_business: plain("round(f.next_business_seconds::numeric / nullif(f.next_responses, 0))"),
    handling_seconds: plain("f.handling_seconds"),
    resolution_seconds: plain("f.resolution_seconds"),
    resolution_business: plain("f.resolution_business_seconds"),
    first_sla: word("kept", "f.first_sla"),
    next_met: plain("f.next_met"),
    next_missed: plain("f.next_missed"),
    resolution_sla: word("kept", "f.resolution_sla"),
    outcome: word("outcome", "f.outcome"),
    csat: plain("f.csat"),
    nps: plain("f.nps"),
    repeated: word("yes", "f.had_to_repeat"),
    recontacted: local("f.recontact_at"),
    abandoned: word("abandoned", "f.abandoned"),
    by_bot: word("yes", "f.answered_by = 'bot'"),
  },
  messages: {
    message: plain("m.id"),
    conversation: plain("m.conversation_id"),
    sent: local("m.sent_at"),
    direction: word("direction", "m.direction"),
    author: `case when a.id is null then ${word("author", "m.author_kind")} else ${typed("a.name")} end`,
    kind: plain("m.kind"),
    text: typed("coalesce(m.edited_text, m.text)"),
    delivery: plain("m.delivery"),
    inbox: typed("n.name"),
  },
  responses: {
    conversation: plain("f.conversation_id"),
    contact: typed("p.name"),
    asked: local("r.asked_at"),
    answered: local("r.answered_at"),
    agent: `case when a.id is null then ${word("author", "'phone'")} else ${typed("a.name")} end`,
    is_first: word("yes", "r.is_first"),
    response_seconds: plain("r.seconds"),
    response_business: plain("r.business_seconds"),
    topic: typed("t.name"),
    team: typed("g.name"),
    inbox: typed("n.name"),
  },
} as const satisfies Record<RowKind, Record<string, string>>;

export const columnNames = (kind: RowKind): string[] => Object.keys(columns[kind]);

const ofConversation = `join contacts p on p.id = f.contact_id left join topics t on t.id = f.topic_id left join teams g on g.id = f.team_id
  left join inboxes n on n.id = f.inbox_id`;

/** What stands beside the facts, in which order, and how many conversations are read at a time. */
const sources: Record<RowKind, { from: string; order: string; perRead: number; count: string }> = {
  conversations: {
    from: `${ofConversation} left join agents e on e.id = f.resolved_by_id`,
    order: "f.opened_at desc, f.conversation_id desc",
    perRead: 1000,
    count: "count(*)",
  },
  messages: {
    from: `join messages m on m.conversation_id = f.conversation_id and m.shown and m.discarded_at is null and m.revoked_at is null
      join inboxes n on n.id = m.inbox_id left join agents a on a.id = m.author_agent_id`,
    order: "f.opened_at desc, f.conversation_id desc, m.sent_at, m.id",
    perRead: 100,
    count: "coalesce(sum(f.inbound + f.outbound + f.automatic), 0)",
  },
  responses: {
    from: `${ofConversation} join response_facts r on r.conversation_id = f.conversation_id left join agents a on a.id = r.agent_id`,
    order: "f.opened_at desc, f.conversation_id desc, r.n",
    perRead: 300,
    count: "coalesce(sum(f.responses), 0)",
  },
};

/** How many rows a table of a slice has; of messages about. */
export async function countRows(ctx: Reader, kind: RowKind, slice: Slice, is: Condition): Promise<number> {
  const seen = behind(ctx.actor, slice, is);
  const found = await row<{ n: number }>(
    ctx.db,
    `select (${sources[kind].count})::int as n
     from conversation_facts f join conversations c on c.id = f.conversation_id where ${seen.sql}`,
    seen.bindings,
  );
  return found?.n ?? 0;
}

/** Lines of one piece of text: some kilobytes, which the connection brings in one go. */
const linesPerPiece = 50;

/** Some rows of a table, written. */
export interface TextRows {
  texts: string[];
  rows: number;
}

interface Piece {
  text: string;
  rows: number;
  /** Conversations of the whole read; the last of them is where the next one goes on. */
  read: number;
  at: string;
  id: number;
}

/**
 * Every row of a slice as CSV, newest conversations first, some at a time. The database writes the text: no row becomes an object here,
 * and pieces are small, for what is large lies outside the heap until somebody tidies up.
 */
export async function* readRows(
  ctx: Reader,
  kind: RowKind,
  slice: Slice,
  is: Condition,
  { delimiter, words }: Writing,
): AsyncGenerator<TextRows> {
  const seen = behind(ctx.actor, slice, is);
  const { from, order, perRead } = sources[kind];
  let before = null as Pick<Piece, "at" | "id"> | null;
  for (;;) {
    const found: Piece[] = await rows<Piece>(
      ctx.db,
      `with page as materialized (
         select f.* from conversation_facts f join conversations c on c.id = f.conversation_id
         where ${seen.sql}
           and (:beforeAt::timestamptz is null or (f.opened_at, f.conversation_id) < (:beforeAt::timestamptz, :beforeId::bigint))
         order by f.opened_at desc, f.conversation_id desc limit :limit),
       lines as (select concat_ws(:delimiter, ${Object.values(columns[kind]).join(", ")}) as line, row_number() over (order by ${order}) - 1 as place
         from page f ${from}),
       pieces as (select place / ${linesPerPiece} as n, string_agg(line || chr(13) || chr(10), '' order by place) as text, count(*)::int as rows
         from lines group by 1)
       select coalesce(p.text, '') as text, coalesce(p.rows, 0) as rows, l.read, l.at::text, l.id
       from (select opened_at as at, conversation_id as id, (select count(*)::int from page) as read from page order by opened_at, conversation_id limit 1) l
         left join pieces p on true order by p.n`,
      {
        ...seen.bindings,
        zone: slice.timeZone,
        delimiter,
        words: json(words),
        beforeAt: before?.at ?? null,
        beforeId: before?.id ?? null,
        limit: perRead,
      },
    );
    yield { texts: found.map(({ text }) => text), rows: found.reduce((sum, one) => sum + one.rows, 0) };
    const [first] = found;
    if (!first || first.read < perRead) return;
    before = { at: first.at, id: first.id };
  }
}
