import { type Request, type Response, Router } from "express";
import passport from "passport";
import { depart } from "../services/agents/availability.ts";
import { isBusy, verifyPassword } from "../services/agents/password.ts";
import { findCredentials, findSession, type Session } from "../services/agents/queries.ts";
import { takeCode } from "../services/agents/second-factor.ts";
import { getSsoDoor } from "../services/agents/sso.ts";
import type { Platform } from "../services/platform/context.ts";
import { tokenHash } from "../services/platform/secrets.ts";
import { transact } from "../services/platform/transact.ts";
import { translateFor } from "../views/i18n.ts";
import { comeIn, passDoor, pendingOf } from "./enter.ts";
import { openLimit, refuseFlood, spend } from "./limits.ts";
import { redirect } from "./respond.ts";
import { ssoRefusal } from "./sso-words.ts";

/** Wrong passwords: ten for an address and fifty from one place in a quarter of an hour. */
const perAddress = 10;
const perPlace = 50;
const windowSeconds = 900;

export interface SignIn {
  router: Router;
  passport: passport.Authenticator;
}

/** Signing in and out. `demo` shows the demo's accounts on the page. */
export function openSignIn(platform: Platform, demo: { email: string; password: string }[]): SignIn {
  const auth = new passport.Passport();
  const agents = platform.memories.open<Session | null>(
    ({ type }) => type === "agent.changed" || type === "firm.changed",
  );
  /** Null when the session was made before the last password, or its agent left. */
  async function recall({ id, version }: { id: number; version: number }): Promise<Session | null> {
    const ask = () => agents.get(String(id), () => findSession(platform.db, id));
    let session = await ask();
    // Another process may know of a new password before this one hears of it: nobody is put out on old knowledge.
    if (session?.sessionVersion !== version) {
      agents.forget(String(id));
      session = await ask();
    }
    return session?.sessionVersion === version ? session : null;
  }
  auth.serializeUser((user, done) => done(null, { id: user.agent.id, version: user.sessionVersion }));
  auth.deserializeUser((stored: { id: number; version: number }, done) => {
    recall(stored).then(
      (session) => done(null, session ?? false),
      (error: unknown) => done(error),
    );
  });
  // A flood at the door asks the database nothing.
  const ssoDoor = platform.memories.open<{ name: string } | null>(({ type }) => type === "firm.changed");
  const byAddress = openLimit(platform, "login-address", perAddress, windowSeconds);
  const byPlace = openLimit(platform, "login-place", perPlace, windowSeconds);
  const byAgent = openLimit(platform, "login-code", perAddress, windowSeconds);

  const router = Router();

  router.get("/login", (req, res) => {
    if (req.ctx.actor.kind === "agent") return redirect(res, "/inbox");
    const t = translateFor(req.viewer.locale);
    const said = req.query.ended === "1" ? t("login.ended") : req.query.reset === "1" ? t("login.reset") : "";
    return page(req, res, { said, errors: req.query.sso ? { form: t(ssoRefusal(req.query.sso)) } : {} });
  });

  router.post("/login", async (req, res) => {
    const body = (req.body ?? {}) as { email?: unknown; password?: unknown; next?: unknown };
    const email = typeof body.email === "string" ? body.email.trim().toLowerCase().slice(0, 254) : "";
    const keys = [tokenHash(email).slice(0, 20), req.ip ?? "nowhere"] as const;
    const t = translateFor(req.viewer.locale);
    // A flood from everywhere at once keeps nobody's place in a queue: it is turned away at the door.
    if (isBusy())
      return refuseFlood(res, 5000, () => page(req, res, { email, errors: { form: t("login.busy") } }));
    // Counted before the slow check, or a flood at one moment would pass the limit together.
    const wait = await spend([byPlace, keys[1]], [byAddress, keys[0]]);
    if (wait > 0) {
      const form = t("login.too_many", { n: Math.ceil(wait / 60_000) });
      return refuseFlood(res, wait, () => page(req, res, { email, errors: { form } }));
    }
    const wanted = ownPath(typeof body.next === "string" ? body.next : undefined);
    const password = typeof body.password === "string" ? body.password : "";
    const known = await check(platform, email, password);
    if (!known) {
      void noteFailure(req, null);
      return page(req, res.status(422), { email, errors: { form: t("login.wrong") } });
    }
    await Promise.all([byAddress.delete(keys[0]), byPlace.reward(keys[1])]);
    redirect(res, await passDoor(req, known, wanted));
  });

  router.get("/login/code", (req, res) => {
    if (!pendingOf(req)) return redirect(res, "/login");
    codePage(req, res, "");
  });

  router.post("/login/code", async (req, res) => {
    const pending = pendingOf(req);
    if (!pending) return redirect(res, "/login");
    const t = translateFor(req.viewer.locale);
    const wait = await spend([byPlace, req.ip ?? "nowhere"], [byAgent, String(pending.agentId)]);
    if (wait > 0) {
      const error = t("login.too_many", { n: Math.ceil(wait / 60_000) });
      return refuseFlood(res, wait, () => codePage(req, res, error));
    }
    const typed = (req.body as { code?: unknown } | undefined)?.code;
    const code = typeof typed === "string" ? typed.slice(0, 100) : "";
    if (!(await takeCode(platform.db, platform.secrets, pending.agentId, code))) {
      void noteFailure(req, pending.agentId);
      return codePage(req, res.status(422), t("login.code_wrong"));
    }
    await byAgent.delete(String(pending.agentId));
    const { agentId, version, next } = pending;
    redirect(res, (await comeIn(req, { id: agentId, version })) ? next : "/login");
  });

  function codePage(req: Request, res: Response, error: string): void {
    const title = translateFor(req.viewer.locale)("login.code_title");
    res.set("Cache-Control", "no-store").send(req.render("sessions/code", { title, error }));
  }

  router.post("/logout", (req, res, next) => {
    const { ctx } = req;
    req.logout((error) => {
      if (error) return next(error);
      req.session.destroy(() => {
        const { actor } = ctx;
        if (actor.kind !== "agent") return redirect(res, "/login");
        transact(ctx, async (tx) => {
          // Heard everywhere, so that no process remembers the session that ended.
          tx.record(
            { type: "agent.changed", agentId: actor.id },
            { act: "agent.signed_out", agentId: actor.id },
          );
        })
          .then(() => depart(ctx))
          .then(() => redirect(res, "/login"), next);
      });
    });
  });

  async function page(
    req: Request,
    res: Response,
    data: { email?: string; said?: string; errors: Record<string, string> },
  ): Promise<void> {
    const title = translateFor(req.viewer.locale)("login.title");
    const { email = "", said = "", errors } = data;
    const wanted = (req.body as { next?: unknown } | undefined)?.next ?? req.query.next;
    const next = typeof wanted === "string" ? ownPath(wanted) : "/inbox";
    const sso = await ssoDoor.get("", () => getSsoDoor(platform.db));
    res
      .set("Cache-Control", "no-store")
      .send(req.render("sessions/new", { title, email, said, errors, demo, next, sso }));
  }

  return { router, passport: auth };
}

async function check(platform: Platform, email: string, password: string) {
  const credentials = await findCredentials(platform.db, email.trim());
  const right = await verifyPassword(password, credentials?.password_hash ?? null);
  return right ? credentials : null;
}

/** @param agentId who the password was right for, when it was the code that did not fit. */
async function noteFailure({ ctx }: Request, agentId: number | null): Promise<void> {
  await transact({ ...ctx, actor: { kind: "anonymous" } }, async (tx) => {
    tx.record(null, { act: "agent.sign_in_failed", ...(agentId ? { agentId } : {}) });
  }).catch((error: unknown) => ctx.logger.warn({ err: error }, "a failed sign-in was not noted"));
}

/** Only paths of ours: `//elsewhere` and `/\elsewhere` are addresses of others. */
export function ownPath(path: string | undefined): string {
  const own = (text: string) => /^\/(?![/\\])[^\s\\]*$/.test(text);
  if (!path || path.length > 2000 || !own(path)) return "/inbox";
  const url = new URL(path, "http://own.invalid");
  const result = url.pathname + url.search;
  return url.host === "own.invalid" && own(result) ? result : "/inbox";
}
