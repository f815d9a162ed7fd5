import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { createApiToken, listApiTokens, revokeApiToken } from "../../services/agents/api-tokens.ts";
import { permissions } from "../../services/agents/policy.ts";
import { listAgents } from "../../services/agents/queries.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { dayAndClock } from "../../views/format.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission, requireProof } from "../guards.ts";
import { ownUrl, redirect } from "../respond.ts";
import { errorWords, idParam, parseForm, typed } from "../validate.ts";
import { boxes, roleLabel, ticked, tickedPermissions } from "./roles.ts";

/** Days that a token may last; empty: until it is revoked. */
const terms = ["30", "90", "365", ""] as const;

const tokenForm = z.object({
  name: z.string().trim().min(1, "tokens.name_length").max(80, "tokens.name_length"),
  agent: z.string().max(254),
  days: z.enum(terms),
  all: ticked,
  read_only: ticked,
  permission: tickedPermissions,
});

/** Keys for programs: made here once, listed, and taken back. */
export const tokens: Router = Router();
tokens.use("/settings/tokens", requirePermission("tokens.manage"), requireProof);

tokens.get("/settings/tokens", async (req, res) => {
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  const day = (at: Date) => dayAndClock(at, viewer.now, viewer);
  const shown = (await listApiTokens(req.ctx)).map((one) => ({
    id: one.id,
    name: one.name,
    agent: one.isIdle ? t("tokens.idle", { name: one.agentName }) : one.agentName,
    reach: [
      one.scopes ? t("roles.count", { n: one.scopes.length }) : t("tokens.all"),
      ...(one.readOnly ? [t("tokens.read_only")] : []),
    ].join(" · "),
    used: one.lastUsedAt ? t("tokens.used", { when: day(one.lastUsedAt) }) : t("tokens.unused"),
    until: one.expiresAt ? t("tokens.until", { when: day(one.expiresAt) }) : t("tokens.for_ever"),
  }));
  res.send(req.render("settings/tokens/index", { title: t("tokens.title"), tokens: shown }));
});

tokens.get("/settings/tokens/new", (req, res) => page(req, res, {}, {}));

tokens.post("/settings/tokens", async (req, res) => {
  try {
    const form = parseForm(tokenForm, req.body);
    if (!form.all && form.permission.length === 0) throw new Invalid({ permission: "tokens.nothing" });
    const token = await createApiToken(req.ctx, {
      name: form.name,
      email: form.agent,
      scopes: form.all ? null : form.permission,
      readOnly: form.read_only,
      days: form.days === "" ? null : Number(form.days),
    });
    const title = translateFor(req.viewer.locale)("tokens.created", { name: form.name });
    const url = `${ownUrl(req)}/api/v1/agents/me`;
    res.status(201).send(req.render("settings/tokens/created", { title, token, url }));
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const chosen = tickedPermissions.catch([]).parse((req.body as { permission?: unknown }).permission);
    await page(req, res.status(422), typed(req.body), errorWords(error, req.viewer), chosen);
  }
});

tokens.post("/settings/tokens/:id/revocation", async (req, res) => {
  await revokeApiToken(req.ctx, idParam(req.params));
  redirect(res, "/settings/tokens");
});

async function page(
  req: Request,
  res: Response,
  given: Record<string, string>,
  errors: Record<string, string>,
  chosen: readonly string[] = permissions,
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const isNew = Object.keys(given).length === 0;
  const agents = (await listAgents(req.ctx)).filter(({ deactivatedAt }) => deactivatedAt === null);
  const days = given.days ?? "90";
  res.send(
    req.render("settings/tokens/new", {
      title: t("tokens.new"),
      form: {
        name: given.name ?? "",
        email: given.agent ?? req.user?.agent.email ?? "",
        days,
        isAll: isNew || given.all === "1",
        readOnly: isNew || given.read_only === "1",
      },
      agents: agents.map(({ email, name, roleName }) => ({
        email,
        label: `${name} · ${roleLabel(roleName, req.viewer)}`,
      })),
      terms: terms.map((value) => ({
        value,
        name: value ? t("tokens.days", { n: Number(value) }) : t("tokens.for_ever"),
        isChosen: value === days,
      })),
      groups: boxes(new Set(chosen), req.viewer),
      errors,
    }),
  );
}
