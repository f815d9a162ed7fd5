import cron from "node-cron";
import { seal } from "./audit/seal.ts";
import { closeSilent } from "./automation/close-silent.ts";
import { sendScheduled } from "./automation/send-scheduled.ts";
import { tellQueue } from "./automation/tell-queue.ts";
import { deliver, expireLeases } from "./channels/deliver.ts";
import { drain } from "./channels/drain.ts";
import { fetchMedia } from "./channels/fetch-media.ts";
import { settleEarly } from "./channels/settle-early.ts";
import { sweepUploads } from "./channels/uploads.ts";
import { wakeSnoozed } from "./conversations/status.ts";
import { sweepViewers } from "./conversations/viewers.ts";
import { forgetImports, runImports } from "./imports/run-imports.ts";
import type { Bell } from "./platform/bell.ts";
import { onClockJump } from "./platform/clock-jumps.ts";
import type { Context } from "./platform/context.ts";
import { type Loop, startLoop } from "./platform/loop.ts";
import { forgetOld } from "./platform/retention.ts";
import { applyRetention } from "./privacy/retention.ts";
import { forgetExports } from "./reports/exports.ts";
import { keepFacts } from "./reports/keep-facts.ts";
import { distribute } from "./routing/distribute.ts";
import { escalate } from "./routing/escalate.ts";
import { releaseAbsent } from "./routing/release-absent.ts";
import { sweepPresence } from "./routing/sweep-presence.ts";
import { sweepClocks } from "./sla/sweep-clocks.ts";

export type Job = { name: string; line: string; work: (ctx: Context) => Promise<unknown>; restMs?: number };

/** Every job of Hilo on one screen. Lines are node-cron's: second, minute, hour, day, month, weekday. */
const jobs = [
  { name: "drain", line: "* * * * * *", work: drain },
  { name: "deliver", line: "* * * * * *", work: deliver },
  { name: "media", line: "*/2 * * * * *", work: fetchMedia },
  { name: "early", line: "*/2 * * * * *", work: settleEarly },
  { name: "leases", line: "*/5 * * * * *", work: expireLeases },
  { name: "snoozed", line: "*/5 * * * * *", work: wakeSnoozed },
  { name: "escalate", line: "* * * * * *", work: escalate },
  // Nudged by whatever happens; a rest between two looks gathers a burst into one.
  { name: "distribute", line: "* * * * * *", work: distribute, restMs: 100 },
  { name: "scheduled", line: "*/5 * * * * *", work: sendScheduled },
  { name: "queue-notice", line: "*/15 * * * * *", work: tellQueue },
  { name: "silent", line: "40 * * * * *", work: closeSilent },
  { name: "absent", line: "*/10 * * * * *", work: releaseAbsent },
  { name: "presence", line: "*/10 * * * * *", work: sweepPresence },
  { name: "clocks", line: "20 * * * * *", work: sweepClocks },
  { name: "viewers", line: "30 * * * * *", work: (ctx: Context) => sweepViewers(ctx.db) },
  { name: "uploads", line: "15 */10 * * * *", work: sweepUploads },
  { name: "imports", line: "*/5 * * * * *", work: runImports },
  { name: "seal", line: "*/3 * * * * *", work: seal },
  { name: "facts", line: "*/2 * * * * *", work: keepFacts },
  { name: "retention", line: "45 7 * * * *", work: forgetOld },
  { name: "old-data", line: "20 17 3 * * *", work: applyRetention },
  { name: "old-exports", line: "55 7 * * * *", work: forgetExports },
  { name: "old-imports", line: "50 7 * * * *", work: forgetImports },
] as const satisfies readonly Job[];

export type JobName = (typeof jobs)[number]["name"];

export interface Schedule {
  nudge: (name: JobName) => void;
  stop: () => Promise<void>;
}

/**
 * Starts the clock; facts nudge the jobs that they concern, so that nothing waits for the next tick.
 *
 * @param more jobs that need what only the process has: mail, with its words.
 */
export function startSchedule(ctx: Context, bell: Bell, more: readonly Job[] = []): Schedule {
  const loops = new Map<string, Loop>();
  const tasks = [...(jobs as readonly Job[]), ...more].map(({ name, line, work, restMs = 0 }) => {
    const loop = startLoop(name, ctx.logger, () => work(ctx), restMs);
    loops.set(name, loop);
    // What was missed is done by the next run; a line of the log for each second of a jump would help nobody.
    return cron.schedule(line, () => loop.nudge(), { suppressMissedWarning: true });
  });
  // node-cron waits for its next time of the wall: after a clock was set back an hour it would rest for that hour.
  const unwatch = onClockJump((ms) => {
    ctx.logger.warn({ seconds: Math.round(ms / 1000) }, "the host's clock was set; every job starts over");
    void Promise.all(tasks.map((task) => Promise.resolve(task.stop()).then(() => task.start())));
    for (const loop of loops.values()) loop.nudge();
  });
  bell.onFacts((facts) => {
    for (const { type } of facts) {
      if (type === "inbound_event.received") loops.get("drain")?.nudge();
      if (type === "message.queued") loops.get("deliver")?.nudge();
      if (type === "export.changed") loops.get("exports")?.nudge();
      if (type === "import.changed") loops.get("imports")?.nudge();
      if (type === "media.pending") loops.get("media")?.nudge();
      if (type === "firm.changed") loops.get("clocks")?.nudge();
      if (type === "message.received" || type === "conversation.changed" || type === "agent.changed")
        loops.get("distribute")?.nudge();
    }
  });
  return {
    nudge: (name) => loops.get(name)?.nudge(),
    async stop() {
      unwatch();
      await Promise.all(tasks.map((task) => task.destroy()));
      await Promise.all([...loops.values()].map((loop) => loop.stop()));
    },
  };
}
