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
  // No session before sign-in: whoever asks for pages must not fill the database.
  const wanted = req.method === "GET" && req.originalUrl !== "/" && req.originalUrl.length < 1000;
  redirect(res, wanted ? `/login?next=${encodeURIComponent(req.originalUrl)}` : "/login");
}

/** The page is only for a permission; the commands behind it check again. */
export const requirePermission =
  (permission: Permission) => (req: Request, _res: Response, next: NextFunction) => {
    if (!may(req.ctx.actor, permission)) throw new Forbidden();
    next();
  };

/**
 * Refuses what another site makes a browser send. Browsers say where a request comes from; programs without a
 * browser say nothing, and carry no cookie of somebody else's.
 */
export function sameSiteOnly(baseUrl: () => string | null) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    if (!isFromElsewhere(req, baseUrl())) next();
    else throw new Forbidden("error.cross_site");
  };
}

function isFromElsewhere(req: Request, baseUrl: string | null): boolean {
  if (req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS") return false;
  const site = req.get("sec-fetch-site");
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const origin = req.get("origin");
  return origin !== undefined && origin !== (baseUrl ?? `${req.protocol}://${req.get("host") ?? ""}`);
}
