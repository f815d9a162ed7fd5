import { createAgent } from "../../src/services/agents/agent.ts";
import { createApiToken } from "../../src/services/agents/api-tokens.ts";
import { connectWhatsApp } from "../../src/services/inboxes/connect.ts";
import { type Platform, systemContext } from "../../src/services/platform/context.ts";
import { openDatabase, row, rows } from "../../src/services/platform/database.ts";
import { createLogger } from "../../src/services/platform/logger.ts";
import { migrate } from "../../src/services/platform/migrate.ts";
import { openSecrets } from "../../src/services/platform/secrets.ts";
import { whatsappInbox } from "../support/cast.ts";
import { delivery, messageValue } from "../support/meta.ts";
import { type Fleet, openFleet } from "./fleet.ts";
import { post, startFaultyProvider } from "./provider.ts";
import { seeded } from "./random.ts";

/**
 * Kills, restarts and cuts under load, and then counts. Nothing that got a 200 may be missing, nothing doubled, no
 * reply may reach a person twice. Two controls do it wrong on purpose and must be caught.
 */
const seconds = Number(process.env.FAULTS_SECONDS ?? 60);
const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000);
const random = seeded(seed);
let failures = 0;
process.stdout.write(`seed ${seed}, ${seconds} s\n`);

function report(name: string, ok: boolean, words: string): void {
  if (!ok) failures += 1;
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${name}: ${words}\n`);
}
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Faults of all kinds until the time is up. */
async function torment(fleet: Fleet, until: number, withPostgres: boolean): Promise<void> {
  let nextPostgres = Date.now() + 4000;
  while (Date.now() < until) {
    await pause(250 + random() * 600);
    fleet.kill(Math.floor(random() * fleet.urls.length));
    if (withPostgres && Date.now() > nextPostgres) {
      if (random() < 0.6) await fleet.restartPostgres();
      else await fleet.terminateBackends().catch(() => {});
      nextPostgres = Date.now() + 3000 + random() * 3000;
    }
  }
}

/** Posts a delivery to any process until one says 200, as a provider does. */
async function postUntilTaken(fleet: Fleet, body: Buffer, until: number): Promise<boolean> {
  while (Date.now() < until) {
    const target = fleet.urls[Math.floor(random() * fleet.urls.length)] ?? "";
    if ((await post(target, body).catch(() => 0)) === 200) return true;
    await pause(40);
  }
  return false;
}

async function hiloUnderFaults(): Promise<void> {
  const fleet = await openFleet(2);
  const provider = await startFaultyProvider(random);
  provider.targets.push(...fleet.urls);
  const db = openDatabase(fleet.databaseUrl, { size: 4, name: "watcher" });
  await migrate(db);
  const config = { secretKey: "faults".repeat(8), dataDir: "" };
  const platform = { db, secrets: openSecrets(config), logger: createLogger("silent") } as Platform;
  const system = systemContext(platform);
  await createAgent(system, {
    email: "ana@firm.test",
    name: "Ana",
    role: "admin",
    password: "correct-horse",
  });
  await connectWhatsApp(system, whatsappInbox("Ventas", "PN1"));
  const token = await createApiToken(system, { name: "load", email: "ana@firm.test" });
  await fleet.launch("src/server.ts", { WHATSAPP_API_URL: provider.url });

  const acked = new Set<string>();
  const until = Date.now() + seconds * 1000;
  const grace = until + 30_000;
  let sent = 0;
  async function customer(): Promise<void> {
    while (Date.now() < until) {
      sent += 1;
      const id = `f-${sent}`;
      const body = delivery(
        messageValue({ from: `52155${30_000_000 + Math.floor(random() * 40)}`, id, message: `hola ${id}` }),
      );
      const copies = random() < 0.2 ? 3 : 1;
      const taken = await Promise.all(
        Array.from({ length: copies }, () => postUntilTaken(fleet, body, grace)),
      );
      if (taken.some(Boolean)) acked.add(id);
    }
  }
  let replied = 0;
  async function agent(): Promise<void> {
    for (let n = 0; Date.now() < until; ) {
      await pause(20 + random() * 40);
      const target = await rows<{ id: number }>(
        db,
        "select id from conversations where status = 'open' order by random() limit 1",
      ).catch(() => []);
      const [conversation] = target;
      if (!conversation) continue;
      n += 1;
      const key = `k-${random().toString(36).slice(2)}-${n}`;
      for (let tries = 0; tries < 100; tries += 1) {
        const url = `${fleet.urls[Math.floor(random() * fleet.urls.length)]}/api/v1/conversations/${conversation.id}/messages`;
        const headers = {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          "idempotency-key": key,
        };
        const status = await fetch(url, {
          method: "POST",
          headers,
          body: JSON.stringify({ text: `re ${key}` }),
          signal: AbortSignal.timeout(5000),
        }).then(
          async (answer) => {
            await answer.text();
            return answer.status;
          },
          () => 0,
        );
        if (status === 201) {
          replied += 1;
          break;
        }
        if (status >= 400 && status < 500 && status !== 409) break;
        await pause(60);
      }
    }
  }
  await Promise.all([
    torment(fleet, until, true),
    ...Array.from({ length: 6 }, customer),
    ...Array.from({ length: 3 }, agent),
  ]);
  await fleet.halt();
  // No sender lives any more, so their leases may end now instead of in three minutes.
  await db.raw("update messages set lease_ends_at = now() where delivery = 'sending'");
  await db.raw("update service_windows set send_tokens = 45, send_tokens_at = now()");
  await fleet.launch("src/server.ts", { WHATSAPP_API_URL: provider.url, FAULTS_CRASH_AT: "" });
  await settled(db);

  const stored = new Set(
    (
      await rows<{ external_id: string }>(db, "select external_id from messages where external_id like 'f-%'")
    ).map((one) => one.external_id),
  );
  const missing = [...acked].filter((id) => !stored.has(id));
  report(
    "T-R01 acknowledged and missing",
    missing.length === 0,
    `${missing.length} of ${acked.size}, ${fleet.kills} kills, ${fleet.restarts} Postgres restarts (95 % bound ${(300 / Math.max(1, acked.size)).toFixed(3)} %)`,
  );
  const doubled = await row<{ n: number }>(
    db,
    "select count(*)::int as n from (select 1 from messages where external_id like 'f-%' group by text having count(*) > 1) x",
  );
  const split = await row<{ n: number }>(
    db,
    "select count(*)::int as n from (select contact_id from conversations where status <> 'resolved' group by 1 having count(*) > 1) x",
  );
  const persons = await row<{ n: number }>(
    db,
    "select count(*)::int as n from (select external_id from contact_identities group by 1 having count(distinct contact_id) > 1) x",
  );
  report(
    "T-R02 doubled",
    doubled?.n === 0 && split?.n === 0 && persons?.n === 0,
    `${doubled?.n} messages, ${split?.n} conversations, ${persons?.n} persons of ${stored.size}`,
  );
  const times = new Map<string, number>();
  for (const { messageId } of provider.reached) times.set(messageId, (times.get(messageId) ?? 0) + 1);
  const twice = [...times.values()].filter((n) => n > 1).length;
  const unknown = await row<{ n: number }>(
    db,
    "select count(*)::int as n from messages where delivery = 'unknown'",
  );
  const lostForm = await row<{ n: number }>(
    db,
    "select count(*)::int as n from (select text from messages where direction = 'outbound' group by text having count(*) > 1) x",
  );
  report(
    "T-R03 replies delivered twice",
    twice === 0 && lostForm?.n === 0,
    `${twice} of ${times.size} delivered, ${replied} accepted by Hilo, ${unknown?.n} left unknown`,
  );
  const wrongUnknown = await rows<{ id: number }>(db, "select id from messages where delivery = 'unknown'");
  const delivered = wrongUnknown.filter(({ id }) => times.has(String(id))).length;
  report(
    "T-R03 unknown that in truth arrived, after the echoes",
    delivered === 0,
    `${delivered} of ${unknown?.n}`,
  );
  const order = await rows<{ id: number; conversation_id: number }>(
    db,
    "select id, conversation_id from messages where direction = 'outbound'",
  );
  const conversationOf = new Map(order.map((one) => [String(one.id), one.conversation_id]));
  const last = new Map<number, number>();
  let inversions = 0;
  for (const { messageId } of provider.reached) {
    const conversation = conversationOf.get(messageId) ?? 0;
    if ((last.get(conversation) ?? 0) > Number(messageId)) inversions += 1;
    last.set(conversation, Number(messageId));
  }
  report(
    "T-R04 inversions in a conversation",
    inversions === 0,
    `${inversions} of ${provider.reached.length}`,
  );
  const back = await row<{ n: number }>(
    db,
    "select count(*)::int as n from messages where direction = 'outbound' and external_id is not null and delivery not in ('read', 'failed')",
  );
  report("T-R04 statuses below the highest told", back?.n === 0, `${back?.n}`);
  await wakeOnce(fleet, db);
  await gracefulStops(fleet);
  await db.destroy();
  await provider.close();
  await fleet.close();
}

/** Waits until nothing is under way; the number of looks is the only limit. */
async function settled(db: ReturnType<typeof openDatabase>): Promise<void> {
  for (let looks = 0; looks < 600; looks += 1) {
    await pause(200);
    await db.raw(
      "update messages set due_at = now() where delivery = 'queued' and due_at > now() + interval '2 seconds'",
    );
    const open = await row<{ n: number }>(
      db,
      `select ((select count(*) from inbound_events where state = 'received') + (select count(*) from messages where delivery in ('queued', 'sending'))
        + (select count(*) from messages where direction = 'outbound' and external_id is not null and delivery in ('sent', 'delivered')))::int as n`,
    );
    if (open?.n === 0) return;
  }
}

/** T-R19: what is due is done once, however many processes look. */
async function wakeOnce(fleet: Fleet, db: ReturnType<typeof openDatabase>): Promise<void> {
  await db.raw(
    `with people as (insert into contacts (name) select 'dormida ' || n from generate_series(1, 1000) n returning id)
     insert into conversations (contact_id, status, snoozed_until, opened_at, last_activity_at)
     select id, 'snoozed', now() + interval '1 second', now(), now() from people`,
  );
  for (let n = 0; n < 6; n += 1) {
    await pause(700);
    fleet.kill(n % fleet.urls.length);
  }
  for (let looks = 0; looks < 200; looks += 1) {
    const left = await row<{ n: number }>(
      db,
      "select count(*)::int as n from conversations where status = 'snoozed'",
    );
    if (left?.n === 0) break;
    await pause(200);
  }
  const woken = await row<{ n: number; distinct: number }>(
    db,
    `select count(*)::int as n, count(distinct conversation_id)::int as "distinct" from audit_events where act = 'conversation.woken'`,
  );
  report(
    "T-R19 woken once each, with kills",
    woken?.n === 1000 && woken.distinct === 1000,
    `${woken?.n} events for ${woken?.distinct} conversations`,
  );
}

/** T-R14: a stop says that it is not ready, and finishes what was begun. */
async function gracefulStops(fleet: Fleet): Promise<void> {
  await fleet.ready();
  let broken = 0;
  let total = 0;
  let slowest = 0;
  const codes: (number | null)[] = [];
  for (let n = 0; n < 5; n += 1) {
    const target = fleet.urls[0] ?? "";
    // As a balancer does: ask whether it is ready, and send it nothing more once it is not.
    let isReady = true;
    const asking = (async () => {
      while (isReady) {
        isReady = await fetch(`${target}/readyz`).then(
          async (answer) => {
            await answer.text();
            return answer.ok;
          },
          () => false,
        );
        await pause(50);
      }
    })();
    const load = Array.from({ length: 8 }, async () => {
      while (isReady) {
        total += 1;
        if ((await post(target, delivery(messageValue())).catch(() => 0)) !== 200) broken += 1;
      }
    });
    await pause(300);
    const { code, ms } = await fleet.terminate(0);
    await Promise.all([asking, ...load]);
    codes.push(code);
    slowest = Math.max(slowest, ms);
    await fleet.ready();
  }
  report(
    "T-R14 graceful stops",
    broken === 0 && codes.every((code) => code === 0),
    `${broken} of ${total} requests failed, exit codes ${codes.join(" ")}, slowest ${slowest} ms`,
  );
}

/** The harness must see what it is there to see. */
async function controls(): Promise<void> {
  const short = Math.min(20, Math.max(8, seconds / 3));
  const fleet = await openFleet(2);
  const db = openDatabase(fleet.databaseUrl, { size: 2, name: "watcher" });
  await db.raw(
    "create table control_messages (id text primary key); create table control_outbox (id int primary key, sent boolean not null default false)",
  );
  await fleet.launch("test/faults/control-ack-first.ts", {});
  const until = Date.now() + short * 1000;
  const acked = new Set<string>();
  let n = 0;
  const load = Array.from({ length: 6 }, async () => {
    while (Date.now() < until) {
      n += 1;
      const id = `c-${n}`;
      if (await postUntilTaken(fleet, delivery(messageValue({ id })), until + 5000)) acked.add(id);
    }
  });
  await Promise.all([torment(fleet, until, false), ...load]);
  await pause(500);
  await fleet.halt();
  const stored = await row<{ n: number }>(db, "select count(*)::int as n from control_messages");
  const lost = acked.size - (stored?.n ?? 0);
  report("control: 200 before storing must lose", lost > 0, `lost ${lost} of ${acked.size}`);

  const provider = await startFaultyProvider(random);
  await db.raw("insert into control_outbox select n from generate_series(1, 4000) n");
  await fleet
    .launch("test/faults/control-lock-and-call.ts", { WHATSAPP_API_URL: provider.url })
    .catch(() => {});
  await torment(fleet, Date.now() + short * 1000, false);
  await fleet.halt();
  const times = new Map<string, number>();
  for (const { messageId } of provider.reached) times.set(messageId, (times.get(messageId) ?? 0) + 1);
  const twice = [...times.values()].filter((count) => count > 1).length;
  report("control: lock, call, mark must repeat", twice > 0, `${twice} of ${times.size} delivered twice`);
  await provider.close();
  await db.destroy();
  await fleet.close();
}

await hiloUnderFaults();
await controls();
process.stdout.write(`\n${failures === 0 ? "all held" : `${failures} did not hold`}, seed ${seed}\n`);
process.exit(failures === 0 ? 0 : 1);
