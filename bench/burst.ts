import { type Platform, systemContext } from "../src/services/platform/context.ts";
import { openDatabase } from "../src/services/platform/database.ts";
import { createLogger } from "../src/services/platform/logger.ts";
import { openMemories } from "../src/services/platform/memory.ts";
import { escalate } from "../src/services/routing/escalate.ts";
import { createFirm } from "./data.ts";
import { count, until } from "./ingest.ts";
import { closedLoop, openLoop, percentile, signedMessage } from "./load.ts";
import type { Figure } from "./run.ts";
import type { World } from "./world.ts";

const always = JSON.stringify(Array.from({ length: 7 }, () => [[0, 1440]]));

/** A firm that attends around the clock, with agents who are there. */
async function openFirm(world: World, name: string, agents: number) {
  const url = await world.createDatabase(name);
  await createFirm(url, agents + 1);
  const db = openDatabase(url, { size: 2, name: "hilo-bench" });
  await db.raw("update business_hours set week = ?::jsonb", [always]);
  await db.raw("update agents set receives = id > 1, availability = 'online', last_seen_at = now()");
  return { url, db };
}

/** 100 messages of 100 strangers in one moment: how long until each has somebody, or stands in the queue because nobody has room. */
export async function burst(world: World): Promise<Figure[]> {
  const { url, db } = await openFirm(world, "burst", 15);
  const hilo = await world.startHilo(url);
  const shots = (name: string, from: number) =>
    Array.from({ length: 100 }, (_, n) => signedMessage(`52155${from + n}`, `${name}.${n}`, "Hola"));
  const first = shots("burst", 30_000_000);
  const began = performance.now();
  await closedLoop(hilo.url, 100, (n) => first[n] ?? null);
  const room = 15 * 5;
  await until(
    async () =>
      (await count(db, "select count(*)::int as n from conversations where assignee_id is not null")) ===
      room,
  );
  const seconds = (performance.now() - began) / 1000;
  await new Promise((done) => setTimeout(done, 1000));
  const most = await count(
    db,
    `select coalesce(max(n), 0)::int as n from (select count(*) as n from conversations where waiting_since is not null and assignee_id is not null group by assignee_id) x`,
  );
  const queued = await count(db, "select count(*)::int as n from conversations where assignee_id is null");
  await db.raw(
    `insert into assignment_rules (name, position, conditions, actions) values ('r', 1, '{"keywords": ["reembolso"]}', '{"priority": "high"}')`,
  );
  const ruled: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const shot = signedMessage(`52155${31_000_000 + n}`, `rule.${n}`, "Quiero un reembolso");
    const at = performance.now();
    await closedLoop(hilo.url, 1, (k) => (k === 0 ? shot : null));
    await until(
      async () =>
        (await count(db, "select count(*)::int as n from conversations where priority = 'high'")) > n,
    );
    ruled.push(performance.now() - at);
  }
  const delays: number[] = [];
  const sent = new Map<string, number>();
  const minute = openLoop(hilo.url, 1000 / 20, 20, (n) => {
    sent.set(`minute.${n}`, Date.now());
    return signedMessage(`52155${32_000_000 + n}`, `minute.${n}`, "Hola");
  });
  await minute;
  await until(
    async () =>
      (await count(db, "select count(*)::int as n from messages where external_id like 'minute.%'")) === 1000,
  );
  const stored = await db.raw(
    "select external_id, created_at from messages where external_id like 'minute.%'",
  );
  for (const { external_id, created_at } of stored.rows as { external_id: string; created_at: Date }[])
    delays.push(created_at.getTime() - (sent.get(external_id) ?? 0));
  await hilo.stop();
  await db.destroy();
  const delay = percentile(delays, 1) / 1000;
  const rule = percentile(ruled, 0.95);
  return [
    { name: "burst.assigned", value: seconds, unit: "s", target: "≤ 2", ok: seconds <= 2 },
    { name: "burst.most_waiting", value: most, unit: "each", target: "≤ 5", ok: most <= 5 },
    { name: "burst.queued", value: queued, unit: "of 100", target: "25", ok: queued === 100 - room },
    { name: "burst.rule", value: rule, unit: "ms p95", target: "< 500", ok: rule < 500 },
    { name: "burst.minute", value: delay, unit: "s most", target: "< 5", ok: delay < 5 },
  ];
}

/** What the tick costs beside 10,000 running clocks, and how fast 1,000 that fall due in one second are acted on. */
export async function tick(world: World): Promise<Figure[]> {
  const { url, db } = await openFirm(world, "tick", 20);
  await db.raw(
    `with people as (insert into contacts (name, first_seen_at) select 'c' || n, now() from generate_series(1, 10000) n returning id),
       made as (insert into conversations (contact_id, status, opened_at, last_activity_at, waiting_since, assignee_id)
         select id, 'open', now(), now(), date_trunc('milliseconds', now()), 2 + id % 20 from people returning id, waiting_since)
     insert into sla_clocks (conversation_id, target, policy_id, business_hours_id, calendar_version, in_business_time, target_seconds,
       started_at, resumed_at, due_at, alert_at, reassign_at, flag_at)
     select made.id, 'first_response', s.id, f.business_hours_id, b.version, true, 3600, waiting_since, waiting_since,
       now() + interval '1 hour', now() + interval '2 hours', now() + interval '3 hours', now() + interval '1 day'
     from made, firm f join business_hours b on b.id = f.business_hours_id, sla_policies s where s.is_default`,
  );
  await db.raw("vacuum analyze");
  const platform = { db, logger: createLogger("error"), memories: openMemories() } as Platform;
  const system = systemContext(platform);
  const idle: number[] = [];
  for (let n = 0; n < 200; n += 1) {
    const at = performance.now();
    await escalate(system);
    idle.push(performance.now() - at);
  }
  const hilo = await world.startHilo(url);
  await db.raw(
    "update sla_clocks set alert_at = now() + interval '1 second' where id in (select id from sla_clocks order by id limit 1000)",
  );
  const dueAt = performance.now() + 1000;
  await until(async () => (await count(db, "select count(*)::int as n from escalations")) === 1000);
  const seconds = Math.max(0, (performance.now() - dueAt) / 1000);
  await hilo.stop();
  await db.destroy();
  const cost = percentile(idle, 0.95);
  return [
    { name: "tick.idle", value: cost, unit: "ms p95", target: "< 20", ok: cost < 20 },
    { name: "tick.due", value: seconds, unit: "s", target: "≤ 5", ok: seconds <= 5 },
  ];
}
