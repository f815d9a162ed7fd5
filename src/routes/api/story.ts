import { Router } from "express";
import { z } from "zod";
import { promiseTo, settleCommitment } from "../../services/commitments/commitments.ts";
import { getContact } from "../../services/contacts/queries.ts";
import { listFields } from "../../services/fields/queries.ts";
import { addInteraction, addInteractions } from "../../services/interactions/interactions.ts";
import { interactionKinds } from "../../services/interactions/types.ts";
import { listRecords, listRecordTypes } from "../../services/records/queries.ts";
import { saveRecord } from "../../services/records/save-record.ts";
import { getStory } from "../../services/story/story.ts";
import { listTimeline, readCursor, timelineKinds, writeCursor } from "../../services/story/timeline.ts";
import { idParam } from "../validate.ts";
import { digits, parse } from "./asking.ts";
import { commandToken } from "./idempotency.ts";
import * as shape from "./present.ts";

const interactionBody = z.strictObject({
  kind: z.enum(interactionKinds),
  at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  seconds: z.number().int().min(0).max(604_800).nullable().optional(),
  summary: z.string().max(2000).optional(),
  url: z.string().max(500).optional(),
  participants: z.string().max(500).optional(),
  agreements: z.string().max(2000).optional(),
  next_step: z.string().max(300).optional(),
  next_step_due_on: z.string().max(10).nullable().optional(),
  external_id: z.string().min(1).max(120).nullable().optional(),
});
/** Enough for a day of a shop's pages, and well below the size of a body. */
const mostInteractions = 1000;
const manyBody = z.strictObject({
  interactions: z
    .array(interactionBody.extend({ contact_id: digits }))
    .min(1)
    .max(mostInteractions),
});
const recordBody = z.strictObject({ values: z.record(z.string().max(80), z.unknown()) });
const commitmentBody = z.strictObject({
  text: z.string().max(1000),
  due_on: z.string().max(10).nullable().default(null),
});
const doneBody = z.strictObject({ done: z.boolean() });
const timelineQuery = z.object({
  kinds: z.string().max(200).default(""),
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z
    .string()
    .regex(/^-?\d{1,17}-[a-z]+-\d{1,15}$/)
    .optional(),
});

/** What happened with a customer, for programs: the timeline, and what they add to it. */
export const storyApi: Router = Router();

storyApi.get("/api/v1/fields", async (req, res) => {
  res.json({ data: (await listFields(req.ctx, null)).map(shape.presentField), next_cursor: null });
});

storyApi.get("/api/v1/record-types", async (req, res) => {
  res.json({ data: (await listRecordTypes(req.ctx)).map(shape.presentRecordType), next_cursor: null });
});

storyApi.get("/api/v1/contacts/:id/records", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  res.json({ data: (await listRecords(req.ctx, id, 200)).map(shape.presentRecord), next_cursor: null });
});

storyApi.put("/api/v1/contacts/:id/records/:type/:external_id", async (req, res) => {
  const { values } = parse(recordBody, req.body);
  const record = await saveRecord(
    req.ctx,
    idParam(req.params),
    idParam(req.params, "type"),
    req.params.external_id,
    values,
  );
  res.json(shape.presentRecord(record));
});

storyApi.post("/api/v1/contacts/:id/interactions", async (req, res) => {
  const body = parse(interactionBody, req.body);
  const { next_step, next_step_due_on, external_id, ...rest } = body;
  const made = await addInteraction(req.ctx, idParam(req.params), {
    ...rest,
    nextStep: next_step,
    nextStepDueOn: next_step_due_on,
    externalId: external_id,
    clientToken: commandToken(req),
  });
  res.status(201).json(shape.presentInteraction(made));
});

storyApi.post("/api/v1/interactions", async (req, res) => {
  const { interactions } = parse(manyBody, req.body);
  const ids = await addInteractions(
    req.ctx,
    interactions.map(({ contact_id, next_step, external_id, next_step_due_on: _due, ...rest }) => ({
      ...rest,
      contactId: contact_id,
      nextStep: next_step,
      externalId: external_id,
    })),
  );
  res.status(201).json({ data: ids.map((id) => ({ id: String(id) })), next_cursor: null });
});

storyApi.get("/api/v1/contacts/:id/commitments", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  const { commitments } = await getStory(req.ctx, id);
  res.json({ data: commitments.map(shape.presentCommitment), next_cursor: null });
});

storyApi.post("/api/v1/contacts/:id/commitments", async (req, res) => {
  const { text, due_on } = parse(commitmentBody, req.body);
  const id = await promiseTo(req.ctx, idParam(req.params), { text, dueOn: due_on });
  res.status(201).json({ id: String(id), text: text.trim(), due_on, done: false });
});

storyApi.put("/api/v1/commitments/:id", async (req, res) => {
  const { done } = parse(doneBody, req.body);
  const id = idParam(req.params);
  await settleCommitment(req.ctx, id, done);
  res.json({ id: String(id), done });
});

storyApi.get("/api/v1/contacts/:id/timeline", async (req, res) => {
  const { id } = await getContact(req.ctx, idParam(req.params));
  const { kinds, limit, cursor } = parse(timelineQuery, req.query);
  const wanted = timelineKinds.filter((kind) => kinds.split(",").includes(kind));
  const found = await listTimeline(req.ctx, id, {
    kinds: wanted,
    before: readCursor(cursor),
    limit: limit + 1,
  });
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  res.json({
    data: shown.map(shape.presentTimelineEntry),
    next_cursor: found.length > limit && last ? writeCursor(last) : null,
  });
});
