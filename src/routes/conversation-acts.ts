import { Router } from "express";
import { z } from "zod";
import { resolveConversation } from "../services/automation/resolve-conversation.ts";
import { assign } from "../services/conversations/assign.ts";
import { classify } from "../services/conversations/classify.ts";
import { getConversation } from "../services/conversations/queries.ts";
import { findVisible } from "../services/conversations/seen.ts";
import { reopen, setPending, snooze } from "../services/conversations/status.ts";
import { tagConversation, untagConversation } from "../services/conversations/tags.ts";
import { Invalid } from "../services/platform/errors.ts";
import { contactName } from "../views/conversations/present.ts";
import { fragment, leave, redirect } from "./respond.ts";
import { idParam, optionalId } from "./validate.ts";
import { renderHead, snoozeTime } from "./workspace.ts";

const one = z.string();
const assignmentForm = z.object({
  agent_id: optionalId,
  team_id: optionalId,
  note: one.max(10_000).default(""),
  was: one.max(20).optional(),
});
const classificationForm = z.object({
  topic_id: optionalId,
  priority: z.enum(["low", "normal", "high", "urgent"]).optional(),
  outcome: z
    .enum(["", "won", "lost"])
    .optional()
    .transform((value) => (value === "" ? null : value)),
});
const resolutionForm = z.object({
  topic_id: optionalId,
  summary: one.max(5000).default(""),
  quiet: z.literal("1").optional(),
});
const snoozeForm = z.object({ preset: one.max(20).default("at"), until: one.max(40).default("") });
const tagForm = z.object({ name: one.min(1, "tags.length").max(60, "tags.length") });

/** What is done to a conversation beside answering: whose it is, when it comes back, whether it is over, its tags. */
export const conversationActs: Router = Router();
const acts = conversationActs;

acts.post("/conversations/:id/assignment", async (req, res) => {
  const { agent_id, team_id, note, was } = assignmentForm.parse(req.body ?? {});
  const conversation = await assign(req.ctx, idParam(req.params), {
    // A team's agents get it in their turn.
    ...(team_id === null ? { agentId: agent_id } : { agentId: null, teamId: team_id }),
    note,
    wasAgentId: was === undefined ? undefined : optionalId.parse(was),
  });
  // Who sees only what is theirs has given it out of sight.
  if ((await findVisible(req.ctx, [conversation.id])).length === 0) return leave(req, res, "/inbox");
  if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
  fragment(res, await renderHead(req, conversation));
});

acts.post("/conversations/:id/classification", async (req, res) => {
  const { topic_id: topicId, priority, outcome } = classificationForm.parse(req.body ?? {});
  const conversation = await classify(req.ctx, idParam(req.params), { topicId, priority, outcome });
  if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
  fragment(res, await renderHead(req, conversation));
});

acts.post("/conversations/:id/snooze", async (req, res) => {
  const { preset, until } = snoozeForm.parse(req.body ?? {});
  const id = idParam(req.params);
  const time = preset === "pending" ? null : snoozeTime(preset, until, req.viewer);
  if (preset !== "pending" && !time) throw new Invalid({ until: "conversation.snooze_time" });
  const conversation = time ? await snooze(req.ctx, id, time) : await setPending(req.ctx, id);
  if (!req.isFragment) return redirect(res, `/conversations/${id}`);
  fragment(res, await renderHead(req, conversation));
});

acts.post("/conversations/:id/resolution", async (req, res) => {
  const { topic_id, summary, quiet } = resolutionForm.parse(req.body ?? {});
  const conversation = await resolveConversation(req.ctx, idParam(req.params), {
    topicId: topic_id,
    summary,
    isQuiet: quiet === "1",
  });
  if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
  const name = contactName(conversation, req.viewer);
  fragment(res, req.render("conversations/_resolved", { id: conversation.id, name }));
});

acts.delete("/conversations/:id/resolution", async (req, res) => {
  const conversation = await reopen(req.ctx, idParam(req.params));
  leave(req, res, `/conversations/${conversation.id}`);
});

acts.post("/conversations/:id/reopening", async (req, res) => {
  const conversation = await reopen(req.ctx, idParam(req.params));
  redirect(res, `/conversations/${conversation.id}`);
});

acts.post("/conversations/:id/tags", async (req, res) => {
  const form = tagForm.safeParse(req.body);
  if (!form.success) throw new Invalid({ name: "tags.length" });
  const id = idParam(req.params);
  await tagConversation(req.ctx, id, form.data.name);
  if (!req.isFragment) return redirect(res, `/conversations/${id}`);
  fragment(res, await renderHead(req, await getConversation(req.ctx, id)));
});

acts.post("/conversations/:id/tags/remove", async (req, res) => {
  const form = tagForm.safeParse(req.body);
  if (!form.success) throw new Invalid({ name: "tags.length" });
  const id = idParam(req.params);
  await untagConversation(req.ctx, id, form.data.name);
  if (!req.isFragment) return redirect(res, `/conversations/${id}`);
  fragment(res, await renderHead(req, await getConversation(req.ctx, id)));
});
