import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";

/** A row that a merge rewrote, as Postgres tells it in JSON. */
export interface Snapshot {
  table: "contacts" | "conversations";
  id: number;
  before: Record<string, unknown>;
  after: Record<string, unknown>;
}

/** What a merge may rewrite. A group goes back together or not at all: its columns mean something only side by side. */
const groups = {
  contacts: [
    ["name", "name_source"],
    ["company_id"],
    ["job_title"],
    ["email"],
    ["phone", "phone_match_key"],
    ["language"],
    ["first_seen_at"],
    ["location"],
    ["preferred_channel"],
    ["preferred_hours"],
    ["do_not_call"],
  ],
  conversations: [
    ["status", "snoozed_until", "resolved_at", "resolved_by_id", "merged_into_id"],
    ["priority"],
    ["topic_id"],
    ["outcome"],
    ["team_id"],
    ["assignee_id"],
    ["waiting_since"],
    ["flagged_at"],
    ["first_response_at"],
    ["last_activity_at", "preview", "preview_kind", "preview_author", "last_inbox_id", "last_identity_id"],
    ["last_inbound_at"],
    ["unread_count"],
    ["opened_at"],
  ],
} satisfies Record<Snapshot["table"], string[][]>;

/** Rows as they are now. */
export async function look(
  tx: Tx,
  table: Snapshot["table"],
  ids: readonly number[],
): Promise<Map<number, Record<string, unknown>>> {
  const found = await rows<{ id: number; row: Record<string, unknown> }>(
    tx.db,
    `select id, to_jsonb(t) as row from ${table} t where id = any(:ids::bigint[])`,
    { ids: [...ids] },
  );
  return new Map(found.map(({ id, row }) => [id, row]));
}

/** Columns of a conversation that say whether somebody has to do something about it. */
const standing = ["status", "waiting_since", "unread_count"];

/**
 * Gives rows what they were before, group by group, where nobody changed it since.
 *
 * @param staysAsItIs conversations whose standing is no longer what it was, whatever the snapshot says.
 */
export async function restore(
  tx: Tx,
  snapshots: readonly Snapshot[],
  staysAsItIs: ReadonlySet<number>,
): Promise<void> {
  for (const { table, id, before, after } of snapshots) {
    const kept = table === "conversations" && staysAsItIs.has(id) ? standing : [];
    const restored = groups[table].filter(([first]) => !kept.includes(first ?? ""));
    const assignments = restored.flatMap((group) => {
      const unchanged = group
        .map((column) => `to_jsonb(t.${column}) is not distinct from nullif(s.after -> '${column}', 'null')`)
        .join(" and ");
      return group.map(
        (column) => `${column} = case when ${unchanged} then b.${column} else t.${column} end`,
      );
    });
    if (table === "contacts") assignments.push(withoutAdded);
    await tx.db.raw(
      `update ${table} t set ${assignments.join(", ")}
       from (select :before::jsonb as before, :after::jsonb as after) s, jsonb_populate_record(null::${table}, s.before) b
       where t.id = :id`,
      { id, before: json(before), after: json(after) },
    );
  }
}

/** The firm's own fields go back key by key: another merge may have brought others. */
const withoutAdded = `custom = t.custom - array(select e.key from jsonb_each(s.after -> 'custom') e
  where not jsonb_exists(s.before -> 'custom', e.key) and t.custom -> e.key = e.value)`;

/** Whether anything of a row that a merge rewrote is other than the merge left it. */
export function isChanged({ table, after }: Snapshot, now: Record<string, unknown> | undefined): boolean {
  return groups[table]
    .flat()
    .some((column) => JSON.stringify(now?.[column] ?? null) !== JSON.stringify(after[column] ?? null));
}
