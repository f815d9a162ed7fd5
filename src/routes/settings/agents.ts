import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { changeRole, deactivateAgent, reactivateAgent } from "../../services/agents/agent.ts";
import { invite, type NewLink, renewLink } from "../../services/agents/links.ts";
import { type Agent, getAgent, listAgents, listRoles, type Role } from "../../services/agents/queries.ts";
import { resetSecondFactor } from "../../services/agents/second-factor.ts";
import { unlinkSso } from "../../services/agents/sso.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission, requireProof } from "../guards.ts";
import { fragment, ownUrl, redirect } from "../respond.ts";
import { given } from "../set-up.ts";
import { fieldErrors, idParam } from "../validate.ts";
import { roleLabel } from "./roles.ts";

const agentForm = z.object({
  name: z.string().trim().min(1).max(120),
  email: z.email("agents.email_invalid").max(254),
  role: z.string().max(80),
});
const roleForm = z.object({ role: z.string().max(80) });

/** Who may enter and what they may do. */
export const agents: Router = Router();
agents.use("/settings/agents", requirePermission("agents.manage"), requireProof);

agents.get("/settings/agents", async (req, res) => {
  const [all, roles] = await Promise.all([listAgents(req.ctx), listRoles(req.ctx)]);
  const title = translateFor(req.viewer.locale)("settings.agents");
  const shown = all.map((agent) => labelled(req, agent));
  res.send(req.render("settings/agents/index", { title, agents: shown, roles: labelRoles(req, roles) }));
});

agents.get("/settings/agents/new", async (req, res) => {
  await page(req, res, { name: "", email: "", role: "agent" }, {});
});

agents.post("/settings/agents", async (req, res) => {
  const form = agentForm.safeParse(req.body);
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    showLink(req, res.status(201), await invite(req.ctx, form.data));
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), given(req.body), error.fields);
  }
});

agents.post("/settings/agents/:id/role", async (req, res) => {
  const { role } = roleForm.parse(req.body ?? {});
  await answer(req, res, await changeRole(req.ctx, idParam(req.params), role));
});

agents.post("/settings/agents/:id/deactivation", async (req, res) => {
  await answer(req, res, await deactivateAgent(req.ctx, idParam(req.params)));
});

agents.post("/settings/agents/:id/reactivation", async (req, res) => {
  await answer(req, res, await reactivateAgent(req.ctx, idParam(req.params)));
});

agents.post("/settings/agents/:id/link", async (req, res) => {
  showLink(req, res, await renewLink(req.ctx, idParam(req.params)));
});

agents.post("/settings/agents/:id/second-factor-reset", async (req, res) => {
  const id = idParam(req.params);
  await resetSecondFactor(req.ctx, id);
  await answer(req, res, await getAgent(req.ctx, id));
});

agents.post("/settings/agents/:id/sso-removal", async (req, res) => {
  const id = idParam(req.params);
  await unlinkSso(req.ctx, id);
  await answer(req, res, await getAgent(req.ctx, id));
});

/** Once, in the answer itself: what is asked for again is another link. */
function showLink(req: Request, res: Response, { agent, kind, token, isMailed }: NewLink): void {
  const t = translateFor(req.viewer.locale);
  const title = t(kind === "invitation" ? "agents.invited" : "agents.link_reset", { name: agent.name });
  const lead = t(isMailed ? "agents.link_mailed" : "agents.link_copy", {
    name: agent.name,
    email: agent.email,
  });
  const url = `${ownUrl(req)}/passwords/${token}`;
  res.send(
    req.render("settings/agents/link", { title, lead, url, expires: t(`agents.link_expires_${kind}`) }),
  );
}

async function answer(req: Request, res: Response, agent: Agent): Promise<void> {
  if (!req.isFragment) return redirect(res, "/settings/agents");
  const roles = labelRoles(req, await listRoles(req.ctx));
  fragment(res, req.render("settings/agents/_row", { agent: labelled(req, agent), roles }));
}

async function page(
  req: Request,
  res: Response,
  form: Record<string, string>,
  errors: Record<string, string>,
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const words = Object.fromEntries(Object.entries(errors).map(([field, key]) => [field, t(key)]));
  const roles = labelRoles(req, await listRoles(req.ctx));
  res.send(
    req.render("settings/agents/new", {
      title: t("agents.add"),
      form,
      errors: words,
      roles,
      canMail: req.ctx.config.smtpUrl !== null,
    }),
  );
}

function labelled(req: Request, agent: Agent) {
  const t = translateFor(req.viewer.locale);
  return {
    ...agent,
    roleLabel: roleLabel(agent.roleName, req.viewer),
    stateLabel: agent.deactivatedAt
      ? t("agents.deactivated")
      : agent.isInvited
        ? t("agents.state_invited")
        : [t(`availability.${agent.availability}`), ...(agent.hasSso ? [t("sso.on")] : [])].join(" · "),
  };
}

const labelRoles = (req: Request, roles: readonly Role[]) =>
  roles.map((role) => ({ ...role, label: roleLabel(role.name, req.viewer) }));
