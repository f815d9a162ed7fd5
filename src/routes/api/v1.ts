import express, { Router } from "express";
import { z } from "zod";
import { listAuditEvents } from "../../services/audit/queries.ts";
import { resolveConversation } from "../../services/automation/resolve-conversation.ts";
import { listInboundEvents, replayInboundEvent } from "../../services/channels/inbound-events.ts";
import { wrapUp } from "../../services/commitments/wrap-up.ts";
import { savePurchase } from "../../services/contacts/purchases.ts";
import { getContact, listContacts } from "../../services/contacts/queries.ts";
import { type ContactFields, createContact, updateContact } from "../../services/contacts/save-contact.ts";
import { assign } from "../../services/conversations/assign.ts";
import { listMessagesAfter } from "../../services/conversations/messages.ts";
import { getConversation, listConversations } from "../../services/conversations/queries.ts";
import { reply } from "../../services/conversations/reply.ts";
import { reopen } from "../../services/conversations/status.ts";
import { connectWhatsApp } from "../../services/inboxes/connect.ts";
import { listInboxes } from "../../services/inboxes/queries.ts";
import { NotFound } from "../../services/platform/errors.ts";
import { perAgent } from "../limits.ts";
import { idParam } from "../validate.ts";
import { digits, list, pageOf, parse } from "./asking.ts";
import { authorize } from "./authorize.ts";
import { casesApi } from "./cases.ts";
import { commandToken, idempotency } from "./idempotency.ts";
import { mergesApi } from "./merges.ts";
import * as shape from "./present.ts";
import { storyApi } from "./story.ts";
import { workApi } from "./work.ts";

const inboxBody = z.strictObject({
  channel: z.literal("whatsapp"),
  name: z.string().trim().min(1).max(80),
  whatsapp: z.strictObject({
    phone_number_id: z.string().trim().min(1).max(40),
    business_account_id: z.string().trim().min(1).max(40),
    access_token: z.string().trim().min(1).max(1000),
    app_secret: z.string().trim().min(1).max(200),
    verify_token: z.string().trim().min(1).max(200),
  }),
});
const contactBody = z.strictObject({
  name: z.string().max(200).optional(),
  company: z.string().max(160).optional(),
  job_title: z.string().max(120).optional(),
  email: z.union([z.literal(""), z.email("agents.email_invalid").max(254)]).optional(),
  phone: z.string().max(40).optional(),
  language: z.string().max(20).optional(),
  location: z.string().max(160).optional(),
  preferred_channel: z.string().max(60).optional(),
  preferred_hours: z.string().max(120).optional(),
  do_not_call: z.boolean().optional(),
  do_not_contact: z.boolean().optional(),
  tags: z.array(z.string().min(1).max(60)).max(50).optional(),
  custom: z.record(z.string().max(80), z.unknown()).optional(),
});
const conversationQuery = z.object({
  status: z.enum(["open", "pending", "snoozed", "resolved"]).optional(),
  assignee_id: digits.optional(),
  contact_id: digits.optional(),
  inbox_id: digits.optional(),
});
const contactQuery = z.object({
  q: z.string().max(100).optional(),
  phone: z.string().max(40).optional(),
  email: z.string().max(254).optional(),
});
const messageBody = z.strictObject({
  text: z.string().max(20_000),
  inbox_id: digits.optional(),
  reply_to_id: digits.optional(),
});
const noteBody = z.strictObject({
  text: z.string().max(20_000).default(""),
  wrap_up: z
    .strictObject({
      problem: z.string().max(2000).default(""),
      action: z.string().max(2000).default(""),
      next_step: z.string().max(300).default(""),
      due_on: z.string().max(10).nullable().default(null),
    })
    .optional(),
});
const resolutionBody = z
  .strictObject({ topic_id: digits.nullable(), summary: z.string().max(5000), quiet: z.boolean() })
  .partial();
const assignmentBody = z.strictObject({
  agent_id: digits.nullable().optional(),
  team_id: digits.nullable().optional(),
  note: z.string().max(10_000).optional(),
});
const purchaseBody = z.strictObject({
  number: z.string().max(80).optional(),
  placed_at: z.iso.datetime({ offset: true }).optional(),
  amount: z.number().min(-1e11).max(1e11).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .optional(),
  status: z.string().max(60).optional(),
  tracking_url: z.union([z.literal(""), z.url({ protocol: /^https?$/ }).max(500)]).optional(),
  delivery_window: z.string().max(120).optional(),
  returned_at: z.iso.datetime({ offset: true }).nullable().optional(),
  items: z
    .array(
      z.strictObject({
        name: z.string().max(200),
        quantity: z.number().optional(),
        amount: z.number().optional(),
      }),
    )
    .max(200)
    .optional(),
});

/** The REST API: the same services as the pages, other answers. */
export const apiV1: Router = Router();
const api = apiV1;
/** Fifty a second for a minute: a shop that sends its whole day at once, and no flood. */
const perToken = perAgent(3000, 60, ({ res }) => String(res?.locals.tokenId));
api.use("/api/v1", express.json({ limit: "1mb" }), authorize, perToken, idempotency);

api.get("/api/v1/inboxes", async (req, res) => {
  res.json({ data: (await listInboxes(req.ctx)).map(shape.presentInbox), next_cursor: null });
});

api.post("/api/v1/inboxes", async (req, res) => {
  const { name, whatsapp } = parse(inboxBody, req.body);
  const inbox = await connectWhatsApp(req.ctx, {
    name,
    phoneNumberId: whatsapp.phone_number_id,
    businessAccountId: whatsapp.business_account_id,
    accessToken: whatsapp.access_token,
    appSecret: whatsapp.app_secret,
    verifyToken: whatsapp.verify_token,
  });
  res.status(201).json(shape.presentInbox(inbox));
});

