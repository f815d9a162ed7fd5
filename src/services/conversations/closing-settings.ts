import type { Knex } from "knex";
import { may } from "../agents/policy.ts";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** What the firm asks for when a conversation is resolved, and what happens then; columns of `firm`. */
export interface ClosingSettings {
  requiresTopic: boolean;
  /** Open cases of the customer must say how they stand. */
  requiresCaseState: boolean;
  requiresSummary: boolean;
  /** `confirm`: the summary with "is it solved?"; `survey`: how it went. */
  afterResolving: "nothing" | "confirm" | "survey";
  /** Of 100 surveys, how many ask whether they would recommend us instead. */
  npsPercent: number;
  /** Scores of 1 to 5 below this alert the supervisors. */
  lowScore: number;
  lowScoreReopens: boolean;
  /** Who does not answer us is nudged once after this, and closed after that. Hours; null: never. */
  nudgeHours: number | null;
  silenceHours: number | null;
  queueNoticeSeconds: number;
}

const columns = {
  requiresTopic: "requires_topic",
  requiresCaseState: "requires_case_state",
  requiresSummary: "requires_summary",
  afterResolving: "after_resolving",
  npsPercent: "nps_percent",
  lowScore: "low_score",
  lowScoreReopens: "low_score_reopens",
  nudgeHours: "nudge_hours",
  silenceHours: "silence_hours",
  queueNoticeSeconds: "queue_notice_seconds",
} as const satisfies Record<keyof ClosingSettings, string>;

/** As a part of a statement that asks for more: `(select … from firm)` as JSON. */
export const closingSql = `select ${Object.entries(columns)
  .map(([name, column]) => `${column}${column === "low_score" ? "::float8" : ""} as "${name}"`)
  .join(", ")} from firm`;

export async function getClosing(db: Knex): Promise<ClosingSettings> {
  const found = await row<ClosingSettings>(db, closingSql);
  if (!found) throw new Error("the firm's row is missing: restore it from the backup");
  return found;
}

/** @throws Forbidden; Invalid when people would be closed before they were nudged. */
export function saveClosing(ctx: Context, settings: ClosingSettings): Promise<void> {
  if (!may(ctx.actor, "automation.manage")) throw new Forbidden();
  const { nudgeHours, silenceHours } = settings;
  if (nudgeHours !== null && silenceHours !== null && nudgeHours >= silenceHours)
    throw new Invalid({ silenceHours: "closing.nudge_first" });
  return transact(ctx, async (tx) => {
    const before = await getClosing(tx.db);
    const changed = (Object.keys(columns) as (keyof ClosingSettings)[]).filter(
      (name) => before[name] !== settings[name],
    );
    if (changed.length === 0) return;
    await tx.db("firm").update(Object.fromEntries(changed.map((name) => [columns[name], settings[name]])));
    const data = Object.fromEntries(
      changed.map((name) => [name, { from: before[name], to: settings[name] }]),
    );
    tx.record({ type: "firm.changed" }, { act: "closing.changed", data });
  });
}
