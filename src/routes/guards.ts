import type { NextFunction, Request, Response } from "express";
import { may, type Permission } from "../services/agents/policy.ts";
import { Forbidden } from "../services/platform/errors.ts";
import { redirect } from "./respond.ts";

/** Everything behind it is for people who signed in. */
export function requireAgent(req: Request, res: Response, next: NextFunction): void {
  if (req.ctx.actor.kind === "agent") {
    res.set("Cache-Control", "no-store");
    next();
    return;
  }
  if (req.isFragment) {
    res.set("HX-Redirect", "/login").status(401).end();
    return;
  }
  if (req.method === "GET" && req.accepts("html")) req.session.returnTo = req.originalUrl;
  redirect(res, "/login");
}

/** The page is only for a permission; the commands behind it check again. */
export const requirePermission = (permission: Permission) => (req: Request, _res: Response, next: NextFunction) => {
  if (!may(req.ctx.actor, permission)) throw new Forbidden();
  next();
};

/**
 * Refuses what another site makes a browser send. Browsers say where a request comes from; programs without a
 * browser say nothing, and carry no cookie of somebody else's.
 */
export function sameSiteOnly(baseUrl: () => string | null) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    if (req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS") return next();
    const site = req.get("sec-fetch-site");
    if (site !== undefined) {
      if (site === "same-origin" || site === "none") return next();
      throw new Forbidden("error.cross_site");
    }
    const origin = req.get("origin");
    if (origin === undefined) return next();
    const own = baseUrl() ?? `${req.protocol}://${req.get("host") ?? ""}`;
    if (origin !== own) throw new Forbidden("error.cross_site");
    next();
  };
}
