import { may } from "../agents/policy.ts";
import { watch } from "../platform/changes.ts";
import type { Context, Tx } from "../platform/context.ts";
import { json, row } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { getCalendar } from "./queries.ts";
import { checkDay, checkWeek } from "./spans.ts";
import type { Calendar, Exception, Span } from "./types.ts";

const longestName = 80;
const mostExceptions = 1000;

export interface NewCalendar {
  name: string;
  timeZone: string;
  week: readonly (readonly Span[])[];
}

/** @throws Forbidden, NotFound; Invalid for a name that is taken, a zone that does not exist, spans that overlap. */
export function saveBusinessHours(ctx: Context, id: number | null, calendar: NewCalendar): Promise<Calendar> {
  const name = calendar.name.toWellFormed().replaceAll("\0", "").trim();
  if (name === "" || name.length > longestName) throw new Invalid({ name: "hours.name_length" });
  checkZone(calendar.timeZone);
  checkWeek(calendar.week);
  return change(ctx, async (tx) => {
    const other = await row(
      tx.db,
      "select 1 from business_hours where plain(name) = plain(:name) and id is distinct from :id::bigint",
      { name, id },
    );
    if (other) throw new Invalid({ name: "hours.name_taken" });
    const changes = await watch(tx.db, "business_hours", id === null ? null : { id });
    const saved = await row<{ id: number }>(
      tx.db,
      id === null
        ? "insert into business_hours (name, time_zone, week) values (:name, :zone, :week) returning id"
        : "update business_hours set name = :name, time_zone = :zone, week = :week where id = :id returning id",
      { id, name, zone: calendar.timeZone, week: json(calendar.week) },
    );
    if (!saved) throw new NotFound();
    const data = { name, changes: await changes({ id: saved.id }) };
    return { calendarId: saved.id, act: "business_hours.saved", data };
  });
}

function checkZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new Invalid({ timeZone: "set_up.time_zone_unknown" });
  }
}

/** From now on this is what counts wherever no other calendar is named. */
export function makeDefault(ctx: Context, id: number): Promise<Calendar> {
  return change(ctx, async (tx) => {
    const { name } = await getCalendar(tx, id);
    await tx.db("firm").update({ business_hours_id: id });
    return { calendarId: id, act: "business_hours.made_default", data: { name } };
  });
}

/** @throws Forbidden, NotFound; Conflict while the firm, a team, an agent or an SLA policy counts by it. */
export async function deleteBusinessHours(ctx: Context, id: number): Promise<void> {
  if (!may(ctx.actor, "hours.manage")) throw new Forbidden();
  await transact(ctx, async (tx) => {
    const { name } = await getCalendar(tx, id);
    const used = await row(
      tx.db,
      `select 1 from firm where business_hours_id = :id union all select 1 from teams where business_hours_id = :id
       union all select 1 from agents where business_hours_id = :id
       union all select 1 from sla_policies where business_hours_id = :id
       union all select 1 from sla_clocks where business_hours_id = :id and ended_at is null limit 1`,
      { id },
    );
    if (used) throw new Conflict("hours.in_use");
    await tx.db("business_hours").where({ id }).delete();
    tx.record({ type: "firm.changed" }, { act: "business_hours.deleted", data: { name } });
  });
}

/**
 * Adds days with hours of their own, or closed ones.
 *
 * @param overwrites a day that is there already takes the new name and hours; else it stays as the firm has made it.
 */
export function saveExceptions(
  ctx: Context,
  calendarId: number,
  exceptions: readonly Exception[],
  { overwrites }: { overwrites: boolean } = { overwrites: true },
): Promise<Calendar> {
  for (const { date, name, spans } of exceptions) {
    if (!isDate(date)) throw new Invalid({ date: "hours.date" });
    if (name.trim() === "" || name.length > 120) throw new Invalid({ holidayName: "hours.holiday_name" });
    checkDay(spans, "spans");
  }
  return change(ctx, async (tx) => {
    await getCalendar(tx, calendarId);
    await tx.db.raw(
      `insert into holidays (business_hours_id, on_date, name, spans)
       select distinct on (date) :calendarId, date, left(name, 120), spans
         from jsonb_to_recordset(:exceptions::jsonb) as e(date date, name text, spans jsonb) order by date
       on conflict (business_hours_id, on_date) do update set name = excluded.name, spans = excluded.spans where :overwrites::boolean`,
      { calendarId, exceptions: json(exceptions), overwrites },
    );
    const counted = await row<{ n: number }>(
      tx.db,
      "select count(*)::int as n from holidays where business_hours_id = ?",
      [calendarId],
    );
    if ((counted?.n ?? 0) > mostExceptions)
      throw new Invalid({ date: "hours.too_many_holidays" }, { n: mostExceptions });
    return { calendarId, act: "holidays.saved", data: { n: exceptions.length } };
  });
}

export function deleteException(ctx: Context, calendarId: number, date: string): Promise<Calendar> {
  if (!isDate(date)) throw new NotFound();
  return change(ctx, async (tx) => {
    const gone = await row<{ name: string }>(
      tx.db,
      "delete from holidays where business_hours_id = ? and on_date = ? returning name",
      [calendarId, date],
    );
    if (!gone) throw new NotFound();
    return { calendarId, act: "holidays.deleted", data: { name: gone.name, date } };
  });
}

const isDate = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(`${text}T00:00:00Z`));

async function change(
  ctx: Context,
  work: (tx: Tx) => Promise<{ calendarId: number; act: string; data: Record<string, unknown> }>,
): Promise<Calendar> {
  if (!may(ctx.actor, "hours.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const { calendarId, act, data } = await work(tx);
    await tx.db.raw("update business_hours set version = version + 1 where id = ?", [calendarId]);
    tx.record({ type: "firm.changed" }, { act, data: { ...data, calendarId } });
    return getCalendar(tx, calendarId);
  });
}
