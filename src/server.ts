import type { Server } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { createApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { composeReport } from "./routes/report-mail.ts";
import { mailLinks } from "./services/agents/mail-links.ts";
import { ensureAdmin, openSetUp } from "./services/agents/set-up.ts";
import { mailAlerts } from "./services/alerts/mail-alerts.ts";
import { pushAlerts } from "./services/alerts/push.ts";
import { openDoor } from "./services/channels/door.ts";
import { openBell } from "./services/platform/bell.ts";
import { type Context, type Platform, systemContext } from "./services/platform/context.ts";
import { openDatabase, withRole } from "./services/platform/database.ts";
import { startEmbeddedPostgres } from "./services/platform/embedded-postgres.ts";
import { factsChannel } from "./services/platform/events.ts";
import { createLogger } from "./services/platform/logger.ts";
import { startLoop } from "./services/platform/loop.ts";
import { openMailer } from "./services/platform/mailer.ts";
import { openMemories } from "./services/platform/memory.ts";
import { migrate } from "./services/platform/migrate.ts";
import { prepareRuntimeRole } from "./services/platform/runtime-role.ts";
import { openSecrets } from "./services/platform/secrets.ts";
import { openLocalStorage } from "./services/platform/storage.ts";
import { runExports } from "./services/reports/exports.ts";
import { mailWeekly } from "./services/reports/mail-weekly.ts";
import { type Job, type Schedule, startSchedule } from "./services/schedule.ts";
import { composeAlerts, composePush } from "./views/mail/alerts.ts";
import { composeLink } from "./views/mail/links.ts";
import { composeRows } from "./views/reports/rows.ts";

/** Connections: requests and jobs share one pool, deliveries have their own, so that neither starves the other. */
const poolSize = 16;
const doorPoolSize = 4;
/** Reports of a year keep a core busy each: few at once leave the others to people who serve customers. */
const reportsPoolSize = 4;
/** How often the embedded Postgres is looked at: a file and a process id, no query. */
const watchMs = 1000;
/** How long clients have to take their "Connection: close" before the door shuts. */
const farewellMs = 600;
/** Docker kills after ten seconds by default, systemd after ninety. */
const longestStopMs = 20_000;

export interface RunningServer {
  platform: Platform;
  url: string;
  stop: () => Promise<void>;
}

/** Opens what every command needs: the database (embedded unless configured), migrated, secrets and storage. */
export async function openPlatform(config: Config, size = poolSize) {
  const logger = createLogger(config.logLevel);
  const embedded = config.databaseUrl ? null : await startEmbeddedPostgres(config.dataDir);
  const databaseUrl = config.databaseUrl ?? embedded?.url ?? "";
  const revival = embedded ? startLoop("postgres", logger, embedded.revive) : null;
  const watch = setInterval(() => revival?.nudge(), watchMs);
  watch.unref();
  const owner = openDatabase(databaseUrl, { size: 2, name: "hilo-owner" });
  await migrate(owner);
  const role = await prepareRuntimeRole(owner, logger);
  await owner.destroy();
  const db = openDatabase(databaseUrl, { size, name: "hilo", role });
  const reportsDb = openDatabase(config.replicaUrl ?? databaseUrl, {
    size: reportsPoolSize,
    name: "hilo-reports",
    role,
    isReading: true,
  });
  const storage = openLocalStorage(`${config.dataDir}/files`);
  const platform: Platform = {
    config,
    db,
    reportsDb,
    logger,
    secrets: openSecrets(config),
    storage,
    memories: openMemories(),
  };
  return {
    platform,
    databaseUrl,
    role,
    async close() {
      clearInterval(watch);
      await revival?.stop();
      await Promise.all([db.destroy(), reportsDb.destroy()]);
      await embedded?.stop();
    },
  };
}

/** config → database → app → listen; the schedule; stopping finishes what was begun. */
export async function startServer(
  config: Config,
  logins: { email: string; password: string }[] = [],
  prepare?: (platform: Platform) => Promise<void>,
): Promise<RunningServer> {
  const { platform, databaseUrl, role, close } = await openPlatform(config);
  const { logger, secrets } = platform;
  const system = systemContext(platform);
  await prepare?.(platform);
  if (config.admin) await ensureAdmin(system, config.admin);

  const bell = openBell(databaseUrl, logger);
  platform.memories.listen(bell);
  const doorDb = openDatabase(databaseUrl, { size: doorPoolSize, name: "hilo-door", role });
  const sessionPool = new pg.Pool({
    connectionString: databaseUrl,
    max: 4,
    application_name: "hilo-sessions",
    options: withRole("", role),
  });
  sessionPool.on("error", (error) => logger.warn({ err: error }, "a session connection was lost"));
  const mailer = config.runsWorker && config.smtpUrl ? openMailer(config.smtpUrl) : null;
  const ownAddress = config.baseUrl ?? config.ownUrl;
  const telling: Job[] = [
    // RFC 8292 wants an address of whoever answers for it; a machine without one of its own names this project's domain.
    {
      name: "push",
      line: "*/3 * * * * *",
      work: (ctx) =>
        pushAlerts(
          ctx,
          composePush,
          config.baseUrl?.startsWith("https:") ? config.baseUrl : "mailto:hilo@localhost.localdomain",
        ),
    },
    { name: "exports", line: "*/5 * * * * *", work: (ctx) => runExports(ctx, composeRows) },
    ...(mailer
      ? [
          {
            name: "mail",
            line: "*/20 * * * * *",
            work: (ctx: Context) => mailAlerts(ctx, mailer, (mail) => composeAlerts(mail, ownAddress)),
          },
          {
            name: "mail-weekly",
            line: "30 */5 * * * *",
            work: (ctx: Context) => mailWeekly(ctx, mailer, composeReport(ownAddress)),
          },
          {
            name: "mail-links",
            line: "*/5 * * * * *",
            work: (ctx: Context) => mailLinks(ctx, mailer, (link) => composeLink(link, ownAddress)),
          },
        ]
      : []),
  ];
  const schedule: Schedule | null = config.runsWorker ? startSchedule(system, bell, telling) : null;
  const stored = () => {
    if (schedule) schedule.nudge("drain");
    else
      void doorDb
        .raw("select pg_notify(?, ?)", [factsChannel, '[{"type":"inbound_event.received"}]'])
        .catch(() => {});
  };
  const door = openDoor(doorDb, secrets, stored);
  bell.onFacts((facts) => {
    if (facts.some(({ type }) => type === "inbox.changed")) door.forget();
  });
  const app = createApp({ platform, bell, door, sessionPool, logins });
  const server = await listen(app.express, config);
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : config.port;
  const url =
    config.baseUrl ??
    `http://${config.host === "127.0.0.1" || config.host === "0.0.0.0" ? "localhost" : config.host}:${port}`;
  logger.info({ url }, "Hilo is ready");
  const token = await openSetUp(system);
  if (token) announceSetUp(logger, `${url}/set-up/${token}`);

  let stopping: Promise<void> | null = null;
  const stop = () => {
    stopping ??= (async () => {
      app.health.drain();
      app.live.close();
      await sleep(farewellMs);
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      const forced = setTimeout(() => server.closeAllConnections(), longestStopMs / 2);
      await Promise.all([closed, schedule?.stop()]);
      mailer?.close();
      clearTimeout(forced);
      await bell.close();
      await sessionPool.end();
      await doorDb.destroy();
      await close();
    })();
    return stopping;
  };
  return { platform, url, stop };
}

function listen(
  app: (typeof createApp extends (...a: never[]) => infer R ? R : never)["express"],
  config: Config,
): Promise<Server> {
  return new Promise((done, fail) => {
    const server = app.listen(config.port, config.host, () => done(server));
    server.on("error", fail);
    server.headersTimeout = 15_000;
    server.requestTimeout = 60_000;
    server.keepAliveTimeout = 65_000;
  });
}

function announceSetUp(logger: Platform["logger"], url: string): void {
  logger.info({ setup_url: url }, "open this link once to set Hilo up");
  process.stdout.write(`\n  Hilo está listo / Hilo is ready:\n  ${url}\n\n`);
}

/** Runs until a signal; a second one does not hurry it, and a hung connection does not hold it. */
export function stopOnSignals(server: RunningServer): void {
  const stop = () => {
    const late = setTimeout(() => process.exit(1), longestStopMs);
    late.unref();
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        server.platform.logger.error({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

if (import.meta.main) {
  try {
    stopOnSignals(await startServer(readConfig()));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
