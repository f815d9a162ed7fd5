import type { Tx } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

/**
 * What hangs on a contact and goes with them: tables with `id` and `contact_id`, identities and conversations first.
 * `unique`: the columns that a contact may have once; what the other has under the same values stays where it is.
 */
export const movable: readonly { table: string; unique?: string[] }[] = [
  { table: "contact_identities" },
  { table: "conversations" },
  { table: "notes" },
  { table: "cases" },
  { table: "commitments" },
  { table: "surveys" },
  { table: "attachments" },
  { table: "purchases", unique: ["external_id"] },
  { table: "records", unique: ["record_type_id", "external_id"] },
  { table: "interactions", unique: ["external_id"] },
];

/** What was moved: rows of a table; messages are told apart by the conversation that they left. */
export interface Move {
  table: string;
  /** Of messages: where they came from, if they changed it. Of tags: the conversation that they were added to. */
  conversationId: number | null;
  /** Of tags: which were added. */
  ids: number[];
}

/** Moves everything that hangs on a contact, and their messages, each conversation's to where `joined` says. */
export async function moveEverything(
  tx: Tx,
  from: number,
  to: number,
  joined: ReadonlyMap<number, number>,
): Promise<Move[]> {
  const moves: Move[] = [];
  for (const { table, unique } of movable) {
    const taken = unique
      ? `and not exists (select 1 from ${table} o where o.contact_id = :to
           and ${unique.map((column) => `o.${column} = ${table}.${column}`).join(" and ")})`
      : "";
    const moved = await rows<{ id: number }>(
      tx.db,
      `update ${table} set contact_id = :to where contact_id = :from ${taken} returning id`,
      { from, to },
    );
    moves.push({ table, conversationId: null, ids: moved.map(({ id }) => id) });
  }
  for (const [source, target] of joined) {
    moves.push(await moveMessages(tx, from, { to, source, target }));
  }
  const rest = await rows<{ id: number }>(
    tx.db,
    `update messages set contact_id = :to where id in (select id from messages where contact_id = :from and shown
       union all select id from messages where contact_id = :from and not shown) returning id`,
    { from, to },
  );
  moves.push({ table: "messages", conversationId: null, ids: rest.map(({ id }) => id) });
  return moves;
}

async function moveMessages(
  tx: Tx,
  from: number,
  { to, source, target }: { to: number; source: number; target: number },
): Promise<Move> {
  const moved = await rows<{ id: number }>(
    tx.db,
    `update messages set contact_id = :to, conversation_id = :target
     where id in (select id from messages where conversation_id = :source and contact_id = :from and shown
       union all select id from messages where conversation_id = :source and contact_id = :from and not shown) returning id`,
    { from, to, source, target },
  );
  return { table: "messages", conversationId: source, ids: moved.map(({ id }) => id) };
}

/** Keeps what was moved, so that it can be taken back. */
export async function keepMoves(tx: Tx, mergeId: number, moves: readonly Move[]): Promise<void> {
  for (const { table, conversationId, ids } of moves) {
    if (ids.length === 0) continue;
    await tx.db.raw(
      "insert into contact_merge_moves (merge_id, table_name, conversation_id, row_ids) values (?, ?, ?, ?)",
      [mergeId, table, conversationId, ids],
    );
  }
}

/** Gives back what a merge moved, as far as it is still where the merge had put it. */
export async function takeBack(
  tx: Tx,
  mergeId: number,
  { keptId, mergedId }: { keptId: number; mergedId: number },
): Promise<void> {
  const moves = await rows<Move>(
    tx.db,
    `select table_name as "table", conversation_id as "conversationId", row_ids as ids
     from contact_merge_moves where merge_id = ? order by table_name = 'messages', table_name`,
    [mergeId],
  );
  for (const move of moves) await tx.db.raw(takingBack(move), { ...move, keptId, mergedId });
}

function takingBack({ table, conversationId }: Move): string {
  const theirs = "id = any(:ids::bigint[])";
  switch (table) {
    case "contact_tags":
      return "delete from contact_tags where contact_id = :keptId and tag_id = any(:ids::bigint[])";
    case "conversation_tags":
      return "delete from conversation_tags where conversation_id = :conversationId and tag_id = any(:ids::bigint[])";
    case "contacts":
      return `update contacts set merged_into_id = :mergedId where ${theirs} and merged_into_id = :keptId`;
    case "messages": {
      const back = conversationId === null ? "" : ", conversation_id = :conversationId";
      return `update messages set contact_id = :mergedId ${back} where ${theirs} and contact_id = :keptId`;
    }
    default:
      if (!movable.some((one) => one.table === table)) throw new Error(`a merge moved rows of ${table}`);
      return `update ${table} set contact_id = :mergedId where ${theirs} and contact_id = :keptId`;
  }
}
