import { join } from "node:path";
import supertest from "supertest";
import { readConfig } from "../../src/config.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { type Cast, openCast, password } from "./cast.ts";
import { type FakeProvider, startProvider } from "./provider.ts";

/** A whole Hilo on a port of its own, with the cast in it and a fake provider beside it. */
export interface Hilo {
  cast: Cast;
  provider: FakeProvider;
  server: RunningServer;
  url: string;
  /** Signed in, with a cookie jar. */
  as: (who: "ana" | "bruno" | "carmen" | "diego") => Promise<ReturnType<typeof supertest.agent>>;
  /** The cookie of a fresh session, for what is no supertest. */
  cookie: (who: "ana" | "bruno" | "carmen" | "diego") => Promise<string>;
  anonymous: ReturnType<typeof supertest.agent>;
  close: () => Promise<void>;
}

/** @param reach where the server finds the cast's database, for tests that stand in between. @param env more settings. */
export async function startHilo(
  reach: (url: string) => Promise<string> = async (url) => url,
  env: Record<string, string> = {},
): Promise<Hilo> {
  const provider = await startProvider();
  const cast = await openCast(provider.url);
  const config = readConfig({
    PORT: "0",
    DATABASE_URL: await reach(cast.database.url),
    DATA_DIR: cast.platform.config.dataDir,
    WHATSAPP_API_URL: provider.url,
    LOG_LEVEL: process.env.LOG_LEVEL,
    ...env,
  });
  const server = await startServer(config);
  const url = server.url;
  return {
    cast,
    provider,
    server,
    url,
    anonymous: supertest.agent(url),
    async as(who) {
      const agent = supertest.agent(url);
      await agent
        .post("/login")
        .type("form")
        .send({ email: `${who}@firm.test`, password })
        .expect(303);
      // As its pages would: every form carries it.
      agent.set("X-Form-Token", tokenIn((await agent.get("/settings/profile")).text));
      return agent;
    },
    async cookie(who) {
      const response = await fetch(`${url}/login`, {
        method: "POST",
        body: new URLSearchParams({ email: `${who}@firm.test`, password }),
        redirect: "manual",
      });
      return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    },
    async close() {
      await server.stop();
      await provider.close();
      await cast.close();
    },
  };
}

/** Waits until a question is answered with something true; the test's own timeout is the only limit. */
export async function eventually<T>(ask: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** The token of the session that a page was made for. */
export const tokenIn = (html: string): string => /name="form-token" content="([^"]*)"/.exec(html)?.[1] ?? "";

export const dataFolder = (name: string): string => join(process.env.TEST_FOLDER ?? "", name);

/** What something is refused with. @throws when it is not refused. */
export const rejected = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error("it was not refused");
    },
    (error: unknown) => error,
  );
