import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { getFirm } from "../../services/agents/firm.ts";
import { saveFirm } from "../../services/agents/save-firm.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { isTimeZone, timeZones } from "../set-up.ts";
import { fieldErrors, typed } from "../validate.ts";

const firmForm = z.object({
  name: z.string().trim().min(1, "set_up.firm_missing").max(120),
  locale: z.enum(["es", "en"]),
  timeZone: z.string().max(80).refine(isTimeZone, "set_up.time_zone_unknown"),
  country: z
    .string()
    .trim()
    .toUpperCase()
    .regex(/^[A-Z]{2}$/, "firm.country_code"),
  reopenHours: z
    .string()
    .regex(/^\d{1,4}$/, "firm.hours")
    .transform(Number),
  highValueAmount: z
    .string()
    .regex(/^\d{1,11}([.,]\d{1,2})?$/, "purchases.amount")
    .transform((text) => Number(text.replace(",", ".")))
    .refine((amount) => amount > 0, "purchases.amount"),
});

/** What the firm says of itself. */
export const firm: Router = Router();
firm.use("/settings/firm", requirePermission("firm.manage"));

firm.get("/settings/firm", async (req, res) => {
  const { name, locale, timeZone, country, reopenSeconds, highValueAmount } = await getFirm(req.ctx.db);
  const form = {
    name,
    locale,
    timeZone,
    country,
    reopenHours: String(Math.round(reopenSeconds / 3600)),
    highValueAmount: String(highValueAmount),
  };
  page(req, res, form, {});
});

firm.post("/settings/firm", async (req, res) => {
  const form = firmForm.safeParse(req.body ?? {});
  if (!form.success) {
    const t = translateFor(req.viewer.locale);
    const errors = Object.entries(fieldErrors(form.error)).map(([field, key]) => [field, t(key)]);
    return page(req, res.status(422), typed(req.body), Object.fromEntries(errors));
  }
  const { reopenHours, ...rest } = form.data;
  await saveFirm(req.ctx, { ...rest, reopenSeconds: reopenHours * 3600 });
  redirect(res, "/settings/firm?saved=1");
});

function page(
  req: Request,
  res: Response,
  form: Record<string, string>,
  errors: Record<string, string>,
): void {
  const title = translateFor(req.viewer.locale)("firm.title");
  const saved = req.query.saved === "1";
  res.send(req.render("settings/firm", { title, form, errors, saved, timeZones }));
}
