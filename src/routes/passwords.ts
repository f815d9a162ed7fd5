import { type Request, type Response, Router } from "express";
import { getLink, type OpenLink, requestReset, useLink } from "../services/agents/links.ts";
import { findSession } from "../services/agents/queries.ts";
import type { Platform } from "../services/platform/context.ts";
import { Invalid } from "../services/platform/errors.ts";
import { tokenHash } from "../services/platform/secrets.ts";
import { translateFor } from "../views/i18n.ts";
import { enter } from "./enter.ts";
import { openLimit, refuseFlood, spend } from "./limits.ts";
import { redirect } from "./respond.ts";
import { errorWords } from "./validate.ts";

/** Asked links: three for an address and twenty from one place in an hour. */
const perAddress = 3;
const perPlace = 20;
/** Tried links and passwords from one place: guessing one of 256 bits is hopeless, the slow hash is not free. */
const triesPerPlace = 60;
const windowSeconds = 3600;

/** Choosing a password by a link: the first one, or another. Open to strangers. */
export function passwordRoutes(platform: Platform): Router {
  const byAddress = openLimit(platform, "reset-address", perAddress, windowSeconds);
  const byPlace = openLimit(platform, "reset-place", perPlace, windowSeconds);
  const tries = openLimit(platform, "link-place", triesPerPlace, windowSeconds);
  const passwords = Router();

  passwords.get("/passwords/new", (req, res) => askPage(req, res, false));

  passwords.post("/passwords", async (req, res) => {
    const email = (req.body as { email?: unknown } | undefined)?.email;
    const address = typeof email === "string" ? email.trim().toLowerCase().slice(0, 254) : "";
    const wait = await spend([byAddress, tokenHash(address).slice(0, 20)], [byPlace, req.ip ?? "nowhere"]);
    if (wait > 0) return refuseFlood(res, wait, () => askPage(req, res, false, wait));
    // The answer is the same and as quick for an address that nobody has.
    askPage(req, res, true);
    requestReset(req.ctx, address).catch((error: unknown) =>
      platform.logger.warn({ err: error }, "a link was asked for and not made"),
    );
  });

  passwords.get("/passwords/:token", async (req, res) => {
    linkPage(req, res, await getLink(req.ctx, tokenOf(req)), {});
  });

  passwords.post("/passwords/:token", async (req, res) => {
    const wait = await spend([tries, req.ip ?? "nowhere"]);
    const link = await getLink(req.ctx, tokenOf(req));
    if (wait > 0) {
      const form = translateFor(req.viewer.locale)("login.too_many", { n: Math.ceil(wait / 60_000) });
      return refuseFlood(res, wait, () => linkPage(req, res, link, { form }));
    }
    const typed = (req.body as { password?: unknown } | undefined)?.password;
    try {
      const used = await useLink(req.ctx, tokenOf(req), typeof typed === "string" ? typed : "");
      // A reset proves the mailbox and nothing more: whoever has a second factor still needs it.
      if (used.kind === "reset") return redirect(res, "/login?reset=1");
      const session = await findSession(req.ctx.db, used.agentId);
      if (!session) return redirect(res, "/login");
      await enter(req, session);
      redirect(res, "/inbox");
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      linkPage(req, res.status(422), link, errorWords(error, req.viewer));
    }
  });

  function askPage(req: Request, res: Response, isAsked: boolean, wait = 0): void {
    const t = translateFor(req.viewer.locale);
    const error = wait > 0 ? t("login.too_many", { n: Math.ceil(wait / 60_000) }) : "";
    const canMail = platform.config.smtpUrl !== null;
    res
      .set("Cache-Control", "no-store")
      .send(req.render("passwords/new", { title: t("passwords.forgot"), isAsked, canMail, error }));
  }

  return passwords;
}

function linkPage(req: Request, res: Response, link: OpenLink, errors: Record<string, string>): void {
  const t = translateFor(req.viewer.locale);
  const title = t(link.kind === "invitation" ? "passwords.welcome" : "passwords.choose", { name: link.name });
  // The address of the page is the key: it goes nowhere.
  res.set("Cache-Control", "no-store").set("Referrer-Policy", "no-referrer");
  const { email, kind } = link;
  res.send(req.render("passwords/show", { title, token: tokenOf(req), email, kind, errors }));
}

const tokenOf = (req: Request): string => String(req.params.token ?? "").slice(0, 100);
