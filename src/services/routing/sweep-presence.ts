import { compileCalendar } from "../business-hours/open-time.ts";
import { calendarColumns } from "../business-hours/queries.ts";
import type { Calendar } from "../business-hours/types.ts";
import { type Context, systemContext, type Tx } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";

/** How recently somebody must have been heard of to come online with their hours. Seconds. */
const presentSeconds = 120;

/**
 * Away is who gave no sign of life for as long as the firm has set; offline is who has hours of their own and is outside of
 * them, and online again with the hours, when they are there.
 *
 * @returns how many agents changed.
 */
export async function sweepPresence(ctx: Context): Promise<number> {
  return transact(systemContext(ctx, ctx.now), async (tx) => {
    // Once and in the order in which conversations are given out, so that the two never wait for each other.
    await tx.db.raw("select id from agents where deactivated_at is null order by id for no key update");
    const silent = await rows<{ id: number }>(
      tx.db,
      `update agents a set availability = 'away', availability_source = 'inactivity', availability_changed_at = now()
       where a.id in (select id from agents, (select inactive_minutes from firm) f
         where availability = 'online' and deactivated_at is null and f.inactive_minutes > 0
           and coalesce(last_seen_at, created_at) < now() - make_interval(mins => f.inactive_minutes) order by id for no key update)
       returning a.id`,
    );
    for (const { id } of silent) note(tx, id, "agent.away", "inactivity");
    return silent.length + (await keepHours(tx));
  });
}

async function keepHours(tx: Tx): Promise<number> {
  const found = await rows<{
    id: number;
    availability: string;
    source: string;
    isHere: boolean;
    calendar: Calendar;
    now: Date;
  }>(
    tx.db,
    `select a.id, a.availability, a.availability_source as source, now() as now,
       coalesce(a.last_seen_at > now() - interval '${presentSeconds} seconds', false) as "isHere", to_jsonb(b) as calendar
     from agents a join lateral (select ${calendarColumns} from business_hours b where b.id = a.business_hours_id) b on true
     where a.deactivated_at is null order by a.id for no key update of a`,
  );
  let changed = 0;
  for (const { id, availability, source, isHere, calendar, now } of found) {
    const isOpen = compileCalendar(calendar).isOpen(now.getTime());
    const next =
      !isOpen && availability !== "offline"
        ? "offline"
        : isOpen && source === "schedule" && isHere
          ? "online"
          : null;
    if (!next) continue;
    changed += 1;
    await tx.db.raw(
      "update agents set availability = ?, availability_source = ?, availability_changed_at = now() where id = ?",
      [next, next === "offline" ? "schedule" : "hand", id],
    );
    note(tx, id, `agent.${next}`, "schedule");
  }
  return changed;
}

function note(tx: Tx, agentId: number, act: string, by: string): void {
  tx.record({ type: "agent.changed", agentId }, { act, agentId, data: { by } });
}
