import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { audit } from "./audit.ts";
import { burst, tick } from "./burst.ts";
import { flood } from "./flood.ts";
import { ingestRatio, ingestSustained } from "./ingest.ts";
import { live } from "./live.ts";
import { growth, pages, process_ } from "./pages.ts";
import { reports } from "./reports.ts";
import { context, importing, merging } from "./story.ts";
import { openWorld, type World } from "./world.ts";

export interface Figure {
  name: string;
  value: number;
  unit: string;
  /** What DESIGN, section 7, asks for; empty for what only explains another figure. */
  target: string;
  ok: boolean;
}

/** Each benchmark and the figures that it gives. */
const benchmarks: { gives: string[]; run: (world: World) => Promise<Figure[]> }[] = [
  { gives: ["rss.rest", "start.ready"], run: process_ },
  { gives: ["ingest.ratio"], run: ingestRatio },
  { gives: ["ingest.sustained", "ack.p99"], run: ingestSustained },
  { gives: ["live.p99"], run: live },
  { gives: ["inbox.p95", "inbox.ratio", "conversation.p95", "conversation.ratio", "search.p95"], run: pages },
  { gives: ["inbox.growth", "context.search_2m"], run: growth },
  { gives: ["context.p95", "context.contact_p95", "context.timeline_p95"], run: context },
  { gives: ["burst.assigned", "burst.rule", "burst.minute"], run: burst },
  { gives: ["tick.idle", "tick.due"], run: tick },
  { gives: ["audit.verify", "audit.seal_lag"], run: audit },
  { gives: ["flood.ack_p99", "flood.page_p95"], run: flood },
  { gives: ["reports.page_p95", "reports.fresh", "reports.export_memory"], run: reports },
  { gives: ["import.rate"], run: importing },
  { gives: ["merge.seconds", "merge.differences"], run: merging },
];

const given = process.argv.slice(2).filter((argument) => argument !== "--only");
const chosen = benchmarks.filter(
  ({ gives }) => given.length === 0 || gives.some((name) => given.includes(name)),
);
const world = await openWorld();
const figures: Figure[] = [];
try {
  for (const { run } of chosen) {
    for (const figure of await run(world)) {
      figures.push(figure);
      const value = figure.value.toFixed(figure.value >= 100 ? 0 : 2);
      const verdict = figure.target === "" ? "" : figure.ok ? "met" : "NOT MET";
      process.stdout.write(
        `${figure.name.padEnd(22)} ${value.padStart(9)} ${figure.unit.padEnd(9)} ${figure.target.padEnd(14)} ${verdict}\n`,
      );
    }
  }
} finally {
  await world.close();
}
const folder = resolve(import.meta.dirname, "results");
await mkdir(folder, { recursive: true });
await writeFile(resolve(folder, "latest.json"), `${JSON.stringify(figures, null, 2)}\n`);
process.exit(figures.every(({ ok }) => ok) ? 0 : 1);
