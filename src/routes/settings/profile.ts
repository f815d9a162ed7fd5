import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { changeOwnPassword, updateOwnSettings } from "../../services/agents/agent.ts";
import { setAvailability } from "../../services/agents/availability.ts";
import { may, type Permission } from "../../services/agents/policy.ts";
import { countQuarantined } from "../../services/channels/inbound-events.ts";
import { Invalid, TooMany } from "../../services/platform/errors.ts";
import { type TextKey, translateFor } from "../../views/i18n.ts";
import { confirmLimit } from "../confirm.ts";
import { begin } from "../enter.ts";
import { spend } from "../limits.ts";
import { redirect } from "../respond.ts";
import { given, isTimeZone, timeZones } from "../set-up.ts";
import { fieldErrors } from "../validate.ts";

const profileForm = z.object({
  name: z.string().trim().min(1, "error.field").max(120, "error.field").optional(),
  locale: z.enum(["es", "en"]),
  timeZone: z.string().max(80).refine(isTimeZone, "set_up.time_zone_unknown"),
  availability: z.enum(["online", "away", "offline"]),
});

const passwordForm = z.object({
  current: z.string().max(256),
  next: z.string().min(10, "agents.password_length").max(256, "agents.password_length"),
});

interface Room {
  href: string;
  icon: string;
  title: TextKey;
  more: TextKey;
  /** Null: everybody's. */
  needs: Permission | null;
}
const room = (href: string, icon: string, title: TextKey, more: TextKey, needs: Permission | null): Room => ({
  href,
  icon,
  title,
  more,
  needs,
});
const rooms: readonly Room[] = [
  room("/settings/profile", "circle-user-round", "settings.profile", "settings.profile_more", null),
  room("/settings/firm", "settings", "firm.title", "firm.more", "firm.manage"),
  room("/settings/inboxes", "message-circle", "settings.inboxes", "settings.inboxes_more", "inboxes.manage"),
  room("/settings/agents", "users", "settings.agents", "settings.agents_more", "agents.manage"),
  room("/settings/roles", "shield-check", "roles.title", "roles.short", "roles.manage"),
  room("/settings/sso", "log-in", "sso.title", "sso.short", "roles.manage"),
  room("/settings/approvals", "check-check", "approvals.title", "approvals.short", "firm.manage"),
  room("/settings/tokens", "key-round", "tokens.title", "tokens.short", "tokens.manage"),
  room("/settings/teams", "users", "teams.title", "teams.short", "teams.manage"),
  room("/settings/assignment", "shuffle", "giving.title", "giving.short", "routing.manage"),
  room("/settings/sla", "timer", "sla.title", "sla.short", "sla.manage"),
  room("/settings/hours", "calendar", "hours.title", "hours.short", "hours.manage"),
  room("/settings/automation", "send", "automation.title", "automation.short", "automation.manage"),
  room("/settings/topics", "clipboard-list", "topics.title", "topics.more", "topics.manage"),
  room("/settings/fields", "contact", "fields.title", "fields.more", "fields.manage"),
  room("/settings/tags", "tag", "tags.title", "tags.more", "tags.manage"),
  room(
    "/settings/inbound-events",
    "triangle-alert",
    "settings.quarantine",
    "settings.quarantine_more",
    "deliveries.manage",
  ),
  room("/settings/retention", "clock", "privacy.retention", "privacy.retention_short", "retention.manage"),
  room("/reports", "chart-column", "nav.reports", "report.more", null),
  room("/audit", "scroll-text", "nav.audit", "settings.audit_more", "audit.see"),
];

/** The entrance of the settings, and what everyone sets for themselves. */
export const profile: Router = Router();

profile.get("/settings", async (req, res) => {
  const t = translateFor(req.viewer.locale);
  const quarantined = await countQuarantined(req.ctx);
  const choices = rooms
    .filter(({ needs }) => needs === null || may(req.ctx.actor, needs))
    .map(({ href, icon, title, more }) => ({
      href,
      icon,
      title: t(title),
      more: t(more),
      count: href === "/settings/inbound-events" ? quarantined : 0,
    }));
  res.send(req.render("settings/index", { title: t("settings.title"), choices }));
});

profile.get("/settings/profile", (req, res) => {
  const { locale, timeZone } = req.viewer;
  page(
    req,
    res,
    { name: req.viewer.name, locale, timeZone, availability: req.user?.agent.availability ?? "online" },
    {},
  );
});

profile.post("/settings/profile", async (req, res) => {
  const form = profileForm.safeParse(req.body);
  if (!form.success) {
    const t = translateFor(req.viewer.locale);
    const errors = Object.entries(fieldErrors(form.error)).map(([field, key]) => [field, t(key)]);
    return page(req, res.status(422), given(req.body), Object.fromEntries(errors));
  }
  const { availability, ...settings } = form.data;
  await updateOwnSettings(req.ctx, settings);
  if (availability !== req.user?.agent.availability) await setAvailability(req.ctx, availability);
  redirect(res, "/settings/profile?saved=1");
});

profile.post("/settings/password", async (req, res) => {
  const form = passwordForm.safeParse(req.body);
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    const key = String(req.user?.agent.id);
    const wait = await spend([confirmLimit(req), key]);
    if (wait > 0) throw new TooMany(Math.ceil(wait / 1000));
    const version = await changeOwnPassword(req.ctx, form.data.current, form.data.next);
    const session = req.user && { ...req.user, sessionVersion: version };
    if (!session) return redirect(res, "/login");
    await confirmLimit(req).delete(key);
    await begin(req, session);
    redirect(res, "/settings/profile?saved=1");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const t = translateFor(req.viewer.locale);
    const errors = Object.entries(error.fields).map(([field, key]) => [field, t(key)]);
    const { locale, timeZone } = req.viewer;
    const shown = {
      name: req.viewer.name,
      locale,
      timeZone,
      availability: req.user?.agent.availability ?? "online",
    };
    page(req, res.status(422), shown, {}, Object.fromEntries(errors));
  }
});

function page(
  req: Request,
  res: Response,
  form: Record<string, string>,
  errors: Record<string, string>,
  passwordErrors: Record<string, string> = {},
): void {
  const title = translateFor(req.viewer.locale)("settings.profile");
  res.send(
    req.render("settings/profile", {
      title,
      form,
      errors,
      passwordErrors,
      timeZones,
      saved: req.query.saved === "1",
    }),
  );
}