api.get("/api/v1/contacts", async (req, res) => {
  const { limit, before } = pageOf(req);
  const { q, phone, email } = parse(contactQuery, req.query);
  const found = await listContacts(req.ctx, { search: q, phone, email }, { before, limit: limit + 1 });
  res.json(list(found, limit, shape.presentContact));
});

api.get("/api/v1/contacts/:id", async (req, res) => {
  res.json(shape.presentContact(await getContact(req.ctx, idParam(req.params))));
});

api.post("/api/v1/contacts", async (req, res) => {
  const contact = await createContact(req.ctx, contactFields(req.body), commandToken(req));
  res.status(201).json(shape.presentContact(contact));
});

api.patch("/api/v1/contacts/:id", async (req, res) => {
  res.json(shape.presentContact(await updateContact(req.ctx, idParam(req.params), contactFields(req.body))));
});

api.put("/api/v1/contacts/:id/purchases/:external_id", async (req, res) => {
  const body = parse(purchaseBody, req.body);
  const { external_id } = req.params;
  if (external_id.length > 120) throw new NotFound();
  const purchase = await savePurchase(req.ctx, idParam(req.params), external_id, {
    ...body,
    placedAt: body.placed_at,
    trackingUrl: body.tracking_url,
    deliveryWindow: body.delivery_window,
    returnedAt: body.returned_at,
  });
  res.json(shape.presentPurchase(purchase));
});

api.use(casesApi, mergesApi, storyApi, workApi);

api.get("/api/v1/conversations", async (req, res) => {
  const { limit, before } = pageOf(req);
  const asked = parse(conversationQuery, req.query);
  const filter = {
    status: asked.status,
    assigneeId: asked.assignee_id,
    contactId: asked.contact_id,
    inboxId: asked.inbox_id,
  };
  const found = await listConversations(req.ctx, filter, { before, limit: limit + 1 });
  res.json(list(found, limit, shape.presentConversation));
});

api.get("/api/v1/conversations/:id", async (req, res) => {
  res.json(shape.presentConversation(await getConversation(req.ctx, idParam(req.params))));
});

api.get("/api/v1/conversations/:id/messages", async (req, res) => {
  const { limit, before: after } = pageOf(req);
  const { id } = await getConversation(req.ctx, idParam(req.params));
  const found = await listMessagesAfter(req.ctx, id, { after, limit: limit + 1 });
  res.json(list(found, limit, shape.presentMessage));
});

api.post("/api/v1/conversations/:id/messages", async (req, res) => {
  const { text, inbox_id, reply_to_id } = parse(messageBody, req.body);
  const message = await reply(req.ctx, idParam(req.params), {
    text,
    inboxId: inbox_id,
    replyToId: reply_to_id,
    clientToken: commandToken(req),
  });
  res.status(201).json(shape.presentMessage(message));
});

api.post("/api/v1/conversations/:id/notes", async (req, res) => {
  const { text, wrap_up } = parse(noteBody, req.body);
  const note = await wrapUp(req.ctx, idParam(req.params), {
    text,
    wrapUp: wrap_up
      ? {
          problem: wrap_up.problem,
          action: wrap_up.action,
          nextStep: wrap_up.next_step,
          dueOn: wrap_up.due_on,
        }
      : null,
    clientToken: commandToken(req),
  });
  res.status(201).json(shape.presentNote(note));
});

api.put("/api/v1/conversations/:id/assignment", async (req, res) => {
  const { agent_id, team_id, note } = parse(assignmentBody, req.body);
  const to = { agentId: agent_id, teamId: team_id, note };
  const conversation = await assign(req.ctx, idParam(req.params), to);
  res.json(shape.presentConversation(conversation));
});

api.post("/api/v1/conversations/:id/resolution", async (req, res) => {
  const { topic_id, summary, quiet } = parse(resolutionBody, req.body ?? {});
  const resolution = { topicId: topic_id, summary, isQuiet: quiet };
  res.json(shape.presentConversation(await resolveConversation(req.ctx, idParam(req.params), resolution)));
});

api.delete("/api/v1/conversations/:id/resolution", async (req, res) => {
  res.json(shape.presentConversation(await reopen(req.ctx, idParam(req.params))));
});

api.get("/api/v1/inbound-events", async (req, res) => {
  const { limit, before } = pageOf(req);
  const { state } = parse(
    z.object({ state: z.enum(["received", "done", "quarantined"]).default("quarantined") }),
    req.query,
  );
  const found = await listInboundEvents(req.ctx, { state, before, limit: limit + 1 });
  res.json(list(found, limit, shape.presentInboundEvent));
});

api.post("/api/v1/inbound-events/:id/replay", async (req, res) => {
  res.json(shape.presentInboundEvent(await replayInboundEvent(req.ctx, idParam(req.params))));
});

api.get("/api/v1/audit-events", async (req, res) => {
  const { limit, before } = pageOf(req);
  const found = await listAuditEvents(req.ctx, { before, limit: limit + 1 });
  res.json(list(found, limit, shape.presentAuditEvent));
});

function contactFields(body: unknown): ContactFields {
  const { job_title, preferred_channel, preferred_hours, do_not_call, do_not_contact, ...fields } = parse(
    contactBody,
    body,
  );
  return {
    ...fields,
    jobTitle: job_title,
    preferredChannel: preferred_channel,
    preferredHours: preferred_hours,
    doNotCall: do_not_call,
    doNotContact: do_not_contact,
  };
}
