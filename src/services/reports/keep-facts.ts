import type { Knex } from "knex";
import { compileCalendar } from "../business-hours/open-time.ts";
import type { Context } from "../platform/context.ts";
import { isTransient, json, rows } from "../platform/database.ts";
import { loadRulebook } from "../sla/rulebook.ts";
import type { Rulebook } from "../sla/types.ts";
import { measure } from "./measure.ts";
import { details, type Event, type Material, type Measured, type Outcome } from "./types.ts";
import { detailPatterns, repeatsPattern, thanksPattern } from "./words.ts";

/** Marks of one transaction: few enough that nothing waits for it. */
const marksPerRound = 500;
/** One process measures at a time: of two, the later would write what the earlier knows. */
const measuringLock = 7_446_505;

/** Came back about the same within this time (MET-09). Days. */
export const recontactDays = 7;

/**
 * Measures anew what was marked since. Whatever announces something about a conversation marks it in its own transaction
 * (`transact.ts`), so that nothing is forgotten; what is measured is what has been committed.
 *
 * @returns how many conversations were measured.
 */
export async function keepFacts(ctx: Context): Promise<number> {
  for (let done = 0; ; ) {
    const round = await ctx.db.transaction(async (db) => {
      const [lock] = await rows<{ mine: boolean }>(
        db,
        `select pg_try_advisory_xact_lock(${measuringLock}) as mine`,
      );
      if (!lock?.mine) return { taken: 0, measured: 0 };
      const taken = await takeMarks(db);
      const ids = [...new Set(taken)].sort((a, b) => a - b);
      if (ids.length > 0) await measureSafely(ctx, db, ids);
      return { taken: taken.length, measured: ids.length };
    });
    done += round.measured;
    if (round.taken < marksPerRound) return done;
  }
}

/** Postgres, "Appendix A": a statement that took too long. What is too long of many may be short of one. */
const tookTooLong = "57014";

/** One conversation that cannot be measured holds up no other: it is left as it was, and named in the log. */
async function measureSafely(ctx: Context, db: Knex, ids: readonly number[]): Promise<void> {
  try {
    await db.transaction((savepoint) => measureSome(savepoint, ids));
  } catch (error) {
    // What the database cannot do now it does at the next look, with its marks.
    if (isTransient(error) && (error as { code?: string }).code !== tookTooLong) throw error;
    const half = Math.ceil(ids.length / 2);
    if (ids.length > 1)
      for (const part of [ids.slice(0, half), ids.slice(half)]) await measureSafely(ctx, db, part);
    else ctx.logger.error({ err: error, conversationId: ids[0] }, "a conversation could not be measured");
  }
}

async function takeMarks(db: Knex): Promise<number[]> {
  const taken = await rows<{ id: number }>(
    db,
    `delete from fact_marks where ctid = any(array(select ctid from fact_marks limit ${marksPerRound})) returning conversation_id as id`,
  );
  return taken.map(({ id }) => id);
}

interface Subject {
  id: number;
  contactId: number;
  openedAt: Date;
  resolvedAt: Date | null;
  calendarId: number | null;
  /** Messages of it were erased: what was measured before stays, for it cannot be measured again. */
  isErased: boolean;
  /** Messages of the past, which the firm's phone brought: a conversation of nothing else is none of ours. */
  isPast: boolean;
}

async function measureSome(db: Knex, ids: readonly number[]): Promise<void> {
  // What was merged into another has no messages of its own any more.
  const subjects = await rows<Subject>(
    db,
    `select id, contact_id as "contactId", opened_at as "openedAt", resolved_at as "resolvedAt",
       (select k.business_hours_id from sla_clocks k where k.conversation_id = c.id and k.business_hours_id is not null
        order by k.id desc limit 1) as "calendarId",
       exists (select 1 from messages m where m.conversation_id = c.id and m.erased_digest is not null) as "isErased",
       exists (select 1 from messages m where m.conversation_id = c.id and m.shown and jsonb_exists(m.content, 'history')) as "isPast"
     from conversations c where id = any(:ids::bigint[]) and merged_into_id is null order by id`,
    { ids },
  );
  const book = await loadRulebook(db);
  const materials = await readMaterials(db, subjects);
  const gone: number[] = [];
  const measured = subjects.flatMap((subject) => {
    const material = materials.get(subject.id);
    if (!material || subject.isErased) return [];
    if (subject.isPast && !material.events.some(({ kind }) => kind !== "resolved" && kind !== "reopened")) {
      gone.push(subject.id);
      return [];
    }
    return [{ id: subject.id, ...measure(material, openTimeFor(book, subject)) }];
  });
  await write(db, ids, measured);
  await followErased(
    db,
    subjects.filter(({ isErased }) => isErased).map(({ id }) => id),
  );
  if (gone.length > 0)
    await db.raw("delete from conversation_facts where conversation_id = any(?::bigint[])", [gone]);
  await writeResponses(db, measured);
  await lookAround(db, ids);
}

