import { randomBytes } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import { getFirm } from "../services/agents/firm.ts";
import type { Actor, Platform } from "../services/platform/context.ts";
import { initials } from "../views/format.ts";
import { createRender, type Viewer } from "../views/index.ts";

/** A copy of the firm's row, at most this old. Milliseconds. */
const firmLivesMs = 5_000;

/**
 * Gives each request its context and its renderer: anonymous first, so that whatever forgets to ask sees nothing.
 */
export function identify(platform: Platform, version: string) {
  let firm: { at: number; value: Awaited<ReturnType<typeof getFirm>> } | null = null;
  async function currentFirm() {
    if (!firm || firm.at < Date.now() - firmLivesMs)
      firm = { at: Date.now(), value: await getFirm(platform.db) };
    return firm.value;
  }
  return async (req: Request, res: Response, next: NextFunction) => {
    const { name, locale, timeZone } = await currentFirm();
    const session = req.user;
    const actor: Actor = session?.actor ?? { kind: "anonymous" };
    const now = new Date();
    req.ctx = { ...platform, actor, now: () => now, source: "web" };
    const viewer: Viewer = {
      agentId: session?.agent.id ?? null,
      name: session?.agent.name ?? "",
      initials: initials(session?.agent.name ?? ""),
      permissions: session?.actor.permissions ?? new Set(),
      locale: session?.agent.locale ?? preferredLocale(req, locale),
      timeZone: session?.agent.timeZone ?? timeZone,
      now,
    };
    req.viewer = viewer;
    req.render = createRender(viewer, { nonce: req.nonce, version, firmName: name });
    res.set("Content-Language", viewer.locale);
    next();
  };
}

function preferredLocale(req: Request, fallback: "es" | "en"): "es" | "en" {
  if (!req.get("accept-language")) return fallback;
  return (req.acceptsLanguages("es", "en") || fallback) as "es" | "en";
}

/** Before anything else: a nonce for the policy, and whether a region is asked for. */
export function prepare(req: Request, _res: Response, next: NextFunction): void {
  req.nonce = randomBytes(16).toString("base64");
  req.isFragment =
    req.get("hx-request") === "true" &&
    req.get("hx-history-restore-request") !== "true" &&
    req.get("hx-boosted") !== "true";
  next();
}
