import { Router } from "express";
import { z } from "zod";
import { openCase } from "../../services/cases/open-case.ts";
import { getCase, listCases } from "../../services/cases/queries.ts";
import { describeCase, reopenCase, resolveCase } from "../../services/cases/status.ts";
import { addStep, setStep } from "../../services/cases/steps.ts";
import { listTopics } from "../../services/cases/topics.ts";
import { getContact } from "../../services/contacts/queries.ts";
import { idParam } from "../validate.ts";
import { digits, parse } from "./asking.ts";
import { commandToken } from "./idempotency.ts";
import { presentCase, presentTopic } from "./present.ts";

const caseBody = z
  .strictObject({ title: z.string().max(400).default(""), topic_id: digits.nullable().default(null) })
  .refine(({ title, topic_id }) => title.trim() !== "" || topic_id !== null, {
    path: ["title"],
    message: "cases.title_length",
  });
const stateBody = z.strictObject({ state_note: z.string().max(1000) });
const solutionBody = z.strictObject({ solution: z.string().max(4000).default("") });
const stepBody = z.strictObject({ title: z.string().max(400) });
const doneBody = z.strictObject({ done: z.boolean() });

/** Cases and their topics, for programs. A customer has few: their list is one page, open ones first. */
export const casesApi: Router = Router();

casesApi.get("/api/v1/topics", async (req, res) => {
  res.json({ data: (await listTopics(req.ctx)).map(presentTopic), next_cursor: null });
});

casesApi.get("/api/v1/contacts/:id/cases", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  res.json({ data: (await listCases(req.ctx, id, 200)).map(presentCase), next_cursor: null });
});

casesApi.get("/api/v1/cases/:id", async (req, res) => {
  res.json(presentCase(await getCase(req.ctx, idParam(req.params))));
});

casesApi.post("/api/v1/conversations/:id/cases", async (req, res) => {
  const { title, topic_id } = parse(caseBody, req.body);
  const wanted = { title, topicId: topic_id, clientToken: commandToken(req) };
  res.status(201).json(presentCase(await openCase(req.ctx, idParam(req.params), wanted)));
});

casesApi.patch("/api/v1/cases/:id", async (req, res) => {
  const { state_note } = parse(stateBody, req.body);
  res.json(presentCase(await describeCase(req.ctx, idParam(req.params), state_note)));
});

casesApi.post("/api/v1/cases/:id/steps", async (req, res) => {
  const { title } = parse(stepBody, req.body);
  res.status(201).json(presentCase(await addStep(req.ctx, idParam(req.params), title)));
});

casesApi.put("/api/v1/cases/:id/steps/:step", async (req, res) => {
  const { done } = parse(doneBody, req.body);
  const id = idParam(req.params);
  res.json(presentCase(await setStep(req.ctx, id, idParam(req.params, "step"), done)));
});

casesApi.post("/api/v1/cases/:id/resolution", async (req, res) => {
  const { solution } = parse(solutionBody, req.body);
  res.json(presentCase(await resolveCase(req.ctx, idParam(req.params), solution)));
});

casesApi.delete("/api/v1/cases/:id/resolution", async (req, res) => {
  res.json(presentCase(await reopenCase(req.ctx, idParam(req.params))));
});
