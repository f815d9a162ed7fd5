import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import { choosePolicy } from "./clock.ts";
import { loadRulebook } from "./rulebook.ts";
import {
  type Clock,
  type Kept,
  keepResolution,
  keepResponse,
  type Moved,
  type Standing,
} from "./timekeeping.ts";
import type { Rulebook } from "./types.ts";

/** How many conversations are looked at with one statement. */
const perStatement = 500;

/**
 * Brings the clocks of conversations in line with how they stand: starts what has begun to wait, stops what was answered
 * or resolved, pauses what is pending or snoozed, counts anew what another policy or calendar holds for. Looking again
 * changes nothing. Whoever changes a conversation's status, waiting, assignee, team, topic, tags or priority calls it in the
 * same transaction, with the conversations locked; `sweepClocks` finds what was forgotten.
 *
 * @param moved who did something about them, so that the ladder of waiting begins anew.
 * @param recounted targets or calendars changed, and what runs takes the new ones.
 */
export async function keepClocks(
  tx: Tx,
  conversationIds: readonly number[],
  { moved = null, recounted = false }: { moved?: Moved | null; recounted?: boolean } = {},
): Promise<void> {
  if (conversationIds.length === 0) return;
  const ids = [...new Set(conversationIds)].sort((a, b) => a - b);
  const book = await loadRulebook(tx.db);
  for (let at = 0; at < ids.length; at += perStatement) {
    const some = ids.slice(at, at + perStatement);
    const standings = await readStandings(tx, some, book);
    const running = await readRunning(tx, some);
    const changes: Clock[] = [];
    const starts: Clock[] = [];
    for (const standing of standings) {
      const { response = null, resolution = null } = running.get(standing.id) ?? {};
      const keeping = { book, standing, policy: choosePolicy(book, standing), moved, recounted };
      const pairs: [Clock | null, Kept][] = [
        [response, keepResponse(keeping, response)],
        [resolution, keepResolution(keeping, resolution)],
      ];
      for (const [known, { kept, started }] of pairs) {
        if (known && kept && JSON.stringify(kept) !== JSON.stringify(known)) changes.push(kept);
        if (started) starts.push(started);
      }
    }
    await writeChanges(tx, changes);
    await writeStarts(tx, starts);
  }
}

/** A conversation, as far as its response clock goes by it. */
export interface Waiting {
  id: number;
  status: "open" | "pending" | "snoozed" | "resolved";
  waitingSince: Date | null;
}

/**
 * Of conversations, those whose response clock is not where they stand: most of a batch of messages adds to a waiting that counts
 * already, and needs no closer look. Reads the clocks alone: rows that were just rewritten are dear to find again.
 */
export async function findStrayed(tx: Tx, conversations: readonly Waiting[]): Promise<number[]> {
  if (conversations.length === 0) return [];
  const running = await rows<{ id: number; startedAt: number; runs: boolean }>(
    tx.db,
    `select k.conversation_id as id, ${milliseconds("k.started_at", "startedAt")}, k.resumed_at is not null as runs
     from sla_clocks k where k.conversation_id = any(:ids::bigint[]) and k.ended_at is null and k.target <> 'resolution'`,
    { ids: conversations.map(({ id }) => id) },
  );
  const clocks = new Map(running.map((clock) => [clock.id, clock]));
  return conversations
    .filter(({ id, status, waitingSince }) => {
      const clock = clocks.get(id);
      if (waitingSince === null || status === "resolved") return clock !== undefined;
      return clock?.startedAt !== waitingSince.getTime() || clock.runs !== (status === "open");
    })
    .map(({ id }) => id);
}

async function readStandings(tx: Tx, ids: readonly number[], book: Rulebook): Promise<Standing[]> {
  const asks = (condition: "tagIds" | "highValue") =>
    book.policies.some(({ conditions }) => conditions[condition] !== undefined);
  const tags = `coalesce((select array_agg(tag_id) from (select tag_id from conversation_tags where conversation_id = c.id
    union all select tag_id from contact_tags where contact_id = c.contact_id) t), '{}')`;
  const value = `exists (select 1 from purchases b where b.contact_id = c.contact_id and b.returned_at is null
    and b.currency is not null and coalesce(b.placed_at, b.created_at) > now() - interval '30 days'
    group by b.currency having sum(b.amount) > (select high_value_amount from firm))`;
  return rows(
    tx.db,
    `select c.id, c.status, c.waiting_since as "waitingSince", c.first_response_at as "firstResponseAt", c.opened_at as "openedAt",
       c.assignee_id as "assigneeId", c.last_inbox_id as "inboxId", c.team_id as "teamId", c.topic_id as "topicId",
       c.priority, ${asks("tagIds") ? tags : "'{}'::bigint[]"} as "tagIds", ${asks("highValue") ? value : "false"} as "highValue",
       ${asksResolution(book) ? "exists (select 1 from sla_clocks k where k.conversation_id = c.id and k.target = 'resolution')" : "false"} as "wasResolved",
       now() as now
     from conversations c where c.id = any(:ids::bigint[]) order by c.id`,
    { ids },
  );
}