/** The calendar that its clocks count by. */
function openTimeFor({ calendars, firmCalendarId }: Rulebook, { calendarId }: Subject) {
  const calendar = calendars.get(calendarId ?? firmCalendarId) ?? calendars.get(firmCalendarId);
  if (!calendar) throw new Error("the firm's calendar is missing: restore it from the backup");
  return compileCalendar(calendar);
}

const wants = details.map((one) => `case when plain(m.text) ~ :${one} then '${one}' end`).join(", ");

async function readMaterials(db: Knex, subjects: readonly Subject[]): Promise<Map<number, Material>> {
  const ids = subjects.map(({ id }) => id);
  const ms = (column: string) => `floor(extract(epoch from ${column}) * 1000)::float8`;
  const events = await rows<Event & { id: number }>(
    db,
    `select * from (
       select m.conversation_id as id, ${ms("m.sent_at")} as at, 1 as turn, m.id as "order",
         case m.author_kind when 'contact' then 'inbound' when 'bot' then 'automatic' else 'answer' end as kind,
         m.author_agent_id as "agentId", m.direction = 'outbound' and position(chr(63) in m.text) > 0 as asks,
         case when m.direction = 'outbound' and m.author_kind <> 'bot' and position(chr(63) in m.text) > 0 then array_remove(array[${wants}], null) else '{}'::text[] end as wants,
         m.direction = 'inbound' and plain(m.text) ~ :repeats as repeats,
         m.direction = 'inbound' and length(m.text) < 60 and plain(m.text) ~ :thanks as thanks
       from messages m
       where m.conversation_id = any(:ids::bigint[]) and m.shown and m.kind <> 'system' and m.discarded_at is null
         and m.delivery is distinct from 'failed' and not jsonb_exists_any(m.content, array['history', 'quiet'])
       union all
       select e.conversation_id, ${ms("e.created_at")}, 2, e.id, split_part(e.act, '.', 2), null, false, '{}', false, false
       from audit_events e where e.conversation_id = any(:ids::bigint[])
         and (e.act = 'conversation.resolved' or e.act = 'conversation.reopened' and coalesce(e.data ->> 'from', 'resolved') = 'resolved')
     ) x order by id, at, turn, "order"`,
    { ids, ...detailPatterns, repeats: repeatsPattern, thanks: thanksPattern },
  );
  const holders = await rows<{ id: number; agentId: number | null }>(
    db,
    `select conversation_id as id, assignee_id as "agentId" from assignments where conversation_id = any(:ids::bigint[]) order by assignments.id`,
    { ids },
  );
  const outcomes = await rows<Outcome & { id: number }>(
    db,
    `select conversation_id as id, target, breached_at is not null as missed, met_at is not null as met from sla_clocks
     where conversation_id = any(:ids::bigint[]) and target_seconds is not null`,
    { ids },
  );
  const of = <T extends { id: number }>(all: readonly T[]) => Map.groupBy(all, ({ id }) => id);
  const [eventsOf, holdersOf, outcomesOf] = [of(events), of(holders), of(outcomes)];
  return new Map(
    subjects.map(({ id, openedAt, resolvedAt }) => [
      id,
      {
        events: eventsOf.get(id) ?? [],
        holders: (holdersOf.get(id) ?? []).map(({ agentId }) => agentId),
        outcomes: outcomesOf.get(id) ?? [],
        openedAt: openedAt.getTime(),
        resolvedAt: resolvedAt?.getTime() ?? null,
      },
    ]),
  );
}

