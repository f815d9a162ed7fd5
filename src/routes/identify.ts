import { randomBytes } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import { countApprovals } from "../services/agents/approvals.ts";
import { getFirm } from "../services/agents/firm.ts";
import { countAlerts } from "../services/alerts/alerts.ts";
import { countMentions } from "../services/conversations/mentions.ts";
import type { Actor, Platform } from "../services/platform/context.ts";
import { leastFree } from "../services/platform/storage.ts";
import { initials } from "../views/format.ts";
import { createRender, type Viewer } from "../views/index.ts";
import { formTokenOf, withToken } from "./form-token.ts";

/** The firm's row and the disk are looked at again after this long. Milliseconds. */
const firmLivesMs = 5_000;

/**
 * Gives each request its context and its renderer: anonymous first, so that whatever forgets to ask sees nothing.
 */
export function identify(platform: Platform, version: string) {
  let known: { at: number; firm: Awaited<ReturnType<typeof getFirm>>; isDiskLow: boolean } | null = null;
  async function surroundings() {
    if (!known || known.at < Date.now() - firmLivesMs) {
      const [firm, free] = await Promise.all([getFirm(platform.db), platform.storage.free()]);
      known = { at: Date.now(), firm, isDiskLow: free < leastFree };
    }
    return known;
  }
  const mentioned = platform.memories.open<{ called: number; alerted: number }>(
    ({ type }) => type === "agent.mentioned" || type === "agent.alerted",
  );
  return async (req: Request, res: Response, next: NextFunction) => {
    const { firm, isDiskLow } = await surroundings();
    const { name, locale, timeZone } = firm;
    const session = req.user;
    const actor: Actor = session?.actor ?? { kind: "anonymous" };
    const now = new Date();
    req.ctx = { ...platform, actor, now: () => now, source: "web", address: req.ip };
    const viewer: Viewer = {
      agentId: session?.agent.id ?? null,
      name: session?.agent.name ?? "",
      initials: initials(session?.agent.name ?? ""),
      permissions: session?.actor.permissions ?? new Set(),
      availability: session?.agent.availability ?? "offline",
      locale: session?.agent.locale ?? preferredLocale(req, locale),
      timeZone: session?.agent.timeZone ?? timeZone,
      now,
    };
    req.viewer = viewer;
    const { called, alerted } =
      actor.kind === "agent"
        ? await mentioned.get(String(actor.id), () => countNotices(req))
        : { called: 0, alerted: 0 };
    req.alerts = alerted;
    const mentions = called + alerted;
    const formToken = actor.kind === "agent" && req.session ? formTokenOf(platform.secrets, req) : "";
    const render = createRender(viewer, {
      nonce: req.nonce,
      version,
      firmName: name,
      isDiskLow,
      mentions,
      formToken,
    });
    req.render = formToken ? (template, data) => withToken(render(template, data), formToken) : render;
    res.set("Content-Language", viewer.locale);
    next();
  };
}

async function countNotices({ ctx }: Request): Promise<{ called: number; alerted: number }> {
  const [called, alerted, asked] = await Promise.all([
    countMentions(ctx),
    countAlerts(ctx),
    countApprovals(ctx),
  ]);
  return { called: called + asked, alerted };
}

/** A viewer and a renderer without asking the database: while it is away, a person still gets a page to read. */
export function identifyNobody(req: Request): void {
  req.viewer = {
    agentId: null,
    name: "",
    initials: "",
    permissions: new Set(),
    availability: "offline",
    locale: preferredLocale(req, "es"),
    timeZone: "UTC",
    now: new Date(),
  };
  const version = String(req.app.locals.version);
  req.render = createRender(req.viewer, { nonce: req.nonce, version, firmName: "", isDiskLow: false });
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
