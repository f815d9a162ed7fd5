import type { Session } from "../services/agents/queries.ts";
import type { Context } from "../services/platform/context.ts";
import type { Render, Viewer } from "../views/index.ts";

declare global {
  namespace Express {
    interface User extends Session {}
    interface Request {
      /** Whose request it is and what it may use. Anonymous until proven otherwise. */
      ctx: Context;
      viewer: Viewer;
      render: Render;
      /** htmx asks for a region, not for a page. */
      isFragment: boolean;
      nonce: string;
      /** Alerts that the agent has not looked at. */
      alerts: number;
      rawBody?: Buffer;
    }
  }
}