type Row = Measured & { id: number };

const score = (kind: string) =>
  `(select s.score from surveys s where s.conversation_id = c.id and s.kind = '${kind}' and s.score is not null order by s.id desc limit 1)`;

/** Columns of the facts: of the conversation as it is, of what it came by, and what was measured. */
const columns = {
  contact_id: "c.contact_id",
  isolated_inbox_id: "c.isolated_inbox_id",
  status: "c.status",
  priority: "c.priority",
  team_id: "c.team_id",
  assignee_id: "c.assignee_id",
  topic_id: "c.topic_id",
  outcome: "c.outcome",
  opened_at: "c.opened_at",
  resolved_at: "c.resolved_at",
  resolved_by_id: "c.resolved_by_id",
  case_id: "(select k.id from cases k where k.conversation_id = c.id order by k.id desc limit 1)",
  inbox_id: "d.inboxes[1]",
  inbox_ids: "d.inboxes",
  channel: "d.channels[1]",
  channels: "d.channels",
  csat: score("csat"),
  nps: score("nps"),
  confirmed: `${score("confirm")} = 1`,
  measured_at: "now()",
  first_agent_id: 'm."firstAgentId"',
  agent_ids: 'm."agentIds"',
  answered_by: 'm."answeredBy"',
  inbound: "m.inbound",
  outbound: "m.outbound",
  automatic: "m.automatic",
  questions: "m.questions",
  transfers: "m.transfers",
  reopenings: "m.reopenings",
  responses: 'm."responseCount"',
  first_response_seconds: 'm."firstSeconds"',
  first_response_business_seconds: 'm."firstBusinessSeconds"',
  handling_seconds: 'm."handlingSeconds"',
  resolution_seconds: 'm."resolutionSeconds"',
  resolution_business_seconds: 'm."resolutionBusinessSeconds"',
  first_sla: 'm."firstSla"',
  next_met: 'm."nextMet"',
  next_missed: 'm."nextMissed"',
  resolution_sla: 'm."resolutionSla"',
  said_again: 'm."saidAgain"',
  asked: "m.asked",
  asked_again: 'm."askedAgain"',
  abandoned: "m.abandoned",
};
const names = Object.keys(columns);

/** What is measured here, beside what the conversation says itself. */
async function write(db: Knex, ids: readonly number[], measured: readonly Row[]): Promise<void> {
  await db.raw(
    `delete from conversation_facts f using conversations c
     where f.conversation_id = any(?::bigint[]) and c.id = f.conversation_id and c.merged_into_id is not null`,
    [[...ids]],
  );
  await db.raw(
    `insert into conversation_facts (conversation_id, ${names.join(", ")})
     select c.id, ${Object.values(columns).join(", ")}
     from jsonb_to_recordset(:rows::jsonb) as m(id bigint, "firstAgentId" bigint, "agentIds" bigint[], "answeredBy" text, inbound int, outbound int,
         automatic int, questions int, transfers int, reopenings int, "responseCount" int, "firstSeconds" int, "firstBusinessSeconds" int,
         "handlingSeconds" int, "resolutionSeconds" int, "resolutionBusinessSeconds" int, "firstSla" text, "nextMet" int, "nextMissed" int,
         "resolutionSla" text, "saidAgain" boolean, asked text[], "askedAgain" text[], abandoned text)
       join conversations c on c.id = m.id
       cross join lateral (select coalesce(array_agg(g.inbox_id order by g.first), '{}') as inboxes, coalesce(array_agg(distinct g.channel), '{}') as channels
         from (select x.inbox_id, i.channel, min(x.id) as first from messages x join inboxes i on i.id = x.inbox_id
               where x.conversation_id = c.id and x.shown group by x.inbox_id, i.channel) g) d
     on conflict (conversation_id) do update set ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`,
    {
      rows: json(
        measured.map(({ responses, ...one }) => ({
          ...one,
          responseCount: responses.length,
          firstSeconds: responses[0]?.seconds ?? null,
          firstBusinessSeconds: responses[0]?.businessSeconds ?? null,
        })),
      ),
    },
  );
}

