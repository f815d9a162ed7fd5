import type { NextFunction, Request, Response } from "express";
import { may, type Permission } from "../services/agents/policy.ts";
import { Forbidden } from "../services/platform/errors.ts";
import { isProved } from "./enter.ts";
import { leave, redirect } from "./respond.ts";

/** What is open to somebody whose role asks for a second factor that they do not have yet. */
const securing = /^\/(settings\/(second-factor|passkeys)|confirm$|tags\.css$)/;

/** Everything behind it is for people who signed in. */
export function requireAgent(req: Request, res: Response, next: NextFunction): void {
  if (req.ctx.actor.kind === "agent") {
    res.set("Cache-Control", "no-store");
    if (req.user?.mustSecure && !securing.test(req.path)) leave(req, res, "/settings/second-factor");
    else next();
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

/** What changes who may enter asks for the password again when it was given a while ago. */
export function requireProof(req: Request, res: Response, next: NextFunction): void {
  if (isProved(req.session)) {
    next();
    return;
  }
  // What was typed into a form is not kept: its page comes back, and says nothing was done.
  const back = req.method === "GET" ? req.originalUrl : pathOf(req.get("referer"));
  leave(req, res, `/confirm?next=${encodeURIComponent(back)}`);
}

function pathOf(url: string | undefined): string {
  const parsed = URL.parse(url ?? "");
  return parsed ? parsed.pathname + parsed.search : "/settings";
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
