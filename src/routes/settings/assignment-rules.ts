import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { Invalid } from "../../services/platform/errors.ts";
import { deleteRule, getRule, saveRule } from "../../services/routing/save-rule.ts";
import type { Rule, RuleActions, RuleConditions } from "../../services/routing/types.ts";
import { translateFor } from "../../views/i18n.ts";
import type { Choice } from "../../views/settings/views.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, ids, optionalId, parseForm, text, typed } from "../validate.ts";
import { loadChoices, priorities } from "./choices.ts";

const ruleForm = z.object({
  name: text(400),
  keywords: text(4000).default(""),
  inbox: ids,
  topic: ids,
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

/** One rule: when it holds, and what it decides. */
export const assignmentRules: Router = Router();
assignmentRules.use("/settings/assignment/rules", requirePermission("routing.manage"));

assignmentRules.get("/settings/assignment/rules/new", (req, res) => rulePage(req, res, null, {}));

assignmentRules.post("/settings/assignment/rules", (req, res) => save(req, res, null));

assignmentRules.get("/settings/assignment/rules/:id", async (req, res) =>
  rulePage(req, res, await getRule(req.ctx, idParam(req.params)), {}),
);

assignmentRules.post("/settings/assignment/rules/:id", (req, res) => save(req, res, idParam(req.params)));

assignmentRules.post("/settings/assignment/rules/:id/removal", async (req, res) => {
  await deleteRule(req.ctx, idParam(req.params));
  redirect(res, "/settings/assignment#rules");
});

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
      ...(form.topic.length > 0 ? { topicIds: form.topic } : {}),
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
          {
            field: "topic",
            name: t("sla.by_topic"),
            options: ticked("topic", choices.topics, conditions.topicIds),
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
