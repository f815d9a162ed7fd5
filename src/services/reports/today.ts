import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { type Slice, within } from "./slice.ts";

/** How things stand now. */
export interface Now {
  waiting: number;
  oldestSince: Date | null;
  breached: number;
  queued: number;
  /** Colleagues who are there and receive conversations, of all who do. */
  online: number;
  receiving: number;
}

export async function standNow(ctx: Reader): Promise<Now> {
  const visible = visibleTo(ctx.actor);
  const found = await row<Now>(
    ctx.db,
    `select w.*, a.* from (
       select count(*) filter (where c.waiting_since is not null)::int as waiting, min(c.waiting_since) as "oldestSince",
         count(*) filter (where c.assignee_id is null)::int as queued,
         count(*) filter (where exists (select 1 from sla_clocks k where k.conversation_id = c.id and k.ended_at is null and k.breached_at is not null))::int as breached
       from conversations c where c.status = 'open' and ${visible.sql}) w,
       (select count(*) filter (where availability = 'online')::int as online, count(*)::int as receiving from agents
        where deactivated_at is null and receives) a`,
    visible.bindings,
  );
  return found ?? { waiting: 0, oldestSince: null, breached: 0, queued: 0, online: 0, receiving: 0 };
}

/** Weeks whose same day today is held against. */
export const weeksCompared = 4;

/** Of each hour of the firm's day: what began today, and on average on the same day of the last weeks. */
export async function countTodayByHour(
  ctx: Reader,
  slice: Slice,
): Promise<{ hour: number; today: number; usual: number }[]> {
  const start = Temporal.Instant.fromEpochMilliseconds(slice.from.getTime()).toZonedDateTimeISO(
    slice.timeZone,
  );
  const since = new Date(start.subtract({ weeks: weeksCompared }).epochMilliseconds);
  const seen = within(ctx.actor, slice, since);
  const found = await rows<{ hour: number; isToday: boolean; n: number }>(
    ctx.db,
    `select extract(hour from f.opened_at at time zone :zone)::int as hour, f.opened_at >= :from as "isToday", count(*)::int as n
     from conversation_facts f where ${seen.sql} and (f.opened_at >= :from or extract(isodow from f.opened_at at time zone :zone) = :weekday) group by 1, 2`,
    { ...seen.bindings, zone: slice.timeZone, from: slice.from, weekday: start.dayOfWeek },
  );
  const begun = await row<{ weeks: number }>(
    ctx.db,
    `select least(${weeksCompared}, greatest(1, ceil(extract(epoch from :from::timestamptz - min(opened_at)) / 604800)))::int as weeks from conversation_facts`,
    { from: slice.from },
  );
  const of = (hour: number, isToday: boolean) =>
    found.find((one) => one.hour === hour && one.isToday === isToday)?.n ?? 0;
  return Array.from({ length: 24 }, (_, hour) => ({
    hour,
    today: of(hour, true),
    usual: of(hour, false) / (begun?.weeks ?? weeksCompared),
  }));
}
