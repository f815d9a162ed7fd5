import { openDatabase } from "../src/services/platform/database.ts";
import { createFirm } from "./data.ts";
import { closedLoop, median, openLoop, percentile, signedMessage } from "./load.ts";
import type { Figure } from "./run.ts";
import type { World } from "./world.ts";

const perRound = 8000;
const people = 2500;
const rounds = 3;

/** Signed deliveries to visible messages, against the loop that anybody would write, taking turns on one database server. */
export async function ingestRatio(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("ingest");
  await createFirm(url, 2);
  const db = openDatabase(url, { size: 2, name: "hilo-bench" });
  const bare = await world.startBare("loop");
  const hilo = await world.startHilo(url);
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const shots = (name: string) =>
      Array.from({ length: perRound }, (_, n) =>
        signedMessage(`52155${20_000_000 + (n % people)}`, `${name}.${round}.${n}`),
      );
    const bareShots = shots("bare");
    theirs.push((await closedLoop(bare.url, 64, (n) => bareShots[n] ?? null)).perSecond);
    const hiloShots = shots("hilo");
    const began = performance.now();
    const result = await closedLoop(hilo.url, 64, (n) => hiloShots[n] ?? null);
    if (result.failures > 0) throw new Error(`${result.failures} deliveries were refused`);
    await until(
      async () => (await count(db, "select count(*)::int as n from messages")) === perRound * (round + 1),
    );
    ours.push(perRound / ((performance.now() - began) / 1000));
  }
  await hilo.stop();
  await bare.stop();
  await db.destroy();
  const ratio = median(ours) / median(theirs);
  return [
    { name: "ingest.ratio", value: ratio, unit: "×", target: "≥ 1.5", ok: ratio >= 1.5 },
    { name: "ingest.hilo", value: median(ours), unit: "/s", target: "", ok: true },
    { name: "ingest.bare", value: median(theirs), unit: "/s", target: "", ok: true },
  ];
}

/** 500 deliveries a second for a minute, and how long each answer took. */
export async function ingestSustained(world: World): Promise<Figure[]> {
  const seconds = Number(process.env.BENCH_SECONDS ?? 60);
  const url = await world.createDatabase("sustained");
  await createFirm(url, 2);
  const db = openDatabase(url, { size: 2, name: "hilo-bench" });
  const hilo = await world.startHilo(url);
  const shots = Array.from({ length: 500 * seconds }, (_, n) =>
    signedMessage(`52155${20_000_000 + (n % people)}`, `s.${n}`),
  );
  const result = await openLoop(hilo.url, 500, seconds, (n) => shots[n] as never);
  const ended = performance.now();
  await until(
    async () =>
      (await count(db, "select count(*)::int as n from messages")) === shots.length - result.failures,
  );
  const behind = performance.now() - ended;
  await hilo.stop();
  await db.destroy();
  const p99 = percentile(result.times, 0.99);
  return [
    {
      name: "ingest.sustained",
      value: result.perSecond,
      unit: "/s",
      target: "500 for 60 s",
      ok: result.failures === 0 && result.perSecond > 490 && behind < 2000,
    },
    { name: "ingest.behind", value: behind, unit: "ms", target: "", ok: true },
    { name: "ack.p99", value: p99, unit: "ms", target: "< 100", ok: p99 < 100 },
    { name: "ack.p50", value: percentile(result.times, 0.5), unit: "ms", target: "", ok: true },
  ];
}

export async function until(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await new Promise((done) => setTimeout(done, 10));
}

export async function count(db: World["db"], sql: string): Promise<number> {
  const result = await db.raw(sql);
  return result.rows[0].n;
}
