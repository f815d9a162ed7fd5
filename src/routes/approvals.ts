import { type Request, type Response, Router } from "express";
import { z } from "zod";
import {
  type Approval,
  decideApproval,
  getApprovalActs,
  listApprovals,
  type SensitiveAct,
  saveApprovalActs,
  sensitiveActs,
} from "../services/agents/approvals.ts";
import { may } from "../services/agents/policy.ts";
import { listAgents, listRoles } from "../services/agents/queries.ts";
import { Invalid } from "../services/platform/errors.ts";
import { detailsOf } from "../views/audit/present.ts";
import { dayAndClock } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import type { Viewer } from "../views/index.ts";
import { requirePermission, requireProof } from "./guards.ts";
import { redirect } from "./respond.ts";
import { roleLabel } from "./settings/roles.ts";
import { errorWords, idParam } from "./validate.ts";

/** Acts that wait for a second person: asked, decided, and which ones they are. */
export const approvals: Router = Router();

approvals.get("/approvals", async (req, res) => {
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  const decides = may(req.ctx.actor, "approvals.decide");
  const [asked, agents, roles] = await Promise.all([
    listApprovals(req.ctx),
    listAgents(req.ctx),
    listRoles(req.ctx),
  ]);
  const roleNames = new Map(roles.map(({ id, name }) => [id, name]));
  const names = new Map(agents.map(({ id, name }) => [id, name]));
  const shown = asked.map((one) => ({
    id: one.id,
    title: t(`approval.${one.act}`),
    who: t("approvals.by", { name: one.askedBy, when: dayAndClock(one.askedAt, viewer.now, viewer) }),
    // Whole: nobody says yes to what they cannot read.
    details: detailsOf(said(one.params, names, roleNames, viewer), t, Number.POSITIVE_INFINITY),
    contact: one.params.contactId ? `/contacts/${one.params.contactId}` : null,
    state: stateOf(one, t),
    mayDecide: decides && one.isGiven === null && one.askedById !== viewer.agentId,
    goOn: one.isReady && one.askedById === viewer.agentId ? placeOf(one) : null,
  }));
  const isAsked = req.query.asked === "1";
  res.send(req.render("approvals/index", { title: t("approvals.title"), approvals: shown, isAsked }));
});

approvals.post(
  "/approvals/:id/:decision",
  requirePermission("approvals.decide"),
  requireProof,
  async (req, res) => {
    const decision = z.enum(["yes", "no"]).parse(req.params.decision);
    await decideApproval(req.ctx, idParam(req.params), decision === "yes");
    redirect(res, "/approvals");
  },
);

approvals.use("/settings/approvals", requirePermission("firm.manage"), requireProof);
approvals.get("/settings/approvals", async (req, res) =>
  settings(req, res, await getApprovalActs(req.ctx), {}),
);

approvals.post("/settings/approvals", async (req, res) => {
  const form = z
    .object({ act: z.union([z.string(), z.array(z.string()).max(20)]).optional() })
    .parse(req.body ?? {});
  const acts = sensitiveActs.filter((one) => [form.act].flat().includes(one));
  try {
    await saveApprovalActs(req.ctx, acts);
    redirect(res, "/settings/approvals?saved=1");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    settings(req, res.status(422), acts, errorWords(error, req.viewer));
  }
});

function settings(
  req: Request,
  res: Response,
  chosen: readonly SensitiveAct[],
  errors: Record<string, string>,
): void {
  const t = translateFor(req.viewer.locale);
  const acts = sensitiveActs.map((value) => ({
    value,
    name: t(`approval.${value}`),
    isChosen: chosen.includes(value),
  }));
  const saved = req.query.saved === "1";
  res.send(req.render("settings/approvals", { title: t("approvals.title"), acts, errors, saved }));
}

function stateOf(one: Approval, t: ReturnType<typeof translateFor>): string {
  const name = one.decidedBy ?? "";
  if (one.isGiven === null) return t("approvals.open");
  if (!one.isGiven) return t("approvals.refused", { name });
  return t(one.isUsed ? "approvals.used" : one.isReady ? "approvals.ready" : "approvals.over", { name });
}

/** What is asked for, with names in place of numbers. */
function said(
  {
    contactId,
    agentId,
    roleId,
    role,
    permissions,
    email,
    isLink,
    isSecondFactor,
    isBack,
    ...rest
  }: Approval["params"],
  names: ReadonlyMap<unknown, string>,
  roleNames: ReadonlyMap<unknown, string>,
  viewer: Viewer,
): Record<string, unknown> {
  const t = translateFor(viewer.locale);
  const words = Array.isArray(permissions) ? permissions.map((one) => t(`permission.${one}`)) : null;
  return {
    ...(agentId ? { [t("agents.name")]: names.get(agentId) } : {}),
    ...(roleId ? { [t("agents.role")]: roleLabel(roleNames.get(roleId) ?? "–", viewer) } : {}),
    ...(role ? { [t("agents.role")]: roleLabel(String(role), viewer) } : {}),
    ...(email ? { [t("login.email")]: email } : {}),
    ...(isLink ? { [t("approvals.what")]: t("agents.link_reset") } : {}),
    ...(isSecondFactor ? { [t("approvals.what")]: t("second_factor.reset") } : {}),
    ...(isBack ? { [t("approvals.what")]: t("agents.reactivate") } : {}),
    ...(words ? { [t("roles.title")]: words } : {}),
    ...rest,
  };
}

/** Where whoever asked goes on. */
function placeOf({ act, params }: Approval): string {
  const { contactId } = params;
  if (act === "contacts.erase") return `/contacts/${contactId}/erasure`;
  if (act === "contacts.export") return contactId ? `/contacts/${contactId}` : "/contacts";
  if (act === "approvals.change") return "/settings/approvals";
  return "roleId" in params ? "/settings/roles" : "/settings/agents";
}
