import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import pg from "pg";
import { openDatabase } from "../src/services/platform/database.ts";
import { startEmbeddedPostgres } from "../src/services/platform/embedded-postgres.ts";
import { migrate } from "../src/services/platform/migrate.ts";

const root = resolve(import.meta.dirname, "..");

export interface Child {
  url: string;
  process: ChildProcess;
  /** From spawning to the first 200 of `/readyz`. Milliseconds. */
  readyMs: number;
  stop: () => Promise<void>;
}

/** A Postgres with its production settings, and whatever servers a benchmark starts on it. */
export interface World {
  folder: string;
  databaseUrl: string;
  db: ReturnType<typeof openDatabase>;
  /** A Hilo of its own, as `npm start` runs it, on the given database. */
  startHilo: (databaseUrl: string, env?: Record<string, string>) => Promise<Child>;
  /** One of the bare servers to compare with. */
  startBare: (name: "hello" | "loop") => Promise<Child>;
  /** A migrated database beside the first one. */
  createDatabase: (name: string) => Promise<string>;
  close: () => Promise<void>;
}

export async function openWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), "hilo-bench-"));
  const postgres = await startEmbeddedPostgres(folder, { shared_buffers: "512MB", max_wal_size: "4GB" });
  const db = openDatabase(postgres.url, { size: 4, name: "hilo-bench" });
  await migrate(db);
  const children = new Set<Child>();
  // Below the ports that the system gives to clients: one of theirs must not be in the way.
  let port = 22_000 + Math.floor(Math.random() * 8000);

  async function start(script: string, env: Record<string, string>, ready: string): Promise<Child> {
    port += 1;
    const url = `http://127.0.0.1:${port}`;
    const began = performance.now();
    const child = spawn(process.execPath, [join(root, script)], {
      env: { ...process.env, PORT: String(port), LOG_LEVEL: "error", ...env },
      stdio: ["ignore", "ignore", "inherit"],
    });
    for (;;) {
      const answer = await fetch(url + ready).catch(() => null);
      await answer?.text();
      if (answer?.ok) break;
      if (child.exitCode !== null) throw new Error(`${script} ended with ${child.exitCode}`);
      await new Promise((done) => setTimeout(done, 5));
    }
    const running: Child = {
      url,
      process: child,
      readyMs: performance.now() - began,
      async stop() {
        children.delete(running);
        child.kill("SIGTERM");
        if (child.exitCode === null) await new Promise((done) => child.on("exit", done));
      },
    };
    children.add(running);
    return running;
  }

  return {
    folder,
    databaseUrl: postgres.url,
    db,
    startHilo: (databaseUrl, env = {}) =>
      start(
        "src/server.ts",
        { DATABASE_URL: databaseUrl, DATA_DIR: join(folder, "data"), SECRET_KEY: "bench".repeat(8), ...env },
        "/readyz",
      ),
    startBare: (name) => start(`bench/bare-${name}.ts`, { DATABASE_URL: postgres.url }, "/"),
    async createDatabase(name) {
      const client = new pg.Client({ connectionString: postgres.url });
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      const made = openDatabase(url.href, { size: 2, name: "hilo-bench" });
      await migrate(made);
      await made.destroy();
      return url.href;
    },
    async close() {
      await Promise.all([...children].map((child) => child.stop()));
      await db.destroy();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
