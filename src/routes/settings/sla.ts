import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listCalendars } from "../../services/business-hours/queries.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { parseDuration, writeDuration } from "../../services/sla/duration.ts";
import { previewMessage } from "../../services/sla/preview.ts";
import {
  archivePolicy,
  getPolicy,
  listPolicies,
  movePolicy,
  savePolicy,
} from "../../services/sla/save-policy.ts";
import { type Policy, type PolicyConditions, type Targets, targetNames } from "../../services/sla/types.ts";
import { exact } from "../../views/format.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { fragment, redirect } from "../respond.ts";
import { errorWords, idParam, ids, localTime, optionalId, parseForm, text, typed } from "../validate.ts";
import { loadChoices, priorities } from "./choices.ts";

const policyForm = z.object({
  name: text(400),
  business_hours_id: optionalId,
  inbox: ids,
  team: ids,
  topic: ids,
  tag: ids,
  priority: z
    .union([z.enum(priorities), z.array(z.enum(priorities)).max(4)])
    .optional()
    .transform((one) => (one ? [one].flat() : [])),
  high_value: z.literal("1").optional(),
  running: z.enum(["keep", "take"]).default("keep"),
  ...Object.fromEntries(
    targetNames
      .flatMap((name) => [`${name}_inside`, `${name}_outside`])
      .map((field) => [field, text(20).default("")]),
  ),
});

/** What is promised to whom: policies tried in their order, and what a message of any moment would be promised. */
export const sla: Router = Router();
sla.use("/settings/sla", requirePermission("sla.manage"));

sla.get("/settings/sla", (req, res) => index(req, res));

sla.get("/settings/sla/preview", async (req, res) => {
  const t = translateFor(req.viewer.locale);
  const at = localTime(String(req.query.at ?? ""), req.viewer);
  if (!at) return fragment(res, req.render("settings/sla/_preview", { lines: [] }));
  const preview = await previewMessage(
    req.ctx,
    {
      inboxId: null,
      teamId: optionalId.catch(null).parse(req.query.team),
      topicId: null,
      tagIds: [],
      priority: z.enum(priorities).catch("normal").parse(req.query.priority),
      highValue: false,
    },
    at,
  );
  const zone = { ...req.viewer, timeZone: preview.timeZone };
  const why = [
    t("sla.preview_policy", { name: preview.policy }),
    t(preview.isOpen ? "hours.is_open" : "hours.is_closed", { at: exact(at, zone) }),
    preview.exception ? t("hours.because_exception", { name: preview.exception }) : "",
    t("sla.preview_calendar", { name: preview.calendar, zone: preview.timeZone }),
  ];
  const dues = preview.dues.map(({ target, dueAt }) =>
    t("sla.preview_due", { target: t(`target.${target}`), at: exact(dueAt, zone) }),
  );
  fragment(res, req.render("settings/sla/_preview", { lines: [...dues, why.filter(Boolean).join(" ")] }));
});

sla.get("/settings/sla/new", (req, res) =>
  page(req, res, null, {
    form: { first_response_inside: "5 min", movement_inside: "10 min", reassignment_inside: "20 min" },
  }),
);

sla.post("/settings/sla", (req, res) => save(req, res, null));

sla.get("/settings/sla/:id", async (req, res) =>
  page(req, res, await getPolicy(req.ctx, idParam(req.params)), {}),
);

sla.post("/settings/sla/:id", (req, res) => save(req, res, idParam(req.params)));

sla.post("/settings/sla/:id/position", async (req, res) => {
  const { direction } = parseForm(z.object({ direction: z.enum(["up", "down"]) }), req.body);
  try {
    await movePolicy(req.ctx, idParam(req.params), direction);
    redirect(res, "/settings/sla");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await index(req, res.status(422), Object.values(errorWords(error, req.viewer)).join(" "));
  }
});

sla.post("/settings/sla/:id/archiving", async (req, res) => {
  await archivePolicy(req.ctx, idParam(req.params));
  redirect(res, "/settings/sla");
});

async function index(req: Request, res: Response, error = ""): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const [policies, choices] = await Promise.all([listPolicies(req.ctx), loadChoices(req)]);
  res.send(
    req.render("settings/sla/index", {
      title: t("sla.title"),
      error,
      policies: policies.map((policy, index) => ({
        id: policy.id,
        name: policy.name,
        isDefault: policy.isDefault,
        isFirst: index === 0,
        isLast: index >= policies.length - 2,
        applies: policy.isDefault ? t("sla.applies_rest") : describe(req, policy.conditions, choices),
        targets: targetNames.flatMap((name) => {
          const target = policy.targets[name];
          return target ? [`${t(`target.${name}`)} ${writeDuration(target.inside)}`] : [];
        }),
      })),
      priorities: priorities.map((value) => ({
        value,
        name: t(`priority.${value}`),
        isChosen: value === "normal",
      })),
      teams: choices.teams,
    }),
  );
}

interface Choices {
  inboxes: { id: number; name: string }[];
  teams: { id: number; name: string }[];
  topics: { id: number; name: string }[];
  tags: { id: number; name: string }[];
}

