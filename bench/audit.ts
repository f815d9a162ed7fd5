import { seal } from "../src/services/audit/seal.ts";
import { verify } from "../src/services/audit/verify.ts";
import { type Context, systemContext } from "../src/services/platform/context.ts";
import { openDatabase } from "../src/services/platform/database.ts";
import { createLogger } from "../src/services/platform/logger.ts";
import { openMemories } from "../src/services/platform/memory.ts";
import { openSecrets } from "../src/services/platform/secrets.ts";
import { createFirm } from "./data.ts";
import { openLoop, signedMessage } from "./load.ts";
import type { Figure } from "./run.ts";
import type { World } from "./world.ts";

const sealedRows = 1_000_000;
/** How long the lag of the seals is watched, and beside how much. */
const watchedSeconds = 20;
const perSecond = 100;

/** A million sealed rows verified, and how long a new row waits for its seal while messages come in. */
export async function audit(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("audit");
  await createFirm(url, 2);
  const db = openDatabase(url, { size: 2, name: "hilo-bench" });
  const secrets = openSecrets({ secretKey: "bench".repeat(8), dataDir: "" });
  const platform = {
    db,
    reportsDb: db,
    secrets,
    logger: createLogger("error"),
    memories: openMemories(),
    config: { dataDir: world.folder },
  };
  const ctx = systemContext(platform as unknown as Context);
  await db.raw(
    `insert into audit_events (actor_kind, actor_id, source, act, agent_id, data, created_at, address)
     select 'agent', 1, 'web', 'agent.settings_changed', 1, '{"locale": "es", "timeZone": "America/Mexico_City"}', now(), '203.0.113.7'
     from generate_series(1, ${sealedRows})`,
  );
  await seal(ctx);
  const began = performance.now();
  const { fault, auditEvents } = await verify(ctx);
  const seconds = (performance.now() - began) / 1000;
  const isWhole = fault === null && auditEvents >= sealedRows;

  const hilo = await world.startHilo(url);
  let longest = 0;
  const watching = setInterval(async () => {
    const { rows } = await db.raw(
      `select extract(epoch from clock_timestamp() - min(m.created_at))::float as lag from messages m
       where m.id > (select max(last_message_id) from seals)`,
    );
    longest = Math.max(longest, rows[0].lag ?? 0);
  }, 250);
  await openLoop(hilo.url, perSecond, watchedSeconds, (n) =>
    signedMessage(`52155${40_000_000 + (n % 200)}`, `audit.${n}`, "Hola"),
  );
  clearInterval(watching);
  await hilo.stop();
  await db.destroy();
  return [
    { name: "audit.verify", value: seconds, unit: "s", target: "< 60", ok: isWhole && seconds < 60 },
    { name: "audit.seal_lag", value: longest, unit: "s", target: "< 5", ok: longest > 0 && longest < 5 },
  ];
}
