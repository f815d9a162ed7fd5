import { join } from "node:path";
import { readConfig } from "../../src/config.ts";
import { createAgent } from "../../src/services/agents/agent.ts";
import { findSession } from "../../src/services/agents/queries.ts";
import { connectWhatsApp } from "../../src/services/inboxes/connect.ts";
import type { Inbox } from "../../src/services/inboxes/queries.ts";
import { type Context, type Platform, systemContext } from "../../src/services/platform/context.ts";
import { row } from "../../src/services/platform/database.ts";
import { createLogger } from "../../src/services/platform/logger.ts";
import { openMemories } from "../../src/services/platform/memory.ts";
import { openSecrets } from "../../src/services/platform/secrets.ts";
import { openLocalStorage } from "../../src/services/platform/storage.ts";
import { cloneDatabase, type TestDatabase } from "./database.ts";

export const password = "correct-horse-battery";
export const appSecret = "It's a Secret to Everybody";

/** A clock that tests turn by hand. */
export interface Clock {
  now: Date;
  advance: (minutes: number) => void;
}

/** The people of the tests and a Hilo for them: Ana (Ventas) and Bruno (Soporte) answer, Carmen supervises, Diego administers. */
export interface Cast {
  database: TestDatabase;
  platform: Platform;
  clock: Clock;
  system: Context;
  ana: Context;
  bruno: Context;
  carmen: Context;
  diego: Context;
  ids: { ana: number; bruno: number; carmen: number; diego: number };
  inbox: Inbox;
  close: () => Promise<void>;
}

/** @param whatsappApiUrl where the fake provider listens; nothing else is ever called. */
export async function openCast(whatsappApiUrl = "http://127.0.0.1:9"): Promise<Cast> {
  const database = await cloneDatabase();
  const folder = join(process.env.TEST_FOLDER ?? "", new URL(database.url).pathname.slice(1));
  const config = readConfig({
    DATA_DIR: folder,
    WHATSAPP_API_URL: whatsappApiUrl,
    LOG_LEVEL: process.env.LOG_LEVEL,
  });
  const platform: Platform = {
    config,
    db: database.db,
    reportsDb: database.db,
    logger: createLogger(config.logLevel),
    secrets: openSecrets(config),
    storage: openLocalStorage(join(folder, "files")),
    memories: openMemories(),
  };
  const clock: Clock = {
    now: new Date(),
    advance(minutes) {
      clock.now = new Date(clock.now.getTime() + minutes * 60_000);
    },
  };
  const system = systemContext(platform, () => clock.now);
  const people = [
    ["ana", "Ana Torres", "agent"],
    ["bruno", "Bruno Vega", "agent"],
    ["carmen", "Carmen Ruiz", "supervisor"],
    ["diego", "Diego Salas", "admin"],
  ] as const;
  const ids: Record<string, number> = {};
  for (const [key, name, role] of people) {
    const agent = await createAgent(system, { email: `${key}@firm.test`, name, role, password });
    ids[key] = agent.id;
  }
  // Everybody is there, and conversations are given by hand unless a test says otherwise.
  await platform.db("agents").update({ availability: "online", last_seen_at: platform.db.fn.now() });
  await platform.db("firm").update({ strategy: "manual" });
  await joinTeam(platform, ids.ana ?? 0, "Ventas");
  await joinTeam(platform, ids.bruno ?? 0, "Soporte");
  const as = (key: string) => contextOf(system, ids[key] ?? 0);
  const inbox = await connectWhatsApp(system, whatsappInbox("Ventas", "PN1"));
  return {
    database,
    platform,
    clock,
    system,
    ana: await as("ana"),
    bruno: await as("bruno"),
    carmen: await as("carmen"),
    diego: await as("diego"),
    ids: ids as Cast["ids"],
    inbox,
    close: () => database.drop(),
  };
}

export const whatsappInbox = (name: string, phoneNumberId: string) => ({
  name,
  phoneNumberId,
  businessAccountId: "WABA1",
  accessToken: "test-token",
  appSecret,
  verifyToken: "verify-me",
  address: "+52 55 5000 1000",
});

/** Personal, at `PN9`: an inbox that keeps its conversations to Ventas, Ana's team. */
export async function connectIsolated({ platform, system }: Cast): Promise<void> {
  const { id } = await connectWhatsApp(system, whatsappInbox("Personal", "PN9"));
  const team = platform.db("teams").where({ name: "Ventas" }).select("id");
  await platform.db("inboxes").where({ id }).update({ isolated: true, team_id: team });
}

/** The context of an agent as they are now: role and teams included. */
export async function contextOf(system: Context, agentId: number): Promise<Context> {
  const session = await findSession(system.db, agentId);
  if (!session) throw new Error(`no agent ${agentId}`);
  return { ...system, actor: session.actor, source: "web" };
}

export async function joinTeam(platform: Platform, agentId: number, team: string): Promise<number> {
  const found = await row<{ id: number }>(
    platform.db,
    "insert into teams (name) values (?) on conflict (name) do update set name = excluded.name returning id",
    [team],
  );
  const teamId = found?.id ?? 0;
  await platform.db("team_members").insert({ team_id: teamId, agent_id: agentId });
  return teamId;
}
