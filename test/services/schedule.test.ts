import type { Bell } from "../../src/services/platform/bell.ts";
import { startSchedule } from "../../src/services/schedule.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { eventually } from "../support/hilo.ts";

/** The clock of this process, set forward or back by that many milliseconds; timers go on as they were. */
function setClock(ms: number): () => void {
  const real = Date;
  globalThis.Date = class extends real {
    constructor(...parts: unknown[]) {
      if (parts.length === 0) super(real.now() + ms);
      else super(...(parts as [number]));
    }
    static override now = () => real.now() + ms;
  } as DateConstructor;
  return () => {
    globalThis.Date = real;
  };
}

describe("the schedule", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
  });
  after(() => cast.close());

  for (const [said, ms] of [
    ["back", -3_600_000],
    ["forward", 3_600_000],
  ] as const) {
    it(`goes on at once when the clock is set ${said} an hour`, async () => {
      let runs = 0;
      const silent = { onFacts: () => {} } as unknown as Bell;
      const count = { name: "count", line: "* * * * * *", work: async () => (runs += 1) };
      const schedule = startSchedule(cast.system, silent, [count]);
      await eventually(async () => runs > 0);
      const restore = setClock(ms);
      try {
        runs = 0;
        await eventually(async () => runs >= 4);
      } finally {
        restore();
        await schedule.stop();
      }
    });
  }
});
