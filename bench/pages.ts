import { readFileSync } from "node:fs";
import { createFirm, fillData, signIn } from "./data.ts";
import { closedLoop, median, percentile, type Shot } from "./load.ts";
import type { Figure } from "./run.ts";
import type { Child, World } from "./world.ts";

const oneByOne = 400;
const burstMs = 6000;

interface Timed {
  inbox: number[];
  conversation: number[];
}

const conversationOf = (n: number, contacts: number) => 10 * (1 + ((n * 7919) % Math.floor(contacts / 10)));

async function timePages(hilo: Child, contacts: number): Promise<Timed & { cookie: string }> {
  const cookie = await signIn(hilo.url, 1);
  const get = (path: string): Shot => ({ method: "GET", path, headers: { cookie } });
  await closedLoop(hilo.url, 4, (n) =>
    n < 200 ? get(n % 2 ? "/inbox?view=all" : `/conversations/${conversationOf(n, contacts)}`) : null,
  );
  const inbox = await closedLoop(hilo.url, 1, (n) => (n < oneByOne ? get("/inbox?view=all") : null));
  const conversation = await closedLoop(hilo.url, 1, (n) =>
    n < oneByOne ? get(`/conversations/${conversationOf(n, contacts)}`) : null,
  );
  if (inbox.failures + conversation.failures > 0) throw new Error("pages were refused");
  return { inbox: inbox.times, conversation: conversation.times, cookie };
}

const queries = [
  "lucia",
  "hernandez 77",
  "5510000",
  "silla ejecutiva",
  "garantia reemplazo",
  '"mesa lámpara"',
  "factura",
  "colchon domingo",
];

/** Names, parts of phones, common and rare words, one search at a time. */
async function timeSearch(hilo: Child, cookie: string): Promise<{ times: number[] }> {
  return closedLoop(hilo.url, 1, (n) =>
    n < oneByOne
      ? {
          method: "GET",
          path: `/search?q=${encodeURIComponent(queries[n % queries.length] ?? "")}`,
          headers: { cookie },
        }
      : null,
  );
}

/** Whole pages at 10,000 conversations and 200,000 messages, alone and sixteen at a time, and search. */
export async function pages(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("pages");
  await createFirm(url, 40);
  await fillData(url, 10_000, 20);
  const hilo = await world.startHilo(url);
  const timed = await timePages(hilo, 10_000);
  const headers = { cookie: timed.cookie };
  const hello = await world.startBare("hello");
  const rates: Record<string, number[]> = { hello: [], inbox: [], conversation: [] };
  for (let round = 0; round < 3; round += 1) {
    rates.hello?.push(
      (await closedLoop(hello.url, 16, () => ({ method: "GET", path: "/" }), burstMs / 2)).perSecond,
    );
    rates.inbox?.push(
      (
        await closedLoop(
          hilo.url,
          16,
          () => ({ method: "GET", path: "/inbox?view=all", headers }),
          burstMs / 2,
        )
      ).perSecond,
    );
    rates.conversation?.push(
      (
        await closedLoop(
          hilo.url,
          16,
          (n) => ({ method: "GET", path: `/conversations/${conversationOf(n, 10_000)}`, headers }),
          burstMs / 2,
        )
      ).perSecond,
    );
  }
  const search = await timeSearch(hilo, timed.cookie);
  await hello.stop();
  await hilo.stop();
  const p95 = (times: number[]) => percentile(times, 0.95);
  const ratio = (name: string) => median(rates[name] ?? []) / median(rates.hello ?? []);
  return [
    { name: "inbox.p95", value: p95(timed.inbox), unit: "ms", target: "< 10", ok: p95(timed.inbox) < 10 },
    { name: "inbox.p50", value: median(timed.inbox), unit: "ms", target: "", ok: true },
    {
      name: "inbox.ratio",
      value: ratio("inbox"),
      unit: "× hello",
      target: "≥ 0.08",
      ok: ratio("inbox") >= 0.08,
    },
    { name: "inbox.rate", value: median(rates.inbox ?? []), unit: "/s", target: "", ok: true },
    {
      name: "conversation.p95",
      value: p95(timed.conversation),
      unit: "ms",
      target: "< 10",
      ok: p95(timed.conversation) < 10,
    },
    { name: "conversation.p50", value: median(timed.conversation), unit: "ms", target: "", ok: true },
    {
      name: "conversation.ratio",
      value: ratio("conversation"),
      unit: "× hello",
      target: "≥ 0.08",
      ok: ratio("conversation") >= 0.08,
    },
    { name: "conversation.rate", value: median(rates.conversation ?? []), unit: "/s", target: "", ok: true },
    { name: "hello.rate", value: median(rates.hello ?? []), unit: "/s", target: "", ok: true },
    { name: "search.p95", value: p95(search.times), unit: "ms", target: "< 20", ok: p95(search.times) < 20 },
  ];
}

/** The same pages at ten times the data, by their medians. */
export async function growth(world: World): Promise<Figure[]> {
  const small = await world.createDatabase("small");
  await createFirm(small, 40);
  await fillData(small, 10_000, 20);
  const large = await world.createDatabase("large");
  await createFirm(large, 40);
  await fillData(large, 100_000, 20);
  const first = await world.startHilo(small);
  const before = await timePages(first, 10_000);
  await first.stop();
  const second = await world.startHilo(large);
  const after = await timePages(second, 100_000);
  const found = percentile((await timeSearch(second, after.cookie)).times, 0.95);
  await second.stop();
  const inbox = median(after.inbox) / median(before.inbox);
  const conversation = median(after.conversation) / median(before.conversation);
  return [
    { name: "inbox.growth", value: inbox, unit: "×", target: "≤ 1.3", ok: inbox <= 1.3 },
    { name: "context.search_2m", value: found, unit: "ms", target: "< 150", ok: found < 150 },
    { name: "conversation.growth", value: conversation, unit: "×", target: "≤ 1.3", ok: conversation <= 1.3 },
  ];
}

/** How long a start takes with an existing database (Hilo's own included), and what the process holds at rest. */
export async function process_(world: World): Promise<Figure[]> {
  const embedded = { DATABASE_URL: "", DATA_DIR: `${world.folder}/start` };
  const first = await world.startHilo("", embedded);
  await first.stop();
  const times: number[] = [];
  let rss = 0;
  for (let n = 0; n < 3; n += 1) {
    const again = await world.startHilo("", embedded);
    times.push(again.readyMs);
    await new Promise((done) => setTimeout(done, 3000));
    rss = residentMegabytes(again.process.pid ?? 0);
    await again.stop();
  }
  return [
    { name: "rss.rest", value: rss, unit: "MB", target: "< 200", ok: rss < 200 },
    { name: "start.ready", value: median(times) / 1000, unit: "s", target: "< 2", ok: median(times) < 2000 },
  ];
}

export function residentMegabytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}
