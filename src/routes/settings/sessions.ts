import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { getAgent } from "../../services/agents/queries.ts";
import { endSessions, listSessions } from "../../services/agents/sessions.ts";
import { NotFound } from "../../services/platform/errors.ts";
import { dayAndClock } from "../../views/format.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission, requireProof } from "../guards.ts";
import { redirect } from "../respond.ts";
import { idParam } from "../validate.ts";

/** Where somebody is signed in: one's own browsers, and others' for who manages people. */
export const sessions: Router = Router();
sessions.use("/settings/agents/:id/sessions", requirePermission("agents.manage"), requireProof);

sessions.get("/settings/sessions", (req, res) => page(req, res, ownId(req)));
sessions.post("/settings/sessions/end", (req, res) => end(req, res, ownId(req), null));
sessions.post("/settings/sessions/:session/end", (req, res) => end(req, res, ownId(req), named(req)));

sessions.get("/settings/agents/:id/sessions", (req, res) => page(req, res, idParam(req.params)));
sessions.post("/settings/agents/:id/sessions/end", (req, res) => end(req, res, idParam(req.params), null));
sessions.post("/settings/agents/:id/sessions/:session/end", (req, res) =>
  end(req, res, idParam(req.params), named(req)),
);

function ownId({ ctx }: Request): number {
  if (ctx.actor.kind !== "agent") throw new NotFound();
  return ctx.actor.id;
}

function named({ params }: Request): string {
  const id = z.uuid().safeParse(params.session);
  if (!id.success) throw new NotFound();
  return id.data;
}

async function end(req: Request, res: Response, agentId: number, publicId: string | null): Promise<void> {
  await endSessions(req.ctx, agentId, publicId, req.sessionID);
  redirect(res, pathOf(req, agentId));
}

const pathOf = (req: Request, agentId: number) =>
  agentId === ownId(req) ? "/settings/sessions" : `/settings/agents/${agentId}/sessions`;

async function page(req: Request, res: Response, agentId: number): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const isOwn = agentId === ownId(req);
  const [agent, open] = await Promise.all([
    getAgent(req.ctx, agentId),
    listSessions(req.ctx, agentId, req.sessionID),
  ]);
  const shown = open.map(({ publicId, browser, address, lastSeenAt, isThis }) => ({
    publicId,
    isThis,
    browser: browserName(browser) || t("sessions.unknown"),
    where: t("sessions.where", {
      address: address || "–",
      when: dayAndClock(lastSeenAt, req.viewer.now, req.viewer),
    }),
  }));
  const title = isOwn ? t("sessions.title") : t("sessions.title_of", { name: agent.name });
  const back = isOwn
    ? { href: "/settings/profile", label: t("settings.profile") }
    : { href: "/settings/agents", label: t("settings.agents") };
  res.send(
    req.render("settings/sessions", { title, isOwn, back, sessions: shown, action: pathOf(req, agentId) }),
  );
}

/** In the order that tells them apart: most name several others too. */
const browsers = [
  [/\bEdg/, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser/, "Samsung Internet"],
  [/\bFirefox|\bFxiOS/, "Firefox"],
  [/\bChrome|\bCriOS/, "Chrome"],
  [/\bSafari\//, "Safari"],
] as const;
const systems = [
  [/\bAndroid/, "Android"],
  [/\biPhone|\biPad/, "iOS"],
  [/\bWindows/, "Windows"],
  [/\bMac OS X/, "macOS"],
  [/\bCrOS/, "ChromeOS"],
  [/\bLinux/, "Linux"],
] as const;

/** "Chrome · Android"; what is in neither list is shown as it names itself. */
function browserName(agent: string): string {
  const find = (list: readonly (readonly [RegExp, string])[]) => list.find(([mark]) => mark.test(agent))?.[1];
  const names = [find(browsers), find(systems)].filter(Boolean);
  return names.length > 0 ? names.join(" · ") : agent.slice(0, 60);
}
