import pg from "pg";
import { type Fact, factsChannel } from "./events.ts";
import type { Logger } from "./logger.ts";

export interface Bell {
  /** Called with the facts of one transaction, in every process. */
  onFacts: (listener: (facts: Fact[]) => void) => void;
  /** Called when facts may have been missed: the connection was lost and is back. */
  onGap: (listener: () => void) => void;
  /** False from the moment the connection is known to be lost until it listens again. */
  isHearing: () => boolean;
  close: () => Promise<void>;
}

/** Hears what other transactions announce, through a connection of its own that comes back by itself. */
export function openBell(url: string, logger: Logger): Bell {
  const listeners: ((facts: Fact[]) => void)[] = [];
  const gapListeners: (() => void)[] = [];
  let client: pg.Client | null = null;
  let closed = false;
  let wasConnected = false;
  let hearing = false;
  let timer: NodeJS.Timeout | null = null;

  async function connect(): Promise<void> {
    const next = new pg.Client({ connectionString: url, keepAlive: true, application_name: "hilo-bell" });
    next.on("error", () => {});
    next.on("end", () => {
      if (client === next) hearing = false;
      if (!closed && client === next) again();
    });
    next.on("notification", ({ payload }) => {
      const facts = JSON.parse(payload ?? "[]") as Fact[];
      for (const listener of listeners) listener(facts);
    });
    client = next;
    try {
      await next.connect();
      await next.query(`listen ${factsChannel}`);
      if (wasConnected) for (const listener of gapListeners) listener();
      hearing = true;
      wasConnected = true;
    } catch (error) {
      logger.warn({ err: error }, "the bell cannot hear the database yet");
      await next.end().catch(() => {});
    }
  }

  function again(): void {
    if (timer) return;
    timer = setTimeout(() => {
      timer = null;
      void connect().then(() => {
        if (!closed && client && (client as pg.Client & { _ending?: boolean })._ending) again();
      });
    }, 500);
  }

  void connect();
  return {
    onFacts: (listener) => listeners.push(listener),
    onGap: (listener) => gapListeners.push(listener),
    isHearing: () => hearing,
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
