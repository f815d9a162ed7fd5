import { type Request, Router } from "express";
import { z } from "zod";
import {
  addPasskey,
  askPasskey,
  offerPasskey,
  removePasskey,
  type Site,
  takePasskey,
} from "../services/agents/passkeys.ts";
import type { Platform } from "../services/platform/context.ts";
import { Invalid, TooMany } from "../services/platform/errors.ts";
import { begin, comeIn, pendingOf } from "./enter.ts";
import { requireProof } from "./guards.ts";
import { openLimit, spend } from "./limits.ts";
import { ownUrl, redirect } from "./respond.ts";
import { ownPath } from "./sessions.ts";
import { idParam, parseForm, text } from "./validate.ts";

declare module "express-session" {
  interface SessionData {
    /** What a passkey was asked; good for one answer. */
    passkey?: { challenge: string; at: number };
  }
}

/** Questions and answers from one place in a quarter of an hour. */
const perPlace = 100;
const windowSeconds = 900;
/** How long somebody may look for their key. Milliseconds. */
const patience = 5 * 60_000;

/** The shape of what a browser answers; the library looks at all of it. */
const answerForm = z.object({
  name: text(200).default(""),
  next: text(2000).default(""),
  response: z.looseObject({ id: text(2000), response: z.looseObject({}) }),
});

function siteOf(req: Request): Site {
  const { origin, hostname } = new URL(ownUrl(req));
  return { origin, host: hostname };
}

/** Takes the question out of the session: whatever comes of it, it is not answered twice. */
function questionOf(req: Request): string {
  const { passkey } = req.session;
  delete req.session.passkey;
  if (!passkey || passkey.at < Date.now() - patience) throw new Invalid({ passkey: "passkeys.refused" });
  return passkey.challenge;
}

/** At the door: a passkey is both factors. */
export function passkeyRoutes(platform: Platform): Router {
  const byPlace = openLimit(platform, "passkey-place", perPlace, windowSeconds);
  const door = Router();

  door.post("/login/passkey/options", async (req, res) => {
    const wait = await spend([byPlace, req.ip ?? "nowhere"]);
    if (wait > 0) throw new TooMany(Math.ceil(wait / 1000));
    const options = await askPasskey(siteOf(req));
    req.session.passkey = { challenge: options.challenge, at: Date.now() };
    // A stranger's session is kept no longer than its question.
    if (req.ctx.actor.kind === "anonymous") req.session.cookie.maxAge = patience;
    res.set("Cache-Control", "no-store").json(options);
  });

  door.post("/login/passkey", async (req, res) => {
    const form = parseForm(answerForm, req.body);
    const proved = pendingOf(req)?.agentId ?? null;
    const known = await takePasskey(
      platform.db,
      siteOf(req),
      questionOf(req),
      form.response as never,
      proved,
    );
    if (!known || !(await comeIn(req, known))) throw new Invalid({ passkey: "passkeys.refused" });
    res.set("Cache-Control", "no-store").json({ next: ownPath(form.next) });
  });

  return door;
}

/** One's own, on the page of the second factor. */
export const passkeys: Router = Router();
passkeys.use("/settings/passkeys", requireProof);

passkeys.post("/settings/passkeys/options", async (req, res) => {
  const options = await offerPasskey(req.ctx, siteOf(req), req.user?.agent.email ?? "");
  req.session.passkey = { challenge: options.challenge, at: Date.now() };
  res.json(options);
});

passkeys.post("/settings/passkeys", async (req, res) => {
  const form = parseForm(answerForm, req.body);
  const version = await addPasskey(req.ctx, siteOf(req), questionOf(req), form.response as never, form.name);
  if (req.user) await begin(req, { ...req.user, sessionVersion: version, mustSecure: false });
  res.status(201).json({ next: "/settings/second-factor" });
});

passkeys.post("/settings/passkeys/:id/removal", async (req, res) => {
  await removePasskey(req.ctx, idParam(req.params));
  redirect(res, "/settings/second-factor");
});
