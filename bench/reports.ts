import { openDatabase } from "../src/services/platform/database.ts";
import { createFirm, fillData, signIn } from "./data.ts";
import { closedLoop, percentile, type Shot, signedMessage } from "./load.ts";
import { residentMegabytes } from "./pages.ts";
import type { Figure } from "./run.ts";
import type { Child, World } from "./world.ts";

const conversations = 100_000;
const each = 20;
const shots = 40;

const names = [
  "",
  "/today",
  "/agents",
  "/teams",
  "/doors",
  "/topics",
  "/promises",
  "/hours",
  "/satisfaction",
  "/contact",
  "/abandonment",
  "/sales",
  "/quality",
  "/forecast",
];

/** A year of work: who had it, what it was about, what people said of it. */
async function enrich(url: string): Promise<void> {
  const db = openDatabase(url, { size: 1, name: "hilo-bench" });
  await db.raw("set statement_timeout = 0");
  await db.raw("insert into topics (name) select 'Tema ' || n from generate_series(1, 25) n");
  await db.raw("insert into teams (name) select 'Equipo ' || n from generate_series(1, 6) n");
  await db.raw(
    `update conversations set opened_at = now() - random() * interval '364 days', topic_id = 1 + id % 25, team_id = 1 + id % 6, assignee_id = 1 + id % 40`,
  );
  await db.raw(
    `update conversations set resolved_at = opened_at + random() * interval '9 hours', resolved_by_id = assignee_id where status = 'resolved'`,
  );
  await db.raw(
    `update messages m set sent_at = c.opened_at + (m.id % ${each}) * interval '3 minutes' from conversations c where c.id = m.conversation_id`,
  );
  await db.raw(
    `insert into surveys (conversation_id, contact_id, agent_id, kind, score, answered_at, comment)
     select id, contact_id, assignee_id, 'csat', 1 + id % 5, resolved_at, case when id % 7 = 0 then 'Muy bien' else '' end from conversations where resolved_at is not null and id % 3 = 0`,
  );
  await db.raw(
    `insert into sla_clocks (conversation_id, target, policy_id, business_hours_id, calendar_version, in_business_time, target_seconds, started_at, ended_at, met_at, breached_at)
     select id, 'first_response', (select id from sla_policies where is_default), (select business_hours_id from firm), 1, true, 300, opened_at, opened_at + interval '4 minutes',
       opened_at + interval '4 minutes', case when id % 9 = 0 then opened_at end from conversations`,
  );
  await db.raw("delete from fact_marks");
  await db.raw("insert into fact_marks select id from conversations");
  await db.raw("vacuum analyze");
  await db.destroy();
}

/** Every page of the reports over a year of 100,000 conversations and 2 million messages, and how long measuring them takes. */
export async function reports(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("reports");
  await createFirm(url, 40);
  await fillData(url, conversations, each);
  await enrich(url);
  const hilo = await world.startHilo(url);
  const db = openDatabase(url, { size: 1, name: "hilo-bench" });
  const began = performance.now();
  for (;;) {
    const { rows } = await db.raw("select count(*)::int as n from conversation_facts");
    if (rows[0].n >= conversations) break;
    await new Promise((done) => setTimeout(done, 200));
  }
  const measured = (performance.now() - began) / 1000;
  await settle(db);
  const cookie = await signIn(hilo.url, 1);
  const figures: Figure[] = [
    { name: "reports.measured", value: conversations / measured, unit: "conv/s", target: "", ok: true },
  ];
  let worst = 0;
  const shot = (name: string): Shot => ({
    method: "GET",
    path: `/reports${name}?period=last_365`,
    headers: { cookie },
  });
  // A process that has just measured everything is not yet as it will be.
  await closedLoop(hilo.url, 1, (n) => (n < shots ? shot("") : null));
  for (const name of names) {
    const get = () => shot(name);
    await closedLoop(hilo.url, 1, (n) => (n < 5 ? get() : null));
    const { times, failures } = await closedLoop(hilo.url, 1, (n) => (n < shots ? get() : null));
    if (failures > 0) throw new Error(`/reports${name} was refused`);
    const p95 = percentile(times, 0.95);
    worst = Math.max(worst, p95);
    figures.push({
      name: `reports.page${name.replace("/", "_")}`,
      value: p95,
      unit: "ms p95",
      target: "",
      ok: true,
    });
  }
  figures.push({ name: "reports.page_p95", value: worst, unit: "ms", target: "< 300", ok: worst < 300 });
  figures.push(await fresh(hilo, db), await exported(hilo, db, cookie));
  await db.destroy();
  await hilo.stop();
  return figures;
}

/** A year that came at once keeps a core busy after it: until it is sealed and tidied up, as a year that came day by day is. */
async function settle(db: ReturnType<typeof openDatabase>): Promise<void> {
  await db.raw("set statement_timeout = 0");
  await db.raw("vacuum analyze");
  for (;;) {
    const { rows } = await db.raw(
      `select coalesce((select max(last_message_id) from seals), 0) < (select max(id) from messages)
         or exists (select 1 from pg_stat_activity where backend_type = 'autovacuum worker') as busy`,
    );
    if (!rows[0].busy) return;
    await new Promise((done) => setTimeout(done, 500));
  }
}

/** From a message's arrival until the reports know it. */
async function fresh(hilo: Child, db: ReturnType<typeof openDatabase>): Promise<Figure> {
  const times: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const began = performance.now();
    const known = await db("conversation_facts").max("conversation_id as id").first();
    const shot = signedMessage(`5219990000${String(n).padStart(3, "0")}`, `fresh.${n}`);
    await closedLoop(hilo.url, 1, (sent) => (sent === 0 ? shot : null));
    while ((await db("conversation_facts").max("conversation_id as id").first())?.id === known?.id)
      await new Promise((done) => setTimeout(done, 20));
    times.push((performance.now() - began) / 1000);
  }
  const worst = Math.max(...times);
  return { name: "reports.fresh", value: worst, unit: "s worst", target: "< 5", ok: worst < 5 };
}

/** How much more memory the server holds while it writes two million rows. */
async function exported(hilo: Child, db: ReturnType<typeof openDatabase>, cookie: string): Promise<Figure> {
  const memory = () => residentMegabytes(hilo.process.pid ?? 0);
  const page = await (await fetch(`${hilo.url}/settings/profile`, { headers: { cookie } })).text();
  const token = /name="form-token" content="([^"]*)"/.exec(page)?.[1] ?? "";
  const before = memory();
  await fetch(`${hilo.url}/reports/rows?period=last_365`, {
    method: "POST",
    headers: { cookie, "X-Form-Token": token },
    body: new URLSearchParams({ kind: "messages", form: "plain" }),
    redirect: "manual",
  });
  let most = before;
  for (;;) {
    const one = await db("exports").first("state", "written");
    if (!one || one.state === "failed") throw new Error("the export failed");
    most = Math.max(most, memory());
    if (one.state === "done") break;
    await new Promise((done) => setTimeout(done, 100));
  }
  const more = most - before;
  return { name: "reports.export_memory", value: more, unit: "MB more", target: "< 50", ok: more < 50 };
}
