import type { NextFunction, Request, Response } from "express";
import { findSessionByToken } from "../../services/agents/queries.ts";
import { Forbidden } from "../../services/platform/errors.ts";
import { tokenHash } from "../../services/platform/secrets.ts";

/** A token acts as its agent. Cookies count for nothing here, so no other site can borrow them. */
export async function authorize(req: Request, res: Response, next: NextFunction): Promise<void> {
  const token = /^Bearer ([\w-]{20,200})$/.exec(req.get("authorization") ?? "")?.[1];
  const found = token ? await findSessionByToken(req.ctx.db, tokenHash(token)) : null;
  if (!found) {
    const title = "A valid token is needed: Authorization: Bearer <token>.";
    res.status(401).set("WWW-Authenticate", "Bearer").type("application/problem+json");
    res.json({ type: "about:blank#error.unauthorized", title, status: 401, detail: title });
    return;
  }
  req.ctx = { ...req.ctx, actor: found.session.actor, source: "api" };
  res.set("Cache-Control", "no-store");
  if (found.session.mustSecure) throw new Forbidden("second_factor.required");
  if (found.readOnly && req.method !== "GET" && req.method !== "HEAD")
    throw new Forbidden("tokens.reads_only");
  res.locals.tokenId = found.tokenId;
  next();
}