/** What must hold, in words. */
function describe(req: Request, conditions: PolicyConditions, choices: Choices): string {
  const t = translateFor(req.viewer.locale);
  const names = (all: { id: number; name: string }[], chosen: number[] | undefined) =>
    (chosen ?? []).map((id) => all.find((one) => one.id === id)?.name ?? "?").join(", ");
  return [
    names(choices.inboxes, conditions.inboxIds),
    names(choices.teams, conditions.teamIds),
    names(choices.topics, conditions.topicIds),
    names(choices.tags, conditions.tagIds),
    (conditions.priorities ?? []).map((one) => t(`priority.${one}`)).join(", "),
    conditions.highValue ? t("sla.high_value") : "",
  ]
    .filter(Boolean)
    .join(" · ");
}

async function save(req: Request, res: Response, id: number | null): Promise<void> {
  try {
    const form = parseForm(policyForm, req.body);
    const conditions: PolicyConditions = {
      ...(form.inbox.length > 0 ? { inboxIds: form.inbox } : {}),
      ...(form.team.length > 0 ? { teamIds: form.team } : {}),
      ...(form.topic.length > 0 ? { topicIds: form.topic } : {}),
      ...(form.tag.length > 0 ? { tagIds: form.tag } : {}),
      ...(form.priority.length > 0 ? { priorities: form.priority } : {}),
      ...(form.high_value ? { highValue: true } : {}),
    };
    const targets = readTargets(form as unknown as Record<string, string>);
    const { name, business_hours_id: businessHoursId, running } = form;
    await savePolicy(
      req.ctx,
      id,
      { name, conditions, targets, businessHoursId },
      { recounted: running === "take" },
    );
    redirect(res, "/settings/sla");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const policy = id === null ? null : await getPolicy(req.ctx, id);
    await page(req, res.status(422), policy, {
      form: typed(req.body),
      errors: errorWords(error, req.viewer),
    });
  }
}

function readTargets(form: Record<string, string>): Targets {
  const read = (field: string): number | null => {
    const written = form[field]?.trim() ?? "";
    if (written === "") return null;
    const seconds = parseDuration(written);
    if (seconds === null) throw new Invalid({ [field.replace(/_(inside|outside)$/, "")]: "sla.duration" });
    return seconds;
  };
  const entries = targetNames.map((name) => {
    const inside = read(`${name}_inside`);
    const outside = read(`${name}_outside`);
    if (inside === null && outside !== null) throw new Invalid({ [name]: "sla.only_outside" });
    return [name, inside === null ? null : { inside, outside }];
  });
  return Object.fromEntries(entries) as Targets;
}

async function page(
  req: Request,
  res: Response,
  policy: Policy | null,
  given: { form?: Record<string, string>; errors?: Record<string, string> },
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const [choices, calendars] = await Promise.all([loadChoices(req), listCalendars(req.ctx)]);
  const body = (req.body ?? {}) as Record<string, unknown>;
  const sent = (field: string) => [body[field] ?? []].flat().map(String);
  const isSent = req.method === "POST";
  const chosen = (field: string, stored: readonly (number | string)[] | undefined) => {
    const wanted = new Set(isSent ? sent(field) : (stored ?? []).map(String));
    return (value: number | string) => wanted.has(String(value));
  };
  const mark = (field: string, all: { id: number; name: string }[], stored: number[] | undefined) => {
    const isChosen = chosen(field, stored);
    return {
      field,
      name: t(`sla.by_${field}`),
      options: all.map(({ id, name }) => ({ value: String(id), name, isChosen: isChosen(id) })),
    };
  };
  const conditions = policy?.conditions ?? {};
  const isPriority = chosen("priority", conditions.priorities);
  const groups = [
    {
      field: "priority",
      name: t("sla.by_priority"),
      options: priorities.map((value) => ({
        value,
        name: t(`priority.${value}`),
        isChosen: isPriority(value),
      })),
    },
    mark("inbox", choices.inboxes, conditions.inboxIds),
    mark("team", choices.teams, conditions.teamIds),
    mark("topic", choices.topics, conditions.topicIds),
    mark("tag", choices.tags, conditions.tagIds),
    {
      field: "high_value",
      name: t("sla.by_value"),
      options: [
        {
          value: "1",
          name: t("sla.high_value"),
          isChosen: isSent ? body.high_value === "1" : conditions.highValue === true,
        },
      ],
    },
  ];
  const stored = (name: (typeof targetNames)[number], side: "inside" | "outside") => {
    const seconds = policy?.targets[name]?.[side];
    return typeof seconds === "number" ? writeDuration(seconds) : "";
  };
  res.send(
    req.render("settings/sla/show", {
      title: policy?.name ?? t("sla.new"),
      policy: {
        id: policy?.id ?? null,
        isDefault: policy?.isDefault ?? false,
        name: given.form?.name ?? policy?.name ?? "",
        groups: groups.filter(({ options }) => options.length > 0),
        calendars: calendars.map(({ id, name }) => ({
          id,
          name,
          isChosen: String(id) === (given.form?.business_hours_id ?? String(policy?.businessHoursId ?? "")),
        })),
        targets: targetNames.map((name) => ({
          name,
          label: t(`sla.target_${name}`),
          inside: given.form ? (given.form[`${name}_inside`] ?? "") : stored(name, "inside"),
          outside: given.form ? (given.form[`${name}_outside`] ?? "") : stored(name, "outside"),
          error: given.errors?.[name] ?? "",
        })),
        takesNow: given.form?.running === "take",
        errors: given.errors ?? {},
      },
    }),
  );
}
