import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { type Permission, permissionGroups, permissions } from "../../services/agents/policy.ts";
import { getRole, listRoles, type Role } from "../../services/agents/queries.ts";
import { getRights } from "../../services/agents/rights.ts";
import { deleteRole, requireSecondFactor, saveRole } from "../../services/agents/save-role.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { isTextKey, translateFor } from "../../views/i18n.ts";
import type { Viewer } from "../../views/index.ts";
import { requirePermission, requireProof } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, optionalId, text } from "../validate.ts";

const known = new Set<string>(permissions);
/** Boxes of permissions: what is none of them is left out. */
export const tickedPermissions = z
  .union([z.string(), z.array(z.string()).max(200)])
  .optional()
  .transform((value) =>
    (value === undefined ? [] : [value].flat()).filter((one): one is Permission => known.has(one)),
  );
export const ticked = z
  .literal("1")
  .optional()
  .transform((value) => value === "1");
const roleForm = z.object({
  name: text(400),
  requires_second_factor: ticked,
  permission: tickedPermissions,
});

/** What people may see and do: roles, and the answer for one person. */
export const roles: Router = Router();
roles.use("/settings/roles", requirePermission("roles.manage"), requireProof);
roles.use("/settings/agents/:id/rights", requirePermission("agents.manage"));

roles.get("/settings/roles", async (req, res) => {
  const t = translateFor(req.viewer.locale);
  const shown = (await listRoles(req.ctx)).map((role) => ({
    id: role.id,
    label: roleLabel(role.name, req.viewer),
    held: t("roles.held_by", { n: role.agents }),
    count: t("roles.count", { n: role.permissions.length }),
    builtIn: role.builtIn,
  }));
  res.send(req.render("settings/roles/index", { title: t("roles.title"), roles: shown }));
});

roles.get("/settings/roles/new", async (req, res) => {
  const from = optionalId.catch(null).parse(req.query.from);
  const source = from === null ? null : await getRole(req.ctx, from);
  const t = translateFor(req.viewer.locale);
  const name = source ? t("roles.copy_of", { name: roleLabel(source.name, req.viewer) }) : "";
  const requiresSecondFactor = source?.requiresSecondFactor ?? false;
  page(req, res, {
    id: 0,
    name,
    builtIn: false,
    permissions: source?.permissions ?? [],
    requiresSecondFactor,
  });
});

roles.get("/settings/roles/:id", async (req, res) =>
  page(req, res, await getRole(req.ctx, idParam(req.params))),
);

roles.post("/settings/roles", (req, res) => save(req, res, null));

roles.post("/settings/roles/:id", (req, res) => save(req, res, idParam(req.params)));

roles.post("/settings/roles/:id/deletion", async (req, res) => {
  await deleteRole(req.ctx, idParam(req.params));
  redirect(res, "/settings/roles");
});

roles.post("/settings/roles/:id/second-factor", async (req, res) => {
  const form = z.object({ requires_second_factor: ticked }).parse(req.body ?? {});
  await requireSecondFactor(req.ctx, idParam(req.params), form.requires_second_factor);
  redirect(res, "/settings/roles");
});

roles.get("/settings/agents/:id/rights", async (req, res) => {
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  const rights = await getRights(req.ctx, idParam(req.params));
  const { agent, sight } = rights;
  const teams = agent.teams.join(", ") || t("rights.no_teams");
  const sees = [
    t(`rights.sight.${sight ?? "none"}`, { teams }),
    ...(sight !== null && sight !== "all" ? [t("rights.serving")] : []),
    ...rights.isolated.map(({ inbox, team, isMember }) =>
      t(sight !== null && isMember ? "rights.isolated_yes" : "rights.isolated_no", {
        inbox,
        team: team ?? "–",
      }),
    ),
  ];
  res.send(
    req.render("settings/agents/rights", {
      title: t("rights.title", { name: agent.name }),
      why: t("rights.why", { role: roleLabel(agent.roleName, viewer) }),
      isGone: agent.deactivatedAt !== null,
      sees,
      groups: boxes(rights.permissions, viewer).slice(1),
      tokens: rights.tokens > 0 ? t("rights.tokens", { n: rights.tokens }) : "",
    }),
  );
});

async function save(req: Request, res: Response, id: number | null): Promise<void> {
  const { name, permission, requires_second_factor: requiresSecondFactor } = roleForm.parse(req.body ?? {});
  try {
    await saveRole(req.ctx, id, { name, permissions: permission, requiresSecondFactor });
    redirect(res, "/settings/roles");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const role = { id: id ?? 0, name, builtIn: false, permissions: permission, requiresSecondFactor };
    page(req, res.status(422), role, errorWords(error, req.viewer));
  }
}

function page(
  req: Request,
  res: Response,
  role: Pick<Role, "id" | "name" | "builtIn" | "requiresSecondFactor"> & { permissions: readonly string[] },
  errors: Record<string, string> = {},
): void {
  const t = translateFor(req.viewer.locale);
  const label = role.id === 0 ? t("roles.new") : roleLabel(role.name, req.viewer);
  const copyOf = `/settings/roles/new?from=${role.id}`;
  const { id, name, builtIn, requiresSecondFactor } = role;
  const groups = boxes(new Set(role.permissions), req.viewer);
  res.send(
    req.render("settings/roles/show", {
      title: label,
      role: { id, name, label, builtIn, copyOf, requiresSecondFactor },
      groups,
      errors,
    }),
  );
}

/** Every permission with its words, in the groups of the page. */
export const boxes = (chosen: ReadonlySet<string>, { locale }: Viewer) =>
  Object.entries(permissionGroups).map(([group, names]) => ({
    title: translateFor(locale)(`permissions.${group}`),
    boxes: names.map((value) => ({
      value,
      label: translateFor(locale)(`permission.${value}`),
      isChosen: chosen.has(value),
    })),
  }));

/** Built-in roles have a name in every language; the firm's own keep theirs. */
export function roleLabel(name: string, { locale }: Pick<Viewer, "locale">): string {
  return isTextKey(`role.${name}`) ? translateFor(locale)(`role.${name}`) : name;
}
