import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listRoles } from "../../services/agents/queries.ts";
import {
  getSingleSignOn,
  removeSingleSignOn,
  type SingleSignOn,
  saveSingleSignOn,
} from "../../services/agents/sso.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission, requireProof } from "../guards.ts";
import { ownUrl, redirect } from "../respond.ts";
import { errorWords, parseForm, text } from "../validate.ts";
import { roleLabel, ticked } from "./roles.ts";

/** Groups that may be mapped, and empty lines to add some. */
const mostGroups = 100;
const emptyLines = 3;

const list = z
  .union([text(200), z.array(text(200)).max(mostGroups)])
  .default([])
  .transform((value) => [value].flat().map((one) => one.trim()));

const ssoForm = z.object({
  name: z.string().trim().min(1, "sso.name_length").max(40, "sso.name_length"),
  issuer: z.string().trim().max(500, "sso.issuer_odd"),
  client_id: z.string().trim().min(1, "error.field").max(500, "error.field"),
  client_secret: z.string().trim().max(2000, "error.field").default(""),
  groups_claim: z.string().trim().min(1, "error.field").max(100, "error.field"),
  domains: text(2000).default(""),
  default_role: text(80).default(""),
  group: list,
  role: list,
  enabled: ticked,
});

/** The firm's provider of identity, and what its groups may do here. */
export const sso: Router = Router();
sso.use("/settings/sso", requirePermission("roles.manage"), requireProof);

sso.get("/settings/sso", async (req, res) => page(req, res, await getSingleSignOn(req.ctx), {}));

sso.post("/settings/sso", async (req, res) => {
  try {
    const form = parseForm(ssoForm, req.body);
    const secret = form.client_secret === "" ? null : form.client_secret;
    await saveSingleSignOn(req.ctx, wantedOf(form), secret);
    redirect(res, "/settings/sso?saved=1");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), wantedOf(asTyped.parse(req.body)), errorWords(error, req.viewer));
  }
});

sso.post("/settings/sso/removal", async (req, res) => {
  await removeSingleSignOn(req.ctx);
  redirect(res, "/settings/sso");
});

const anything = text(4000).catch("");
/** What was typed, wrong or not, to be shown again beside what is wrong with it. */
const asTyped = z.object({
  name: anything,
  issuer: anything,
  client_id: anything,
  groups_claim: anything,
  domains: anything,
  default_role: anything,
  group: list.catch([]),
  role: list.catch([]),
  enabled: ticked,
});

const wantedOf = (form: z.output<typeof asTyped>): SingleSignOn => ({
  name: form.name,
  issuer: form.issuer,
  clientId: form.client_id,
  groupsClaim: form.groups_claim,
  groups: form.group
    .map((group, i) => ({ group, role: form.role[i] ?? "" }))
    .filter(({ group }) => group !== ""),
  defaultRole: form.default_role || null,
  domains: form.domains
    .toLowerCase()
    .split(/[\s,;]+/)
    .map((one) => one.replace(/^@/, ""))
    .filter(Boolean),
  enabled: form.enabled,
});

async function page(
  req: Request,
  res: Response,
  shown: SingleSignOn | null,
  errors: Record<string, string>,
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const roles = await listRoles(req.ctx);
  const choices = (chosen: string | null) =>
    roles.map(({ name }) => ({
      value: name,
      name: roleLabel(name, req.viewer),
      isChosen: name === chosen,
    }));
  const empty = Array.from({ length: emptyLines }, () => ({ group: "", role: "agent" }));
  res.send(
    req.render("settings/sso", {
      title: t("sso.title"),
      form: {
        name: shown?.name ?? "",
        issuer: shown?.issuer ?? "",
        client_id: shown?.clientId ?? "",
        groups_claim: shown?.groupsClaim ?? "groups",
        domains: shown?.domains.join(", ") ?? "",
      },
      groups: [...(shown?.groups ?? []), ...empty].map(({ group, role }) => ({
        name: group,
        roles: choices(role),
      })),
      fallbacks: [
        { value: "", name: t("sso.fallback_none"), isChosen: !shown?.defaultRole },
        ...choices(shown?.defaultRole ?? null),
      ],
      enabled: shown?.enabled ?? true,
      isKept: (await getSingleSignOn(req.ctx)) !== null,
      saved: req.query.saved === "1",
      back: `${ownUrl(req)}/login/sso/callback`,
      errors,
    }),
  );
}
