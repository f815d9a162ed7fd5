import type { NextFunction, Request, Response } from "express";
import { noteActivity } from "../services/agents/availability.ts";
import { noteSessionSeen } from "../services/agents/sessions.ts";

/** How often one agent's sign of life is passed on. Milliseconds. */
const restMs = 45_000;
/** When each agent was last heard of in this process; as many as a large firm has. */
const heard = new Map<number, number>();
const mostAgents = 5000;

/** What an open page asks for while nobody sits before it: streams, pictures, and that a shown message was read. */
const askedByPages = /^\/(live|files|tags\.css)|^\/conversations\/\d+\/read$/;

/**
 * Somebody is there when they ask for a page or do something; what an open page asks for by itself is no sign of it. Nobody
 * waits for it to be written.
 */
export function noteSignsOfLife(req: Request, _res: Response, next: NextFunction): void {
  const { actor } = req.ctx;
  const byItself = (req.isFragment && req.method === "GET") || askedByPages.test(req.path);
  if (actor.kind === "agent" && !byItself) {
    const now = Date.now();
    if ((heard.get(actor.id) ?? 0) < now - restMs || req.path === "/presence") {
      if (heard.size > mostAgents) heard.clear();
      heard.set(actor.id, now);
      Promise.all([noteActivity(req.ctx), noteSessionSeen(req.ctx, req.sessionID)]).catch((error: unknown) =>
        req.ctx.logger.warn({ err: error }, "a sign of life was not noted; the next one follows"),
      );
    }
  }
  next();
}
