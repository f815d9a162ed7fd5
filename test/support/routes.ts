import type { Router } from "express";
import pg from "pg";
import { createApp } from "../../src/app.ts";
import { openDoor } from "../../src/services/channels/door.ts";
import type { Cast } from "./cast.ts";

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle?: object;
}

const routesOf = (router: Router): string[] =>
  (router as unknown as { stack: Layer[] }).stack.flatMap(({ route, handle }) => {
    if (route) return Object.keys(route.methods).map((method) => `${method} ${route.path}`);
    return handle && "stack" in handle ? routesOf(handle as Router) : [];
  });

/** Every route there is, as `get /inbox`: read from the router itself. */
export async function listRoutes({ platform, database }: Cast): Promise<string[]> {
  const sessionPool = new pg.Pool({ connectionString: database.url });
  const bell = { onFacts() {}, onGap() {}, isHearing: () => false, close: async () => {} };
  const door = openDoor(platform.db, platform.secrets, () => {});
  const app = createApp({ platform, bell, door, sessionPool, logins: [] });
  app.live.close();
  await sessionPool.end();
  return routesOf(app.express.router as unknown as Router);
}
