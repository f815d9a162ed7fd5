import { type Request, type Response, Router } from "express";
import { verifyPassword } from "../services/agents/password.ts";
import { findCredentials } from "../services/agents/queries.ts";
import { getSsoDoor } from "../services/agents/sso.ts";
import { hasSingleSignOn } from "../services/agents/sso-sign-in.ts";
import type { Platform } from "../services/platform/context.ts";
import { translateFor } from "../views/i18n.ts";
import { type Limit, openLimit, refuseFlood, spend } from "./limits.ts";
import { redirect } from "./respond.ts";
import { ownPath } from "./sessions.ts";
import { ssoRefusal } from "./sso-words.ts";

/** Wrong passwords of one person in a quarter of an hour. */
const tries = 10;
const windowSeconds = 900;

const limits = new WeakMap<object, Limit>();

/** Of wrong passwords of somebody who is in, wherever they are asked for one. */
export function confirmLimit({ app, ctx }: Request): Limit {
  const known = limits.get(app) ?? openLimit(ctx, "confirm-agent", tries, windowSeconds);
  limits.set(app, known);
  return known;
}

/** Proving again who one is, before what changes who may enter. */
export function confirmRoutes(platform: Platform): Router {
  const confirm = Router();

  confirm.get("/confirm", (req, res) => page(req, res, ""));

  confirm.post("/confirm", async (req, res) => {
    const t = translateFor(req.viewer.locale);
    const key = String(req.user?.agent.id);
    const byAgent = confirmLimit(req);
    const wait = await spend([byAgent, key]);
    if (wait > 0) {
      const error = t("login.too_many", { n: Math.ceil(wait / 60_000) });
      return refuseFlood(res, wait, () => page(req, res, error));
    }
    const typed = (req.body as { password?: unknown } | undefined)?.password;
    const known = await findCredentials(platform.db, req.user?.agent.email ?? "");
    if (!(await verifyPassword(typeof typed === "string" ? typed : "", known?.password_hash ?? null)))
      return page(req, res.status(422), t("agents.password_wrong"));
    await byAgent.delete(key);
    req.session.provedAt = Date.now();
    redirect(res, wantedPath(req));
  });

  return confirm;
}

async function page(req: Request, res: Response, error: string): Promise<void> {
  const title = translateFor(req.viewer.locale)("confirm.title");
  const { id = 0, email = "" } = req.user?.agent ?? {};
  const sso = (await hasSingleSignOn(req.ctx, id)) ? await getSsoDoor(req.ctx.db) : null;
  const next = wantedPath(req);
  const shown = error || (req.query.sso ? translateFor(req.viewer.locale)(ssoRefusal(req.query.sso)) : "");
  res.send(req.render("sessions/confirm", { title, email, next, error: shown, sso }));
}

function wantedPath(req: Request): string {
  const wanted = (req.body as { next?: unknown } | undefined)?.next ?? req.query.next;
  return ownPath(typeof wanted === "string" ? wanted : undefined);
}