/** What a conversation says itself is true of one that was erased, too. */
async function followErased(db: Knex, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  const own = Object.entries(columns).filter(([, sql]) => sql.startsWith("c."));
  await db.raw(
    `update conversation_facts f set ${own.map(([name, sql]) => `${name} = ${sql}`).join(", ")}
     from conversations c where c.id = f.conversation_id and f.conversation_id = any(?::bigint[])`,
    [[...ids]],
  );
}

/** Those that are as they were stay untouched: a long conversation goes on with one row more. */
async function writeResponses(db: Knex, measured: readonly Row[]): Promise<void> {
  const all = measured.flatMap(({ id, responses }) => responses.map((one, n) => ({ id, n, ...one })));
  await db.raw(
    `with r as materialized (select id, n, to_timestamp("askedAt" / 1000) as asked_at, to_timestamp("answeredAt" / 1000) as answered_at,
         "agentId" as agent_id, "isFirst" as is_first, seconds, "businessSeconds" as business_seconds
       from jsonb_to_recordset(:rows::jsonb) as r(id bigint, n int, "askedAt" float8, "answeredAt" float8, "agentId" bigint, "isFirst" boolean,
         seconds int, "businessSeconds" int)),
     gone as (delete from response_facts f where f.conversation_id = any(:ids::bigint[])
       and not exists (select 1 from r where r.id = f.conversation_id and r.n = f.n))
     insert into response_facts as f (conversation_id, n, asked_at, answered_at, agent_id, is_first, seconds, business_seconds)
     select * from r on conflict (conversation_id, n) do update set asked_at = excluded.asked_at, answered_at = excluded.answered_at,
       agent_id = excluded.agent_id, is_first = excluded.is_first, seconds = excluded.seconds, business_seconds = excluded.business_seconds
     where (f.asked_at, f.answered_at, f.is_first, f.seconds, f.business_seconds, f.agent_id) is distinct from
         (excluded.asked_at, excluded.answered_at, excluded.is_first, excluded.seconds, excluded.business_seconds, excluded.agent_id)`,
    { rows: json(all), ids: measured.map(({ id }) => id) },
  );
}

/** What depends on the contact's other conversations: whether they came back, and what they had told us before. */
async function lookAround(db: Knex, ids: readonly number[]): Promise<void> {
  await db.raw(
    `with near as materialized (select distinct f.conversation_id from conversation_facts x join conversation_facts f using (contact_id)
         where x.conversation_id = any(:ids::bigint[]) and (f.conversation_id = x.conversation_id
           or f.resolved_at between x.opened_at - interval '${recontactDays} days' and x.opened_at
           or f.asked <> '{}' and f.opened_at >= x.opened_at)),
       seen as (select f.conversation_id,
         (select min(n.opened_at) from conversation_facts n where n.contact_id = f.contact_id and n.conversation_id <> f.conversation_id
            and n.topic_id is not distinct from f.topic_id and n.opened_at >= f.resolved_at
            and n.opened_at < f.resolved_at + interval '${recontactDays} days'
            and n.isolated_inbox_id is not distinct from f.isolated_inbox_id) as back_at,
         case when f.asked = '{}' then '{}' else array(select distinct d from conversation_facts b cross join unnest(b.asked) d where b.contact_id = f.contact_id
            and (b.opened_at, b.conversation_id) < (f.opened_at, f.conversation_id) and d = any(f.asked)
            and b.isolated_inbox_id is not distinct from f.isolated_inbox_id order by d) end as known
       from conversation_facts f join near using (conversation_id))
     update conversation_facts f set recontact_at = s.back_at, known_before = s.known from seen s
     where s.conversation_id = f.conversation_id
       and (f.recontact_at is distinct from s.back_at or f.known_before is distinct from s.known)`,
    { ids },
  );
}

/** Marks everything, for when what is counted changed. @returns how many. */
export async function markAll(ctx: Pick<Context, "db">): Promise<number> {
  const { rowCount } = await ctx.db.raw("insert into fact_marks select id from conversations");
  return Number(rowCount ?? 0);
}
