import type { Context } from "./context.ts";
import { changed } from "./database.ts";

/** What is kept only for a while, and how long. Deliveries that were understood live on as messages. */
const kept = [
  { table: "inbound_events", rule: "state = 'done' and done_at < now() - interval '14 days'" },
  { table: "early_events", rule: "created_at < now() - interval '14 days'" },
  { table: "idempotency_keys", rule: "created_at < now() - interval '2 days'" },
  { table: "sessions", rule: "expire < now() or last_seen_at < now() - interval '14 days'" },
  { table: "alerts", rule: "created_at < now() - interval '90 days'" },
  { table: "automatic_sends", rule: "created_at < now() - interval '90 days'" },
  { table: "scheduled_messages", rule: "settled_at < now() - interval '14 days'" },
] as const;

const perStatement = 5000;

/** Deletes in small bites, so that nobody waits. */
export async function forgetOld(ctx: Context): Promise<number> {
  let total = 0;
  for (const { table, rule } of kept) {
    for (;;) {
      const n = await changed(
        ctx.db,
        `delete from ${table} where ctid in (select ctid from ${table} where ${rule} limit ${perStatement})`,
      );
      total += n;
      if (n < perStatement) break;
    }
  }
  return total;
}
