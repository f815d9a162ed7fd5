import { type Request, type Response, Router } from "express";
import passport from "passport";
import { Strategy } from "passport-local";
import { RateLimiterPostgres, type RateLimiterRes } from "rate-limiter-flexible";
import { arrive, depart } from "../services/agents/availability.ts";
import { verifyPassword } from "../services/agents/password.ts";
import { findCredentials, findSession, type Session } from "../services/agents/queries.ts";
import type { Platform } from "../services/platform/context.ts";
import { systemContext } from "../services/platform/context.ts";
import { tokenHash } from "../services/platform/secrets.ts";
import { transact } from "../services/platform/transact.ts";
import { translateFor } from "../views/i18n.ts";
import { redirect } from "./respond.ts";

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
  auth.use(
    new Strategy({ usernameField: "email" }, (email, password, done) => {
      check(platform, email, password).then(
        (session) => done(null, session ?? false),
        (error: unknown) => done(error),
      );
    }),
  );
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
  const limiter = (points: number, prefix: string) =>
    new RateLimiterPostgres({
      storeClient: platform.db,
      storeType: "knex",
      tableName: "rate_limits",
      tableCreated: true,
      keyPrefix: prefix,
      points,
      duration: windowSeconds,
    });
  const byAddress = limiter(perAddress, "login-address");
  const byPlace = limiter(perPlace, "login-place");

  const router = Router();

  router.get("/login", (req, res) => {
    if (req.ctx.actor.kind === "agent") return redirect(res, "/inbox");
    const ended = req.query.ended === "1";
    page(req, res, { ended, errors: {} });
  });

  router.post("/login", async (req, res, next) => {
    const body = (req.body ?? {}) as { email?: unknown; password?: unknown; next?: unknown };
    const email = typeof body.email === "string" ? body.email.trim().toLowerCase().slice(0, 254) : "";
    const keys = [tokenHash(email).slice(0, 20), req.ip ?? "nowhere"] as const;
    const t = translateFor(req.viewer.locale);
    // Counted before the slow check, or a flood at one moment would pass the limit together.
    const wait = await spend([byAddress, keys[0]], [byPlace, keys[1]]);
    if (wait > 0) {
      res.status(429).set("Retry-After", String(Math.ceil(wait / 1000)));
      page(req, res, { email, errors: { form: t("login.too_many", { n: Math.ceil(wait / 60_000) }) } });
      return;
    }
    const wanted = typeof body.next === "string" ? body.next : undefined;
    auth.authenticate("local", (error: unknown, user: Session | false) => {
      if (error) return next(error);
      if (!user) {
        void noteFailure(platform);
        return page(req, res.status(422), { email, errors: { form: t("login.wrong") } });
      }
      req.logIn(user, (failed) => {
        if (failed) return next(failed);
        const asThem = { ...req.ctx, actor: user.actor };
        transact(asThem, async (tx) => {
          tx.record(null, { act: "agent.signed_in", agentId: user.agent.id });
        })
          .then(() => arrive(asThem))
          .then(() => Promise.all([byAddress.delete(keys[0]), byPlace.reward(keys[1])]))
          .then(() => redirect(res, ownPath(wanted)), next);
      });
    })(req, res, next);
  });

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

  function page(
    req: Request,
    res: Response,
    data: { email?: string; ended?: boolean; errors: Record<string, string> },
  ): void {
    const title = translateFor(req.viewer.locale)("login.title");
    const { email = "", ended = false, errors } = data;
    const wanted = (req.body as { next?: unknown } | undefined)?.next ?? req.query.next;
    const next = typeof wanted === "string" ? ownPath(wanted) : "/inbox";
    res
      .set("Cache-Control", "no-store")
      .send(req.render("sessions/new", { title, email, ended, errors, demo, next }));
  }

  return { router, passport: auth };
}

async function check(platform: Platform, email: string, password: string): Promise<Session | null> {
  const credentials = await findCredentials(platform.db, email.trim());
  const right = await verifyPassword(password, credentials?.password_hash ?? null);
  return right && credentials ? findSession(platform.db, credentials.id) : null;
}

/** Takes one try from each limit. @returns milliseconds to wait when one of them is used up, else 0. */
async function spend(...limits: [RateLimiterPostgres, string][]): Promise<number> {
  const waits = await Promise.all(
    limits.map(([limiter, key]) =>
      limiter.consume(key).then(
        () => 0,
        (refused: RateLimiterRes | Error) => {
          if (refused instanceof Error) throw refused;
          return refused.msBeforeNext;
        },
      ),
    ),
  );
  return Math.max(...waits);
}

async function noteFailure(platform: Platform): Promise<void> {
  const system = {
    ...systemContext(platform),
    actor: { kind: "anonymous" as const },
    source: "web" as const,
  };
  await transact(system, async (tx) => {
    tx.record(null, { act: "agent.sign_in_failed" });
  }).catch((error: unknown) => platform.logger.warn({ err: error }, "a failed sign-in was not noted"));
}

/** Only paths of ours: `//elsewhere` and `/\elsewhere` are addresses of others. */
export function ownPath(path: string | undefined): string {
  const own = (text: string) => /^\/(?![/\\])[^\s\\]*$/.test(text);
  if (!path || path.length > 2000 || !own(path)) return "/inbox";
  const url = new URL(path, "http://own.invalid");
  const result = url.pathname + url.search;
  return url.host === "own.invalid" && own(result) ? result : "/inbox";
}
