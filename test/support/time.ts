import { json } from "../../src/services/platform/database.ts";
import type { Cast } from "./cast.ts";

/** Open every minute: what a test is about is seldom the night. */
export async function openAlways({ platform: { db } }: Cast): Promise<void> {
  const week = Array.from({ length: 7 }, () => [[0, 1440]]);
  await db("business_hours").update({ week: json(week) });
}

/** Closed but for one minute a year that is not this one. */
export async function closeNow({ platform: { db } }: Cast): Promise<void> {
  const week = Array.from({ length: 7 }, () => [] as number[][]);
  const day = new Date(Date.now() + 3 * 86_400_000).getUTCDay();
  week[(day + 6) % 7] = [[720, 780]];
  await db("business_hours").update({ week: json(week), time_zone: "UTC" });
}

/**
 * The database's clock cannot be turned, so everything that it compares with moves into the past: as if that many
 * minutes had gone by.
 */
export async function pass({ platform: { db } }: Cast, minutes: number): Promise<void> {
  const columns = {
    sla_clocks: [
      "started_at",
      "resumed_at",
      "due_at",
      "breached_at",
      "met_at",
      "ended_at",
      "alert_at",
      "reassign_at",
      "flag_at",
    ],
    conversations: [
      "waiting_since",
      "first_response_at",
      "last_activity_at",
      "last_inbound_at",
      "opened_at",
      "resolved_at",
      "flagged_at",
      "snoozed_until",
    ],
    agents: ["availability_changed_at", "last_seen_at", "last_assigned_at", "last_reply_at", "created_at"],
    messages: ["sent_at"],
    assignments: ["created_at"],
  };
  for (const [table, names] of Object.entries(columns)) {
    const sets = names.map((name) => `${name} = ${name} - make_interval(mins => :minutes)`).join(", ");
    await db.raw(`update ${table} set ${sets}`, { minutes });
  }
}
