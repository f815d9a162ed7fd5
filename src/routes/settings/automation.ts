import { type Request, type Response, Router } from "express";
import { z } from "zod";
import {
  automaticKinds,
  ledBySettings,
  listAutomaticMessages,
  saveAutomaticMessages,
} from "../../services/automation/automatic-messages.ts";
import {
  type ClosingSettings,
  getClosing,
  saveClosing,
} from "../../services/conversations/closing-settings.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, parseForm, text, typed } from "../validate.ts";

const hours = z.union([
  z.literal("").transform(() => null),
  text(4)
    .regex(/^[1-9]\d{0,2}$/, "automation.hours")
    .transform(Number)
    .pipe(z.number().max(720, "automation.hours")),
]);
const ticked = z
  .literal("1")
  .optional()
  .transform((value) => value === "1");
const closingForm = z.object({
  requiresTopic: ticked,
  requiresCaseState: ticked,
  requiresSummary: ticked,
  afterResolving: z.enum(["nothing", "confirm", "survey"]),
  npsPercent: text(3)
    .regex(/^\d{1,3}$/, "giving.number")
    .transform(Number)
    .pipe(z.number().max(100, "automation.percent")),
  lowScore: text(4)
    .regex(/^[1-5]([.,]\d)?$/, "automation.score")
    .transform((value) => Number(value.replace(",", ".")))
    .pipe(z.number().max(5, "automation.score")),
  lowScoreReopens: ticked,
  nudgeHours: hours,
  silenceHours: hours,
  queueNoticeSeconds: text(5)
    .regex(/^\d{2,5}$/, "automation.seconds")
    .transform(Number)
    .pipe(z.number().min(10, "automation.seconds").max(86_400, "automation.seconds")),
});

/** What Hilo says by itself, and how a conversation ends. */
export const automation: Router = Router();
automation.use("/settings/automation", requirePermission("automation.manage"));

automation.get("/settings/automation", (req, res) => page(req, res, {}));

automation.post("/settings/automation", async (req, res) => {
  try {
    const settings: ClosingSettings = parseForm(closingForm, req.body);
    const body = typed(req.body);
    const messages = automaticKinds.map((kind) => ({
      kind,
      enabled: body[`${kind}_on`] === "1",
      textEs: body[`${kind}_es`] ?? "",
      textEn: body[`${kind}_en`] ?? "",
    }));
    await saveClosing(req.ctx, settings);
    await saveAutomaticMessages(req.ctx, messages);
    redirect(res, "/settings/automation?saved=1");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), { form: typed(req.body), errors: errorWords(error, req.viewer) });
  }
});

async function page(
  req: Request,
  res: Response,
  given: { form?: Record<string, string>; errors?: Record<string, string> },
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const [messages, settings] = await Promise.all([listAutomaticMessages(req.ctx.db), getClosing(req.ctx.db)]);
  const stored: Record<string, string> = {};
  for (const [name, value] of Object.entries(settings))
    stored[name] = typeof value === "boolean" ? (value ? "1" : "") : String(value ?? "");
  for (const { kind, enabled, textEs, textEn } of messages) {
    stored[`${kind}_on`] = enabled ? "1" : "";
    stored[`${kind}_es`] = textEs;
    stored[`${kind}_en`] = textEn;
  }
  const form = given.form ?? stored;
  const show = (kind: (typeof automaticKinds)[number]) => ({
    kind,
    name: t(`automation.${kind}`),
    hint: t(`automation.${kind}_hint`),
    hasSwitch: !ledBySettings.has(kind),
    isOn: form[`${kind}_on`] === "1",
    textEs: form[`${kind}_es`] ?? "",
    textEn: form[`${kind}_en`] ?? "",
    error: given.errors?.[`${kind}_es`] ?? given.errors?.[`${kind}_en`] ?? "",
  });
  res.send(
    req.render("settings/automation/index", {
      title: t("automation.title"),
      saved: req.query.saved === "1",
      form,
      errors: given.errors ?? {},
      arriving: (["greeting", "out_of_hours", "queue_notice"] as const).map(show),
      closing: (["confirm", "csat", "nps", "thanks", "nudge", "silence"] as const).map(show),
      afterwards: (["nothing", "confirm", "survey"] as const).map((value) => ({
        value,
        name: t(`automation.after_${value}`),
        isChosen: form.afterResolving === value,
      })),
    }),
  );
}
