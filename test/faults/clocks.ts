import type { openDatabase } from "../../src/services/platform/database.ts";
import { row } from "../../src/services/platform/database.ts";
import type { Fleet } from "./fleet.ts";
import { pause, random, report, seconds } from "./torment.ts";

type Db = ReturnType<typeof openDatabase>;

/** Conversations that wait, whose clocks fall due at a random moment of `over` seconds from `from` on; negative is in the past. */
async function seedClocks(db: Db, mark: string, n: number, from: number, over: number): Promise<void> {
  await db.raw(
    `with people as (insert into contacts (name) select :mark || n from generate_series(1, :n::int) n returning id),
       made as (insert into conversations (contact_id, status, opened_at, last_activity_at, waiting_since, preview)
         select id, 'open', now(), now(), date_trunc('milliseconds', now() - interval '1 hour'), :mark from people returning id, waiting_since),
       dues as (select id, waiting_since, now() + make_interval(secs => :from::float8 + random() * :over::float8) as at from made)
     insert into sla_clocks (conversation_id, target, policy_id, business_hours_id, calendar_version, in_business_time, target_seconds,
       started_at, resumed_at, due_at, alert_at)
     select dues.id, 'first_response', s.id, b.id, b.version, true, 300, waiting_since, waiting_since, at, at
     from dues, sla_policies s, firm f join business_hours b on b.id = f.business_hours_id where s.is_default`,
    { mark, n, from, over },
  );
}

interface Taken {
  breach: number;
  alert: number;
  alerts: number;
  /** Seconds between falling due and being acted on, 99 of 100. */
  late: number;
}

const taken = (db: Db, mark: string) =>
  row<Taken>(
    db,
    `select count(*) filter (where e.step = 'breach')::int as breach, count(*) filter (where e.step = 'alert')::int as alert,
       (select count(*)::int from alerts a join conversations c on c.id = a.conversation_id where c.preview = :mark) as alerts,
       coalesce(percentile_cont(0.99) within group (order by extract(epoch from e.created_at - k.due_at)), 0)::float8 as late
     from escalations e join conversations c on c.id = e.conversation_id join sla_clocks k on k.id = e.clock_id where c.preview = :mark`,
    { mark },
  );

/** T-R16: clocks fall due while processes are killed, and while none lives; each step is taken, and once. */
export async function clocksUnderKills(fleet: Fleet, db: Db, restart: () => Promise<void>): Promise<void> {
  const supervisors = await row<{ n: number }>(
    db,
    "select count(*)::int as n from agents a join roles r on r.id = a.role_id where 'supervise' = any(r.permissions)",
  );
  const over = Math.min(60, seconds);
  await seedClocks(db, "clock ", 1000, 1, over);
  const until = Date.now() + (over + 1) * 1000;
  while (Date.now() < until) {
    await pause(400 + random() * 800);
    fleet.kill(Math.floor(random() * fleet.urls.length));
  }
  await fleet.ready();
  await everyStep(db, "clock ", 1000);
  const killed = await taken(db, "clock ");
  report(
    "T-R16 clocks under kills",
    killed?.breach === 1000 && killed.alert === 1000 && killed.alerts === 1000 * (supervisors?.n ?? 0),
    `${killed?.breach} breaches, ${killed?.alert} alerts of 1000, ${killed?.alerts} told, late p99 ${killed?.late.toFixed(1)} s`,
  );
  await fleet.halt();
  await seedClocks(db, "asleep ", 200, -600, 0);
  const began = Date.now();
  await restart();
  await everyStep(db, "asleep ", 200);
  const asleep = await taken(db, "asleep ");
  report(
    "T-R16 clocks that fell due while nothing ran",
    asleep?.breach === 200 && asleep.alert === 200 && asleep.alerts === 200 * (supervisors?.n ?? 0),
    `${asleep?.breach} breaches, ${asleep?.alert} alerts of 200, ${((Date.now() - began) / 1000).toFixed(1)} s after the start began`,
  );
}

/** Waits until as many steps were taken as there are to take; the number of looks is the only limit. */
async function everyStep(db: Db, mark: string, n: number): Promise<void> {
  for (let looks = 0; looks < 300; looks += 1) {
    const now = await taken(db, mark);
    if (now && now.breach >= n && now.alert >= n) break;
    await pause(100);
  }
  // Whoever would take one twice has the time to.
  await pause(3000);
}
