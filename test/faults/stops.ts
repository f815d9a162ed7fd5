import type { openDatabase } from "../../src/services/platform/database.ts";
import { row } from "../../src/services/platform/database.ts";
import { delivery, messageValue } from "../support/meta.ts";
import type { Fleet } from "./fleet.ts";
import { post } from "./provider.ts";
import { pause, report } from "./torment.ts";

/** Waits until nothing is under way; the number of looks is the only limit. */
export async function settled(db: ReturnType<typeof openDatabase>): Promise<void> {
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
export async function wakeOnce(fleet: Fleet, db: ReturnType<typeof openDatabase>): Promise<void> {
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
export async function gracefulStops(fleet: Fleet): Promise<void> {
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
