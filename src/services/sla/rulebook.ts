import type { Knex } from "knex";
import { calendarColumns } from "../business-hours/queries.ts";
import type { Calendar } from "../business-hours/types.ts";
import { asJson, row } from "../platform/database.ts";
import type { Policy, Rulebook } from "./types.ts";

export const policyColumns = `s.id, s.name, s.is_default as "isDefault", s.conditions, s.targets, s.business_hours_id as "businessHoursId"`;

/** Policies and calendars as they are now, in one question: few rows, read by whatever starts or stops a clock. */
export async function loadRulebook(db: Knex): Promise<Rulebook> {
  const found = await row<{
    policies: Policy[];
    calendars: Calendar[];
    firmCalendarId: number;
    teams: { id: number; calendarId: number }[] | null;
  }>(
    db,
    `select ${asJson(`select ${policyColumns} from sla_policies s where archived_at is null order by s.is_default, s.position, s.id`)} as policies,
       ${asJson(`select ${calendarColumns} from business_hours b order by b.id`)} as calendars,
       ${asJson(`select id, business_hours_id as "calendarId" from teams where business_hours_id is not null`)} as teams,
       (select business_hours_id from firm) as "firmCalendarId"`,
    [],
  );
  return {
    policies: found?.policies ?? [],
    calendars: new Map((found?.calendars ?? []).map((one) => [one.id, one])),
    firmCalendarId: found?.firmCalendarId ?? 0,
    teamCalendarIds: new Map((found?.teams ?? []).map(({ id, calendarId }) => [id, calendarId])),
  };
}
