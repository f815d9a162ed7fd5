import { type Request, type Response, Router } from "express";
import type { Question } from "../services/agents/sso-provider.ts";
import { leaveForProvider, returnFromProvider } from "../services/agents/sso-sign-in.ts";
import type { Platform } from "../services/platform/context.ts";
import { Conflict, NotFound } from "../services/platform/errors.ts";
import { transact } from "../services/platform/transact.ts";
import { translateFor } from "../views/i18n.ts";
import { passDoor } from "./enter.ts";
import { openLimit, refuseFlood, spend } from "./limits.ts";
import { ownUrl, redirect } from "./respond.ts";
import { ownPath } from "./sessions.ts";

declare module "express-session" {
  interface SessionData {
    /** Somebody left for the provider of single sign-on; good for one return. `againId`: who proves themselves again. */
    sso?: Question & { at: number; next: string; againId: number | null };
  }
}

/** Departures and returns from one place in a quarter of an hour. */
const perPlace = 100;
const windowSeconds = 900;
/** How long somebody may take at the provider. Milliseconds. */
const patience = 10 * 60_000;
/** What was proved at the provider longer ago is not proved again. Milliseconds; clocks differ. */
const freshMs = 5 * 60_000;

/** Signing in through the firm's provider of OpenID Connect: there, and back. */
export function ssoRoutes(platform: Platform): Router {
  const byPlace = openLimit(platform, "sso-place", perPlace, windowSeconds);
  const door = Router();

  const isFlood = async (req: Request, res: Response): Promise<boolean> => {
    const wait = await spend([byPlace, req.ip ?? "nowhere"]);
    const t = translateFor(req.viewer.locale);
    const message = t("login.too_many", { n: Math.ceil(wait / 60_000) });
    if (wait > 0) await refuseFlood(res, wait, () => void res.type("text").send(message));
    return wait > 0;
  };

  door.get("/login/sso", async (req, res) => {
    if (await isFlood(req, res)) return;
    const next = ownPath(typeof req.query.next === "string" ? req.query.next : undefined);
    const again = req.user && req.query.again === "1" ? req.user.agent.id : null;
    if (req.user && again === null) return redirect(res, next);
    try {
      const { url, question } = await leaveForProvider(req.ctx, backUrl(req), again !== null);
      req.session.sso = { ...question, at: Date.now(), next, againId: again };
      // A stranger's session is kept no longer than its question.
      if (!req.user) req.session.cookie.maxAge = patience;
      res.set("Cache-Control", "no-store");
      redirect(res, url);
    } catch (error) {
      refuse(req, res, error, again !== null, next);
    }
  });

  door.get("/login/sso/callback", async (req, res) => {
    if (await isFlood(req, res)) return;
    const { sso } = req.session;
    delete req.session.sso;
    res.set({ "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" });
    if (!sso || sso.at < Date.now() - patience) return redirect(res, "/login?sso=stale");
    const again = sso.againId !== null;
    try {
      // Only what the provider added counts, not how the request was spelled.
      const query = new URL(req.originalUrl, "http://own.invalid").search;
      const known = await returnFromProvider(req.ctx, backUrl(req) + query, sso);
      // A provider that lets somebody pass on this morning's word, or says not when, has not asked them now.
      const provedAt = known.provedAt?.getTime() ?? 0;
      if (!again) return redirect(res, await passDoor(req, known, sso.next, Math.min(provedAt, Date.now())));
      if (provedAt < Date.now() - freshMs) throw new Conflict("sso.not_fresh");
      if (known.id !== req.user?.agent.id || known.id !== sso.againId) throw new Conflict("sso.refused");
      req.session.provedAt = Date.now();
      redirect(res, sso.next);
    } catch (error) {
      refuse(req, res, error, again, sso.next);
    }
  });

  return door;
}

const backUrl = (req: Request): string => `${ownUrl(req)}/login/sso/callback`;

/** Back to where they came from, with the reason; what was wrong in detail is for the log. */
function refuse(req: Request, res: Response, error: unknown, again: boolean, next: string): void {
  if (error instanceof NotFound) {
    redirect(res, "/login");
    return;
  }
  const reason = error instanceof Conflict ? error.key.split(".")[1] : "failed";
  req.ctx.logger.warn({ err: error }, "single sign-on let nobody in");
  transact({ ...req.ctx, actor: { kind: "anonymous" } }, async (tx) => {
    tx.record(null, { act: "agent.sign_in_failed", data: { singleSignOn: reason } });
  }).catch((failure: unknown) => req.ctx.logger.warn({ err: failure }, "a failed sign-in was not noted"));
  const back = again ? "/confirm" : "/login";
  redirect(res, `${back}?sso=${reason}&next=${encodeURIComponent(next)}`);
}
