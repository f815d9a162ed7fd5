import { type Request, Router } from "express";
import { z } from "zod";
import { setAvailability } from "../../services/agents/availability.ts";
import { getAgent, listAgents } from "../../services/agents/queries.ts";
import { changeCompany, getCompany, listCompanies } from "../../services/contacts/companies.ts";
import { classify } from "../../services/conversations/classify.ts";
import { NotFound } from "../../services/platform/errors.ts";
import { listWholeTeams } from "../../services/routing/save-team.ts";
import { idParam } from "../validate.ts";
import { digits, parse } from "./asking.ts";
import { presentConversation } from "./present.ts";
import * as shape from "./present-work.ts";

const availabilityBody = z.strictObject({
  availability: z.enum(["online", "away", "offline"]),
  reason: z.string().max(120).optional(),
  back_at: z.iso.datetime({ offset: true }).nullable().optional(),
});
const classificationBody = z.strictObject({
  outcome: z.enum(["won", "lost"]).nullable().optional(),
  priority: z.enum(["low", "normal", "high", "urgent"]).optional(),
  topic_id: digits.nullable().optional(),
});
const companyBody = z.strictObject({
  name: z.string().max(400).optional(),
  industry: z.string().max(400).optional(),
  size: z.string().max(400).optional(),
});
const companyQuery = z.object({ q: z.string().max(100).default("") });

/** Who works and how: agents, their availability, teams; what a conversation is about; companies. */
export const workApi: Router = Router();

workApi.get("/api/v1/agents", async (req, res) => {
  const all = await listAgents(req.ctx);
  res.json({ data: all.map(shape.presentAgent), next_cursor: null });
});

workApi.get("/api/v1/agents/me", async (req, res) => {
  res.json(shape.presentAgent(await getAgent(req.ctx, ownId(req))));
});

/** One speaks for oneself. */
workApi.put("/api/v1/agents/me/availability", async (req, res) => {
  const { availability, reason, back_at } = parse(availabilityBody, req.body);
  await setAvailability(req.ctx, availability, { reason, backAt: back_at ? new Date(back_at) : null });
  res.json(shape.presentAgent(await getAgent(req.ctx, ownId(req))));
});

workApi.get("/api/v1/teams", async (req, res) => {
  const all = await listWholeTeams(req.ctx);
  res.json({ data: all.map(shape.presentTeam), next_cursor: null });
});

workApi.patch("/api/v1/conversations/:id", async (req, res) => {
  const { priority, topic_id: topicId, outcome } = parse(classificationBody, req.body);
  const conversation = await classify(req.ctx, idParam(req.params), { priority, topicId, outcome });
  res.json(presentConversation(conversation));
});

workApi.get("/api/v1/companies", async (req, res) => {
  const { q } = parse(companyQuery, req.query);
  const limit = 200;
  const found = await listCompanies(req.ctx, { search: q, after: null, limit });
  res.json({ data: found.map(shape.presentCompany), next_cursor: null });
});

workApi.patch("/api/v1/companies/:id", async (req, res) => {
  const id = idParam(req.params);
  const { name, industry, size } = parse(companyBody, req.body);
  const before = await getCompany(req.ctx, id);
  const kept = await changeCompany(req.ctx, id, {
    name: name ?? before.name,
    industry: industry ?? before.industry,
    size: size ?? before.size,
  });
  res.json(shape.presentCompany(await getCompany(req.ctx, kept)));
});

function ownId({ ctx }: Request): number {
  if (ctx.actor.kind !== "agent") throw new NotFound();
  return ctx.actor.id;
}
