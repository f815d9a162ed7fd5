import { openDatabase, row } from "../../src/services/platform/database.ts";
import { delivery, messageValue } from "../support/meta.ts";
import { openFleet } from "./fleet.ts";
import { startFaultyProvider } from "./provider.ts";
import { pause, postUntilTaken, random, report, seconds, torment } from "./torment.ts";

/** The harness must see what it is there to see. */
export async function controls(): Promise<void> {
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
