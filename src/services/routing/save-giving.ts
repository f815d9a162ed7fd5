import { may } from "../agents/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import type { Strategy } from "./types.ts";

/** How the firm gives conversations out; columns of `firm`. */
export interface GivingSettings {
  strategy: Strategy;
  pilotPercent: number;
  lastAgentFirst: boolean;
  /** Away after this long without a sign of life; 0: never. */
  inactiveMinutes: number;
  /** What waits with somebody absent goes to the queue after this long; null: it stays. */
  absenceMinutes: number | null;
  transferNeedsNote: boolean;
  /** More conversations in 30 days, or returns in 90, make a priority; 0: never. */
  frequentConversations: number;
  frequentReturns: number;
  priorityTag: string;
}

const columns = {
  strategy: "strategy",
  pilotPercent: "pilot_percent",
  lastAgentFirst: "last_agent_first",
  inactiveMinutes: "inactive_minutes",
  absenceMinutes: "absence_minutes",
  transferNeedsNote: "transfer_needs_note",
  frequentConversations: "frequent_conversations",
  frequentReturns: "frequent_returns",
  priorityTag: "priority_tag",
} as const satisfies Record<keyof GivingSettings, string>;

export async function getGiving({ db }: Pick<Reader, "db">): Promise<GivingSettings> {
  const list = Object.entries(columns).map(([name, column]) => `${column} as "${name}"`);
  const found = await row<GivingSettings>(db, `select ${list.join(", ")} from firm`);
  if (!found) throw new Error("the firm's row is missing: restore it from the backup");
  return found;
}

/** @throws Forbidden; Invalid for a number out of its range. */
export function saveGiving(ctx: Context, settings: GivingSettings): Promise<void> {
  if (!may(ctx.actor, "routing.manage")) throw new Forbidden();
  const ranges = {
    pilotPercent: 100,
    inactiveMinutes: 1440,
    absenceMinutes: 1440,
    frequentConversations: 1000,
    frequentReturns: 1000,
  };
  for (const [field, most] of Object.entries(ranges)) {
    const value = settings[field as keyof typeof ranges];
    if (value !== null && !(Number.isInteger(value) && value >= 0 && value <= most))
      throw new Invalid({ [field]: "giving.range" }, { most });
  }
  return transact(ctx, async (tx) => {
    const before = await getGiving(tx);
    const changed = (Object.keys(columns) as (keyof GivingSettings)[]).filter(
      (name) => before[name] !== settings[name],
    );
    if (changed.length === 0) return;
    await tx.db("firm").update(Object.fromEntries(changed.map((name) => [columns[name], settings[name]])));
    const data = Object.fromEntries(
      changed.map((name) => [name, { from: before[name], to: settings[name] }]),
    );
    tx.record({ type: "firm.changed" }, { act: "giving.changed", data });
  });
}
