import { timingSafeEqual } from "node:crypto";
import { Router } from "express";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Platform } from "../services/platform/context.ts";
import { row } from "../services/platform/database.ts";
import { isMigrated } from "../services/platform/migrate.ts";

export interface Health {
  router: Router;
  /** From now on the process is not ready: it finishes what it has. */
  drain: () => void;
}

/** For machines that watch: alive, ready, and figures. */
export function healthRoutes(platform: Platform): Health {
  let draining = false;
  let migrated = false;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  gauges(platform, registry);

  const router = Router();
  // Told to go elsewhere with its next answer, a client never meets a connection that closes under its request.
  router.use((_req, res, next) => {
    if (draining) res.set("Connection", "close");
    next();
  });
  router.get("/healthz", (_req, res) => void res.type("text").send("ok"));
  router.get("/readyz", async (_req, res) => {
    try {
      await platform.db.raw("select 1");
      migrated ||= await isMigrated(platform.db);
    } catch {
      return void res.status(503).type("text").send("The database does not answer.");
    }
    if (draining || !migrated)
      return void res
        .status(503)
        .type("text")
        .send(draining ? "Stopping." : "Not migrated.");
    res.type("text").send("ready");
  });
  router.get("/metrics", async (req, res) => {
    const token = platform.config.metricsToken;
    const given = Buffer.from(req.get("authorization")?.replace(/^Bearer /, "") ?? "");
    const expected = Buffer.from(token ?? "");
    const allowed = token
      ? given.length === expected.length && timingSafeEqual(given, expected)
      : /^(::1|::ffff:127\.|127\.)/.test(req.socket.remoteAddress ?? "") && !req.get("x-forwarded-for");
    if (!allowed) return void res.status(404).end();
    res.type("text").send(await registry.metrics());
  });
  const drain = () => {
    draining = true;
  };
  return { router, drain };
}

/** What waits, asked when somebody looks. */
function gauges(platform: Platform, registry: Registry): void {
  const questions = [
    [
      "hilo_inbound_events_received",
      "Deliveries stored and not yet understood",
      "select count(*)::int as n from inbound_events where state = 'received'",
    ],
    [
      "hilo_inbound_events_quarantined",
      "Deliveries that wait for a person",
      "select count(*)::int as n from inbound_events where state = 'quarantined'",
    ],
    [
      "hilo_messages_unfinished",
      "Messages queued or being sent",
      "select count(*)::int as n from messages where delivery in ('queued', 'sending')",
    ],
    [
      "hilo_attachments_pending",
      "Files not yet fetched",
      "select count(*)::int as n from attachments where state in ('pending', 'fetching')",
    ],
  ] as const;
  for (const [name, help, sql] of questions) {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        gauge.set((await row<{ n: number }>(platform.db, sql))?.n ?? 0);
      },
    });
  }
}
