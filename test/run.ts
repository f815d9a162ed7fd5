import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import Mocha from "mocha";
import { openTestCluster } from "./support/cluster.ts";

/**
 * Everything that proves a change: types, lint, then every test on a real Postgres. With arguments only the files
 * (or `--grep WORDS`) that they name, without types and lint. Ends with `N passed, N failed`.
 */
const root = resolve(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules/.bin", name);
const given = process.argv.slice(2);
const grepAt = given.indexOf("--grep");
const grep = grepAt >= 0 ? given[grepAt + 1] : undefined;
const files = given.filter((_, index) => grepAt < 0 || (index !== grepAt && index !== grepAt + 1));

let passed = 0;
let failed = 0;

async function check(name: string, command: string, parameters: string[]): Promise<void> {
  const child = spawn(command, parameters, { cwd: root, stdio: "inherit" });
  const code = await new Promise((done) => child.on("close", done));
  if (code === 0) passed += 1;
  else failed += 1;
  process.stdout.write(`  ${code === 0 ? "ok" : "FAILED"}  ${name}\n`);
}

if (given.length === 0) {
  await check("types (tsc)", bin("tsc"), []);
  await check("lint and format (biome)", bin("biome"), ["check", "--error-on-warnings", "."]);
}

process.env.LOG_LEVEL ??= "silent";
const folder = await mkdtemp(join(tmpdir(), "hilo-test-"));
const cluster = await openTestCluster(folder);
process.env.TEST_DATABASE_URL = cluster.url;
process.env.TEST_FOLDER = folder;

try {
  const mocha = new Mocha({
    timeout: 90_000,
    color: process.stdout.isTTY,
    parallel: true,
    jobs: 2,
    ...(grep ? { grep } : {}),
  });
  const all = files.length > 0 ? files : globSync("test/**/*.test.ts", { cwd: root }).sort();
  for (const file of all) mocha.addFile(resolve(root, file));
  mocha.parallelMode(true);
  await new Promise<void>((done) => {
    const runner = mocha.run(() => done());
    runner.on("pass", () => {
      passed += 1;
    });
    runner.on("fail", () => {
      failed += 1;
    });
  });
} finally {
  await cluster.stop();
  await rm(folder, { recursive: true, force: true });
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
