import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { Invalid } from "../../services/platform/errors.ts";
import { dryRun } from "../../services/routing/dry-run.ts";
import { type GivingSettings, getGiving, saveGiving } from "../../services/routing/save-giving.ts";
import { deleteRule, getRule, listRules, moveRule, saveRule } from "../../services/routing/save-rule.ts";
import {
  type Rule,
  type RuleActions,
  type RuleConditions,
  strategies,
} from "../../services/routing/types.ts";
import { translateFor } from "../../views/i18n.ts";
import type { Choice } from "../../views/settings/views.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, ids, optionalId, parseForm, text, typed } from "../validate.ts";
import { loadChoices, priorities } from "./sla.ts";

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
const ruleForm = z.object({
  name: text(400),
  keywords: text(4000).default(""),
  inbox: ids,
  tag: ids,
  language: z.union([z.string().max(5), z.array(z.string().max(5)).max(20)]).optional(),
  high_value: z.literal("1").optional(),
  hours: z.enum(["", "open", "closed"]).default(""),
  team_id: optionalId,
  topic_id: optionalId,
  priority: z.enum(["", ...priorities]).default(""),
  skill: text(60).default(""),
});
/** Languages that a rule can ask for; what a contact's card says. */
const languages = ["es", "en", "pt", "fr", "it", "de"] as const;

/** How conversations find somebody: strategy, caps by behaviour, absence; and the rules, with a rehearsal on last week's. */
export const assignment: Router = Router();
assignment.use("/settings/assignment", requirePermission("configure"));

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

assignment.get("/settings/assignment/rules/new", (req, res) => rulePage(req, res, null, {}));

assignment.post("/settings/assignment/rules", (req, res) => save(req, res, null));

assignment.get("/settings/assignment/rules/:id", async (req, res) =>
  rulePage(req, res, await getRule(req.ctx, idParam(req.params)), {}),
);

assignment.post("/settings/assignment/rules/:id", (req, res) => save(req, res, idParam(req.params)));

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

assignment.post("/settings/assignment/rules/:id/removal", async (req, res) => {
  await deleteRule(req.ctx, idParam(req.params));
  redirect(res, "/settings/assignment#rules");
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
  { keywords, inboxIds, tagIds, languages: spoken, highValue, hours }: RuleConditions,
  choices: Awaited<ReturnType<typeof loadChoices>>,
): string {
  const t = translateFor(req.viewer.locale);
  const names = (all: { id: number; name: string }[], chosen: number[] | undefined) =>
    (chosen ?? []).map((id) => all.find((one) => one.id === id)?.name ?? "?").join(", ");
  const parts = [
    (keywords ?? []).map((word) => `«${word}»`).join(", "),
    names(choices.inboxes, inboxIds),
    names(choices.tags, tagIds),
    (spoken ?? []).join(", "),
    highValue ? t("sla.high_value") : "",
    hours ? t(`rules.hours_${hours}`) : "",
  ].filter(Boolean);
  return parts.length === 0 ? t("rules.always") : parts.join(" · ");
}

async function save(req: Request, res: Response, id: number | null): Promise<void> {
  try {
    const form = parseForm(ruleForm, req.body);
    const spoken = [form.language ?? []]
      .flat()
      .filter((one) => (languages as readonly string[]).includes(one));
    const conditions: RuleConditions = {
      keywords: form.keywords
        .split(/[\n,;]/)
        .map((word) => word.trim())
        .filter(Boolean),
      ...(form.inbox.length > 0 ? { inboxIds: form.inbox } : {}),
      ...(form.tag.length > 0 ? { tagIds: form.tag } : {}),
      ...(spoken.length > 0 ? { languages: spoken } : {}),
      ...(form.high_value ? { highValue: true } : {}),
      ...(form.hours ? { hours: form.hours } : {}),
    };
    const actions: RuleActions = {
      ...(form.team_id ? { teamId: form.team_id } : {}),
      ...(form.topic_id ? { topicId: form.topic_id } : {}),
      ...(form.priority ? { priority: form.priority } : {}),
      ...(form.skill.trim() ? { skill: form.skill.trim().toLowerCase() } : {}),
    };
    await saveRule(req.ctx, id, { name: form.name, conditions, actions });
    redirect(res, "/settings/assignment#rules");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const rule = id === null ? null : await getRule(req.ctx, id);
    await rulePage(req, res.status(422), rule, {
      form: typed(req.body),
      errors: errorWords(error, req.viewer),
    });
  }
}

async function rulePage(
  req: Request,
  res: Response,
  rule: Rule | null,
  given: { form?: Record<string, string>; errors?: Record<string, string> },
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const choices = await loadChoices(req);
  const { conditions = {}, actions = {} } = rule ?? {};
  const body = (req.body ?? {}) as Record<string, unknown>;
  const isSent = req.method === "POST";
  const sent = (field: string) => new Set([body[field] ?? []].flat().map(String));
  const ticked = (
    field: string,
    all: { id: number | string; name: string }[],
    stored: readonly (number | string)[] | undefined,
  ): Choice[] => {
    const wanted = isSent ? sent(field) : new Set((stored ?? []).map(String));
    return all.map(({ id, name }) => ({ value: String(id), name, isChosen: wanted.has(String(id)) }));
  };
  const one = (
    field: string,
    all: { id: number | string; name: string }[],
    stored: number | string | undefined,
  ) => ticked(field, all, stored === undefined ? [] : [stored]);
  const tongues = new Intl.DisplayNames(req.viewer.locale, { type: "language" });
  res.send(
    req.render("settings/assignment/rule", {
      title: rule?.name ?? t("rules.new"),
      rule: {
        id: rule?.id ?? null,
        name: given.form?.name ?? rule?.name ?? "",
        keywords: given.form?.keywords ?? (conditions.keywords ?? []).join(", "),
        skill: given.form?.skill ?? actions.skill ?? "",
        groups: [
          {
            field: "inbox",
            name: t("sla.by_inbox"),
            options: ticked("inbox", choices.inboxes, conditions.inboxIds),
          },
          { field: "tag", name: t("rules.by_tag"), options: ticked("tag", choices.tags, conditions.tagIds) },
          {
            field: "language",
            name: t("rules.by_language"),
            options: ticked(
              "language",
              languages.map((id) => ({ id, name: tongues.of(id) ?? id })),
              conditions.languages,
            ),
          },
          {
            field: "high_value",
            name: t("sla.by_value"),
            options: ticked(
              "high_value",
              [{ id: 1, name: t("sla.high_value") }],
              conditions.highValue ? [1] : [],
            ),
          },
        ].filter(({ options }) => options.length > 0),
        hours: one(
          "hours",
          [
            { id: "open", name: t("rules.hours_open") },
            { id: "closed", name: t("rules.hours_closed") },
          ],
          conditions.hours,
        ),
        teams: one("team_id", choices.teams, actions.teamId),
        topics: one("topic_id", choices.topics, actions.topicId),
        priorities: one(
          "priority",
          priorities.map((id) => ({ id, name: t(`priority.${id}`) })),
          actions.priority,
        ),
        errors: given.errors ?? {},
      },
    }),
  );
}
