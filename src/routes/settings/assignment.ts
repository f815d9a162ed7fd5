import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { Invalid } from "../../services/platform/errors.ts";
import { dryRun } from "../../services/routing/dry-run.ts";
import { type GivingSettings, getGiving, saveGiving } from "../../services/routing/save-giving.ts";
import { listRules, moveRule } from "../../services/routing/save-rule.ts";
import { type RuleConditions, strategies } from "../../services/routing/types.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, parseForm, text, typed } from "../validate.ts";
import { loadChoices } from "./choices.ts";

const number = text(6)
  .regex(/^\d{1,5}$/, "giving.number")
  .transform(Number);
const givingForm = z.object({
  strategy: z.enum(strategies),
  pilotPercent: number,
  lastAgentFirst: z.literal("1").optional(),
  inactiveMinutes: number,
  absenceMinutes: z.union([z.literal("").transform(() => null), number]),
  transferNeedsNote: z.literal("1").optional(),
  frequentConversations: number,
  frequentReturns: number,
  priorityTag: text(60).default(""),
});

/** How conversations find somebody: strategy, caps by behaviour, absence; and the rules, with a rehearsal on last week's. */
export const assignment: Router = Router();
assignment.use("/settings/assignment", requirePermission("routing.manage"));

assignment.get("/settings/assignment", (req, res) => index(req, res));

assignment.post("/settings/assignment", async (req, res) => {
  try {
    const form = parseForm(givingForm, req.body);
    const settings: GivingSettings = {
      ...form,
      lastAgentFirst: form.lastAgentFirst === "1",
      transferNeedsNote: form.transferNeedsNote === "1",
    };
    await saveGiving(req.ctx, settings);
    redirect(res, "/settings/assignment?saved=1");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await index(req, res.status(422), { form: typed(req.body), errors: errorWords(error, req.viewer) });
  }
});

assignment.get("/settings/assignment/rehearsal", async (req, res) => {
  const t = translateFor(req.viewer.locale);
  const run = await dryRun(req.ctx);
  const outcomes = run.outcomes.map(({ rule, n, examples }) => ({
    name: rule?.name ?? t("rules.none_matched"),
    n,
    share: run.total === 0 ? "" : `${Math.round((n * 100) / run.total)} %`,
    examples,
  }));
  const summary = t("rules.rehearsed", { n: run.total, days: run.days });
  res.send(req.render("settings/assignment/rehearsal", { title: t("rules.rehearsal"), summary, outcomes }));
});

assignment.post("/settings/assignment/rules/:id/position", async (req, res) => {
  const { direction } = parseForm(z.object({ direction: z.enum(["up", "down"]) }), req.body);
  try {
    await moveRule(req.ctx, idParam(req.params), direction);
    redirect(res, "/settings/assignment#rules");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await index(req, res.status(422), {
      errors: { rules: Object.values(errorWords(error, req.viewer)).join(" ") },
    });
  }
});

async function index(
  req: Request,
  res: Response,
  given: { form?: Record<string, string>; errors?: Record<string, string> } = {},
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const [settings, rules, choices] = await Promise.all([
    getGiving(req.ctx),
    listRules(req.ctx),
    loadChoices(req),
  ]);
  const stored = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [
      name,
      value === true ? "1" : value === false || value === null ? "" : String(value),
    ]),
  );
  const form = given.form ?? stored;
  const name = (all: { id: number; name: string }[], id: number | undefined) =>
    all.find((one) => one.id === id)?.name;
  res.send(
    req.render("settings/assignment/index", {
      title: t("giving.title"),
      saved: req.query.saved === "1",
      form,
      errors: given.errors ?? {},
      strategies: strategies.map((value) => ({
        value,
        name: t(`strategy.${value}`),
        isChosen: value === form.strategy,
      })),
      rules: rules.map((rule, at) => ({
        id: rule.id,
        name: rule.name,
        isFirst: at === 0,
        isLast: at === rules.length - 1,
        when: describeConditions(req, rule.conditions, choices),
        outcome: [
          name(choices.teams, rule.actions.teamId),
          name(choices.topics, rule.actions.topicId),
          rule.actions.priority && t(`priority.${rule.actions.priority}`),
          rule.actions.skill,
        ]
          .filter(Boolean)
          .join(" · "),
      })),
    }),
  );
}

function describeConditions(
  req: Request,
  { keywords, inboxIds, topicIds, tagIds, languages: spoken, highValue, hours }: RuleConditions,
  choices: Awaited<ReturnType<typeof loadChoices>>,
): string {
  const t = translateFor(req.viewer.locale);
  const names = (all: { id: number; name: string }[], chosen: number[] | undefined) =>
    (chosen ?? []).map((id) => all.find((one) => one.id === id)?.name ?? "?").join(", ");
  const parts = [
    (keywords ?? []).map((word) => `«${word}»`).join(", "),
    names(choices.inboxes, inboxIds),
    names(choices.topics, topicIds),
    names(choices.tags, tagIds),
    (spoken ?? []).join(", "),
    highValue ? t("sla.high_value") : "",
    hours ? t(`rules.hours_${hours}`) : "",
  ].filter(Boolean);
  return parts.length === 0 ? t("rules.always") : parts.join(" · ");
}
