import { createAgent } from "../../src/services/agents/agent.ts";
import { createApiToken } from "../../src/services/agents/api-tokens.ts";
import { connectWhatsApp } from "../../src/services/inboxes/connect.ts";
import { type Platform, systemContext } from "../../src/services/platform/context.ts";
import { openDatabase, row, rows } from "../../src/services/platform/database.ts";
import { createLogger } from "../../src/services/platform/logger.ts";
import { openMemories } from "../../src/services/platform/memory.ts";
import { migrate } from "../../src/services/platform/migrate.ts";
import { openSecrets } from "../../src/services/platform/secrets.ts";
import { whatsappInbox } from "../support/cast.ts";
import { delivery, messageValue } from "../support/meta.ts";
import { clocksUnderKills } from "./clocks.ts";
import { controls } from "./controls.ts";
import { openFleet } from "./fleet.ts";
import { startFaultyProvider } from "./provider.ts";
import { gracefulStops, settled, wakeOnce } from "./stops.ts";
import { pause, postUntilTaken, random, report, seconds, seed, torment, verdict } from "./torment.ts";

/**
 * Kills, restarts and cuts under load, and then counts. Nothing that got a 200 may be missing, nothing doubled, no
 * reply may reach a person twice. Two controls do it wrong on purpose and must be caught.
 */
async function hiloUnderFaults(): Promise<void> {
  const fleet = await openFleet(2);
  const provider = await startFaultyProvider(random);
  provider.targets.push(...fleet.urls);
  const db = openDatabase(fleet.databaseUrl, { size: 4, name: "watcher" });
  await migrate(db);
  const config = { secretKey: "faults".repeat(8), dataDir: "" };
  const platform = {
    db,
    reportsDb: db,
    secrets: openSecrets(config),
    logger: createLogger("silent"),
    memories: openMemories(),
  } as Platform;
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
  while (provider.telling() > 0) await pause(100);
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
  await clocksUnderKills(fleet, db, () =>
    fleet.launch("src/server.ts", { WHATSAPP_API_URL: provider.url, FAULTS_CRASH_AT: "" }),
  );
  await gracefulStops(fleet);
  await db.destroy();
  await provider.close();
  await fleet.close();
}

process.stdout.write(`seed ${seed}, ${seconds} s\n`);
await hiloUnderFaults();
await controls();
process.stdout.write(
  `\n${verdict.failures === 0 ? "all held" : `${verdict.failures} did not hold`}, seed ${seed}\n`,
);
process.exit(verdict.failures === 0 ? 0 : 1);
