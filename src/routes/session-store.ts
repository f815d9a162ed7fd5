import { promisify } from "node:util";
import connectPgSimple from "connect-pg-simple";
import session, { type SessionData } from "express-session";
import type pg from "pg";
import type { Memories, Memory } from "../services/platform/memory.ts";

const PgStore = connectPgSimple(session);

/**
 * Sessions in Postgres, remembered between two requests of the same browser. Whatever ends a session is a fact about
 * its agent, so that every process forgets it.
 */
export class SessionStore extends PgStore {
  /** As JSON: whoever asks gets a session of their own to change. */
  private readonly known: Memory<string | null>;
  private readonly ask = promisify<string, SessionData | null | undefined>(super.get.bind(this));

  constructor(pool: pg.Pool, memories: Memories) {
    super({ pool, tableName: "sessions", disableTouch: true, pruneSessionInterval: false });
    this.known = memories.open((fact) => fact.type === "agent.changed");
  }

  override get(sid: string, callback: (error: unknown, session?: SessionData | null) => void): void {
    this.known
      .get(sid, async () => {
        const found = await this.ask(sid);
        return found ? JSON.stringify(found) : null;
      })
      .then(
        (found) => callback(null, found === null ? null : JSON.parse(found)),
        (error: unknown) => callback(error),
      );
  }

  override set(sid: string, data: SessionData, callback?: (error?: unknown) => void): void {
    super.set(sid, data, (error?: unknown) => {
      this.known.forget(sid);
      callback?.(error);
    });
  }

  override destroy(sid: string, callback?: (error?: unknown) => void): void {
    super.destroy(sid, (error?: unknown) => {
      this.known.forget(sid);
      callback?.(error);
    });
  }
}
