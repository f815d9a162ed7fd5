import type { Knex } from "knex";
import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import type { Calendar } from "./types.ts";

export const calendarColumns = `b.id, b.version, b.name, b.time_zone as "timeZone", b.week,
  coalesce((select jsonb_agg(jsonb_build_object('date', h.on_date, 'name', h.name, 'spans', h.spans) order by h.on_date)
    from holidays h where h.business_hours_id = b.id), '[]') as exceptions`;

/** Calendars hold no secret; anonymous sees none. */
export function listCalendars(ctx: Reader): Promise<(Calendar & { isDefault: boolean })[]> {
  if (ctx.actor.kind === "anonymous") return Promise.resolve([]);
  return rows(
    ctx.db,
    `select ${calendarColumns}, b.id = f.business_hours_id as "isDefault" from business_hours b, firm f
     order by b.id = f.business_hours_id desc, plain(b.name), b.id limit 100`,
  );
}

export async function getCalendar(ctx: Reader, id: number): Promise<Calendar> {
  const found =
    ctx.actor.kind === "anonymous"
      ? null
      : await row<Calendar>(ctx.db, `select ${calendarColumns} from business_hours b where b.id = ?`, [id]);
  if (!found) throw new NotFound();
  return found;
}

/** The firm's own calendar: what counts wherever no other is named. */
export async function getFirmCalendar(db: Knex): Promise<Calendar> {
  const found = await row<Calendar>(
    db,
    `select ${calendarColumns} from business_hours b where b.id = (select business_hours_id from firm)`,
  );
  if (!found) throw new Error("the firm's calendar is missing: restore it from the backup");
  return found;
}
