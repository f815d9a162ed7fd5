import { may, sightOf } from "../agents/policy.ts";
import type { Actor, Reader } from "../platform/context.ts";
import { row } from "../platform/database.ts";

/** What every report says of itself, and what it is reckoned with. */
export interface Frame {
  firmName: string;
  /** The firm's zone: days and hours of reports are its own. */
  timeZone: string;
  calendarName: string;
  calendarZone: string;
  /** Scores under this call a supervisor. */
  lowScore: number;
  /** What the usual policy promises for a first response, seconds; null: nothing. */
  promised: number | null;
  /** Facts that are to be measured yet. */
  isBehind: boolean;
}

export async function getFrame({ db }: Pick<Reader, "db">): Promise<Frame> {
  const found = await row<Frame>(
    db,
    `select f.name as "firmName", f.time_zone as "timeZone", b.name as "calendarName", b.time_zone as "calendarZone", f.low_score::float8 as "lowScore",
       (select (s.targets #>> '{first_response,inside}')::float8 from sla_policies s where s.is_default) as promised,
       (select count(*) > 500 from (select 1 from fact_marks limit 501) m) as "isBehind"
     from firm f join business_hours b on b.id = f.business_hours_id`,
  );
  if (!found) throw new Error("the firm's row is missing: restore it from the backup");
  return found;
}

/** Whose figures somebody sees. */
export function reach(actor: Actor): "all" | "teams" | "own" {
  if (!may(actor, "reports.see")) return "own";
  const sight = sightOf(actor);
  return sight === "all" ? "all" : sight === "teams" ? "teams" : "own";
}
