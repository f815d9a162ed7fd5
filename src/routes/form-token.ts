import { createHmac, timingSafeEqual } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import { Forbidden } from "../services/platform/errors.ts";
import type { Secrets } from "../services/platform/secrets.ts";

declare module "express-session" {
  interface SessionData {
    /** What the tokens of this person's pages follow from; it stays when the session gets another id. */
    formKey?: string;
  }
}

const header = "x-form-token";
const field = "_token";
/** Where nobody is in yet, or where one comes in anew over an old session. */
const before = /^\/(login|passwords|set-up)(\/|$)/;

/** Of this session's pages: whoever only makes a browser send something does not know it. */
export function formTokenOf(secrets: Pick<Secrets, "derive">, { session, sessionID }: Request): string {
  return createHmac("sha256", secrets.derive("forms"))
    .update(session?.formKey ?? sessionID)
    .digest("base64url");
}

/** Refuses what a signed-in browser sends without the token of one of our pages. Behind the parsers of bodies. */
export function requireFormToken(secrets: Pick<Secrets, "derive">) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    const reads = req.method === "GET" || req.method === "HEAD" || req.method === "OPTIONS";
    if (reads || req.ctx.actor.kind !== "agent" || before.test(req.path)) {
      next();
      return;
    }
    const body = req.body as Record<string, unknown> | undefined;
    // A form with a file is read later: its token is in its address.
    const given = req.get(header) ?? body?.[field] ?? req.query[field];
    if (body) delete body[field];
    const expected = Buffer.from(formTokenOf(secrets, req));
    const got = Buffer.from(typeof given === "string" ? given : "");
    if (got.length !== expected.length || !timingSafeEqual(got, expected))
      throw new Forbidden("error.stale_page");
    next();
  };
}

/** Puts the token into every form of a page that sends something. */
export function withToken(html: string, token: string): string {
  return html.replaceAll(/<form\b[^>]*\bmethod="post"[^>]*>/g, (form) =>
    form.includes('enctype="multipart/form-data"')
      ? form.replace(/\baction="([^"]*)"/, `action="$1?${field}=${token}"`)
      : `${form}<input type="hidden" name="${field}" value="${token}">`,
  );
}
