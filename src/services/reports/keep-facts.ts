import type { Knex } from "knex";
import { compileCalendar } from "../business-hours/open-time.ts";
import type { Context } from "../platform/context.ts";
import { isTransient, rows } from "../platform/database.ts";
import { loadRulebook } from "../sla/rulebook.ts";
import type { Rulebook } from "../sla/types.ts";
import { measure } from "./measure.ts";
import { details, type Event, type Material, type Outcome } from "./types.ts";
import { detailPatterns, repeatsPattern, thanksPattern } from "./words.ts";
import { followErased, lookAround, writeFacts, writeResponses } from "./write-facts.ts";

/** Marks of one transaction: few enough that nothing waits for it. */
const marksPerRound = 500;
/** One process measures at a time: of two, the later would write what the earlier knows. */
const measuringLock = 7_446_505;

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
       exists (select 1 from messages m where m.conversation_id = c.id and m.shown and m.erased_digest is not null) as "isErased",
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
  await writeFacts(db, ids, measured);
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
    `select conversation_id as id, target, ${ms("started_at")} as "startedAt", breached_at is not null as missed, met_at is not null as met from sla_clocks
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

/** Marks everything, for when what is counted changed. @returns how many. */
export async function markAll(ctx: Pick<Context, "db">): Promise<number> {
  const { rowCount } = await ctx.db.raw("insert into fact_marks select id from conversations");
  return Number(rowCount ?? 0);
}
