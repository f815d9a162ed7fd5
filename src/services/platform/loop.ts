import { setTimeout as sleep } from "node:timers/promises";
import { isTransient } from "./database.ts";
import type { Logger } from "./logger.ts";

export interface Loop {
  /** Do it soon; while it runs, do it once more afterwards. */
  nudge: () => void;
  /** Takes no more nudges and resolves when the current run has ended. */
  stop: () => Promise<void>;
}

/**
 * Work that is nudged for speed and swept for truth: never twice at once in a process, never ended by an error.
 *
 * @param restMs between a run and the one that was asked for meanwhile.
 */
export function startLoop(name: string, logger: Logger, work: () => Promise<unknown>, restMs = 0): Loop {
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = false;

  async function run(): Promise<void> {
    do {
      again = false;
      try {
        await work();
      } catch (error) {
        const level = isTransient(error) ? "warn" : "error";
        logger[level]({ err: error, loop: name }, "a loop's run failed; the next sweep tries again");
      }
      if (again && restMs > 0) await sleep(restMs);
    } while (again && !stopped);
  }

  return {
    nudge() {
      if (stopped) return;
      if (running !== null) again = true;
      else {
        running = run().finally(() => {
          running = null;
        });
      }
    },
    async stop() {
      stopped = true;
      await running;
    },
  };
}
