import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/services/platform/embedded-postgres.ts";

const root = resolve(import.meta.dirname, "../..");

/** A Postgres and some processes on it, all of which may be killed at any time and come back. */
export interface Fleet {
  databaseUrl: string;
  urls: string[];
  kills: number;
  restarts: number;
  /** Runs the script on every place of the fleet and keeps it running until `halt`. */
  launch: (script: string, env: Record<string, string>) => Promise<void>;
  kill: (index: number) => void;
  /** SIGTERM to one; its exit code and how long it took. */
  terminate: (index: number) => Promise<{ code: number | null; ms: number }>;
  /** Immediate restart of Postgres: no shutdown, recovery from its log. */
  restartPostgres: () => Promise<void>;
  terminateBackends: () => Promise<void>;
  halt: () => Promise<void>;
  ready: () => Promise<void>;
  close: () => Promise<void>;
}

export async function openFleet(size: number): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), "hilo-faults-"));
  const base = 45_000 + Math.floor(Math.random() * 3000);
  const settings = { port: String(base), max_connections: "200" };
  let postgres = await startEmbeddedPostgres(folder, settings);
  const places: (ChildProcess | null)[] = Array.from({ length: size }, () => null);
  let running: { script: string; env: Record<string, string> } | null = null;
  let tick = 0;

  function start(index: number): void {
    if (!running) return;
    tick += 1;
    const points = ["after-claim", "after-call", "before-record"];
    const child = spawn(process.execPath, [join(root, running.script)], {
      env: {
        ...process.env,
        PORT: String(base + 1 + index),
        DATABASE_URL: postgres.url,
        DATA_DIR: join(folder, "data"),
        SECRET_KEY: "faults".repeat(8),
        LOG_LEVEL: "silent",
        FAULTS_CRASH_AT: points[tick % points.length],
        ...running.env,
      },
      stdio: "ignore",
    });
    places[index] = child;
    child.on("exit", () => {
      if (places[index] !== child) return;
      places[index] = null;
      if (running) setTimeout(() => start(index), 20);
    });
  }

  const fleet: Fleet = {
    databaseUrl: postgres.url,
    urls: places.map((_, index) => `http://127.0.0.1:${base + 1 + index}`),
    kills: 0,
    restarts: 0,
    async launch(script, env) {
      running = { script, env };
      for (const index of places.keys()) start(index);
      await fleet.ready();
    },
    kill(index) {
      if (places[index]?.kill("SIGKILL")) fleet.kills += 1;
    },
    async terminate(index) {
      const child = places[index];
      if (!child) return { code: null, ms: 0 };
      const began = Date.now();
      const code = await new Promise<number | null>((done) => {
        child.on("exit", (status) => done(status));
        child.kill("SIGTERM");
      });
      return { code, ms: Date.now() - began };
    },
    async restartPostgres() {
      const pid = Number(readFileSync(join(folder, "postgres/postmaster.pid"), "utf8").split("\n")[0]);
      process.kill(pid, "SIGQUIT");
      for (;;) {
        try {
          process.kill(pid, 0);
          await new Promise((done) => setTimeout(done, 20));
        } catch {
          break;
        }
      }
      postgres = await startEmbeddedPostgres(folder, settings);
      fleet.restarts += 1;
    },
    async terminateBackends() {
      const client = new pg.Client({ connectionString: postgres.url });
      client.on("error", () => {});
      await client.connect();
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hilo%' and random() < 0.4",
      );
      await client.end().catch(() => {});
    },
    async halt() {
      running = null;
      for (const child of places) child?.kill("SIGKILL");
      await new Promise((done) => setTimeout(done, 200));
    },
    async ready() {
      for (const url of fleet.urls) {
        for (;;) {
          const answer = await fetch(`${url}/readyz`).catch(() => null);
          await answer?.text();
          if (answer?.ok) break;
          await new Promise((done) => setTimeout(done, 30));
        }
      }
    },
    async close() {
      await fleet.halt();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return fleet;
}
