import type { Knex } from "knex";
import type { Config } from "../../config.ts";
import type { Audit, Fact } from "./events.ts";
import type { Logger } from "./logger.ts";
import type { Memories } from "./memory.ts";
import type { Secrets } from "./secrets.ts";
import type { Storage } from "./storage.ts";

/** Somebody who acts. The default is anonymous, who sees nothing. */
export type Actor =
  | { kind: "anonymous" }
  | { kind: "system" }
  | { kind: "agent"; id: number; name: string; permissions: ReadonlySet<string>; teamIds: readonly number[] };

/** What the whole process shares; made once in `server.ts`. */
export interface Platform {
  config: Config;
  db: Knex;
  /** For reports, which read much and rarely: the replica where there is one, so behind by what that is behind. */
  reportsDb: Knex;
  logger: Logger;
  secrets: Secrets;
  storage: Storage;
  memories: Memories;
}

/** Asks. */
export interface Reader {
  db: Knex;
  actor: Actor;
  now: () => Date;
}

/** Starts commands. */
export interface Context extends Reader, Platform {
  /** Where the act came from: a page, the API, the command line or Hilo itself. */
  source: "web" | "api" | "cli" | "system";
  /** Where it comes from, as the proxy says: an IP address. */
  address?: string | undefined;
}

/** Writes inside one transaction. Not a Context, so that a command cannot be started inside another by mistake. */
export interface Tx extends Reader {
  readonly inTransaction: true;
  secrets: Secrets;
  /** Announces a fact when the transaction commits (null: nobody needs to hear); with `audit`, also keeps it for ever. */
  record: (fact: Fact | null, audit?: Audit) => void;
}

/** The context of Hilo's own work. */
export function systemContext(platform: Platform, now: () => Date = () => new Date()): Context {
  return { ...platform, actor: { kind: "system" }, now, source: "system" };
}