const asksResolution = ({ policies }: Rulebook): boolean =>
  policies.some(({ targets }) => targets.resolution !== null);

const milliseconds = (column: string, name: string) =>
  `floor(extract(epoch from ${column}) * 1000)::float8 as "${name}"`;

/** Columns of `sla_clocks k` as a `Clock`. */
export const clockColumns = `k.id, k.conversation_id as "conversationId", k.target, k.policy_id as "policyId",
  k.business_hours_id as "businessHoursId", k.calendar_version as "calendarVersion", k.in_business_time as "inBusinessTime", k.target_seconds as "targetSeconds",
  k.counted_seconds as "countedSeconds", k.cycle, ${milliseconds("k.started_at", "startedAt")},
  ${milliseconds("k.resumed_at", "resumedAt")}, ${milliseconds("k.due_at", "dueAt")},
  ${milliseconds("k.breached_at", "breachedAt")}, ${milliseconds("k.met_at", "metAt")}, ${milliseconds("k.ended_at", "endedAt")},
  ${milliseconds("k.alert_at", "alertAt")}, ${milliseconds("k.reassign_at", "reassignAt")}, ${milliseconds("k.flag_at", "flagAt")},
  ${milliseconds("k.alert_from", "alertFrom")}, ${milliseconds("k.reassign_from", "reassignFrom")}`;

async function readRunning(
  tx: Tx,
  ids: readonly number[],
): Promise<Map<number, { response?: Clock; resolution?: Clock }>> {
  const found = await rows<Clock>(
    tx.db,
    `select ${clockColumns} from sla_clocks k
     where k.conversation_id = any(:ids::bigint[]) and k.ended_at is null order by k.id for update`,
    { ids },
  );
  const running = new Map<number, { response?: Clock; resolution?: Clock }>();
  for (const clock of found) {
    const known = running.get(clock.conversationId) ?? {};
    running.set(clock.conversationId, {
      ...known,
      [clock.target === "resolution" ? "resolution" : "response"]: clock,
    });
  }
  return running;
}

/** Times travel as milliseconds and are written as times. */
const written = `k(id bigint, "conversationId" bigint, target text, "policyId" bigint, "businessHoursId" bigint, "calendarVersion" integer, "inBusinessTime" boolean,
  "targetSeconds" integer, "countedSeconds" float8, "startedAt" float8, "resumedAt" float8, "dueAt" float8, "breachedAt" float8,
  "metAt" float8, "endedAt" float8, cycle integer, "alertAt" float8, "reassignAt" float8, "flagAt" float8, "alertFrom" float8,
  "reassignFrom" float8)`;
const time = (name: string) => `to_timestamp(k."${name}" / 1000)`;

export async function writeChanges(tx: Tx, changes: readonly Clock[]): Promise<void> {
  if (changes.length === 0) return;
  await tx.db.raw(
    `update sla_clocks c set policy_id = k."policyId", business_hours_id = k."businessHoursId", calendar_version = k."calendarVersion", in_business_time = k."inBusinessTime",
       target_seconds = k."targetSeconds", counted_seconds = k."countedSeconds", resumed_at = ${time("resumedAt")},
       due_at = ${time("dueAt")}, breached_at = ${time("breachedAt")}, met_at = ${time("metAt")}, ended_at = ${time("endedAt")},
       cycle = k.cycle, alert_at = ${time("alertAt")}, reassign_at = ${time("reassignAt")}, flag_at = ${time("flagAt")},
       alert_from = ${time("alertFrom")}, reassign_from = ${time("reassignFrom")}
     from jsonb_to_recordset(:changes::jsonb) as ${written} where c.id = k.id`,
    { changes: json(changes) },
  );
}

async function writeStarts(tx: Tx, starts: readonly Clock[]): Promise<void> {
  if (starts.length === 0) return;
  await tx.db.raw(
    `insert into sla_clocks (conversation_id, target, policy_id, business_hours_id, calendar_version, in_business_time, target_seconds, started_at,
       resumed_at, due_at, alert_at, reassign_at, flag_at, alert_from, reassign_from)
     select "conversationId", target, "policyId", "businessHoursId", "calendarVersion", "inBusinessTime", "targetSeconds", ${time("startedAt")},
       ${time("resumedAt")}, ${time("dueAt")}, ${time("alertAt")}, ${time("reassignAt")}, ${time("flagAt")},
       ${time("alertFrom")}, ${time("reassignFrom")}
     from jsonb_to_recordset(:starts::jsonb) as ${written} order by 1`,
    { starts: json(starts) },
  );
}
