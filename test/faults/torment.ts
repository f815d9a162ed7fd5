import type { Fleet } from "./fleet.ts";
import { post } from "./provider.ts";
import { seeded } from "./random.ts";

/** Seconds under fault, and the seed that plays a run again. */
export const seconds = Number(process.env.FAULTS_SECONDS ?? 60);
export const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000);
export const random = seeded(seed);

/** How many promises did not hold. */
export const verdict = { failures: 0 };

export function report(name: string, ok: boolean, words: string): void {
  if (!ok) verdict.failures += 1;
  process.stdout.write(`${ok ? "ok    " : "FAILED"} ${name}: ${words}\n`);
}

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Faults of all kinds until the time is up. */
export async function torment(fleet: Fleet, until: number, withPostgres: boolean): Promise<void> {
  let nextPostgres = Date.now() + 4000;
  while (Date.now() < until) {
    await pause(250 + random() * 600);
    fleet.kill(Math.floor(random() * fleet.urls.length));
    if (withPostgres && Date.now() > nextPostgres) {
      if (random() < 0.6) await fleet.restartPostgres();
      else await fleet.terminateBackends().catch(() => {});
      nextPostgres = Date.now() + 3000 + random() * 3000;
    }
  }
}

/** Posts a delivery to any process until one says 200, as a provider does. */
export async function postUntilTaken(fleet: Fleet, body: Buffer, until: number): Promise<boolean> {
  while (Date.now() < until) {
    const target = fleet.urls[Math.floor(random() * fleet.urls.length)] ?? "";
    if ((await post(target, body).catch(() => 0)) === 200) return true;
    await pause(40);
  }
  return false;
}
