import { randomBytes } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listTeams } from "../../services/agents/queries.ts";
import { checkInbox } from "../../services/channels/whatsapp/check.ts";
import { connectWhatsApp, disconnectInbox, updateInbox } from "../../services/inboxes/connect.ts";
import { findVerifyToken, getInbox, type Inbox, listInboxes } from "../../services/inboxes/queries.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { dayAndClock } from "../../views/format.ts";
import { translateFor } from "../../views/i18n.ts";
import type { InboxView } from "../../views/settings/views.ts";
import { requirePermission } from "../guards.ts";
import { fragment, ownUrl, redirect } from "../respond.ts";
import { given } from "../set-up.ts";
import { fieldErrors, idParam, optionalId } from "../validate.ts";

const required = (most: number) => z.string().trim().min(1).max(most);
const newInboxForm = z.object({
  name: required(80),
  phoneNumberId: required(40).regex(/^[\w-]+$/),
  businessAccountId: required(40).regex(/^[\w-]+$/),
  accessToken: required(1000),
  appSecret: required(200),
  verifyToken: required(200),
});
const inboxForm = z.object({
  name: required(80),
  accessToken: z.string().trim().max(1000).default(""),
  appSecret: z.string().trim().max(200).default(""),
  verifyToken: z.string().trim().max(200).default(""),
  teamId: optionalId,
  isolated: z.literal("1").optional(),
});

/** The firm's addresses: connecting them, and how they are. */
export const inboxes: Router = Router();
inboxes.use("/settings/inboxes", requirePermission("inboxes.manage"));

inboxes.get("/settings/inboxes", async (req, res) => {
  const title = translateFor(req.viewer.locale)("settings.inboxes");
  const all = await listInboxes(req.ctx);
  res.send(req.render("settings/inboxes/index", { title, inboxes: all.map((inbox) => present(req, inbox)) }));
});

inboxes.get("/settings/inboxes/new", (req, res) => {
  newPage(req, res, { verifyToken: randomBytes(18).toString("base64url") }, {});
});

inboxes.post("/settings/inboxes", async (req, res) => {
  const form = newInboxForm.safeParse(req.body);
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    const inbox = await connectWhatsApp(req.ctx, form.data);
    redirect(res, `/settings/inboxes/${inbox.id}?check=1`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const { phone_number_id, ...others } = error.fields;
    const fields = phone_number_id ? { ...others, phoneNumberId: phone_number_id } : others;
    const verifyToken = form.success ? form.data.verifyToken : randomBytes(18).toString("base64url");
    newPage(req, res.status(422), { ...given(req.body), verifyToken }, fields);
  }
});

inboxes.get("/settings/inboxes/:id", async (req, res) => {
  const inbox = await getInbox(req.ctx, idParam(req.params));
  await showPage(req, res, inbox, { name: inbox.name }, {});
});

inboxes.post("/settings/inboxes/:id", async (req, res) => {
  const id = idParam(req.params);
  const inbox = await getInbox(req.ctx, id);
  const form = inboxForm.safeParse(req.body);
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    await updateInbox(req.ctx, id, { ...form.data, isolated: form.data.isolated === "1" });
    redirect(res, `/settings/inboxes/${id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await showPage(req, res.status(422), inbox, given(req.body), error.fields);
  }
});

inboxes.post("/settings/inboxes/:id/check", async (req, res) => {
  const inbox = await getInbox(req.ctx, idParam(req.params));
  const steps = await checkInbox(req.ctx, inbox.id);
  if (!req.isFragment) return redirect(res, `/settings/inboxes/${inbox.id}`);
  const t = translateFor(req.viewer.locale);
  fragment(
    res,
    req.render("settings/inboxes/_check", {
      steps: steps.map(({ ok, key, values }) => ({ ok, text: t(key, values) })),
    }),
  );
});

inboxes.post("/settings/inboxes/:id/disconnection", async (req, res) => {
  await disconnectInbox(req.ctx, idParam(req.params));
  redirect(res, "/settings/inboxes");
});

/** Where Meta delivers: the public address when it is configured, else where this page was asked for. */
export function callbackUrl(req: Request): string {
  return `${ownUrl(req)}/webhooks/whatsapp`;
}

function newPage(
  req: Request,
  res: Response,
  form: Record<string, string>,
  errors: Record<string, string>,
): void {
  const t = translateFor(req.viewer.locale);
  const url = callbackUrl(req);
  res.send(
    req.render("settings/inboxes/new", {
      title: t("inboxes.connect_whatsapp"),
      form,
      errors: Object.fromEntries(Object.entries(errors).map(([field, key]) => [field, t(key)])),
      callbackUrl: url,
      verifyToken: form.verifyToken ?? "",
      isPublic: url.startsWith("https://"),
    }),
  );
}

async function showPage(
  req: Request,
  res: Response,
  inbox: Inbox,
  form: Record<string, string>,
  errors: Record<string, string>,
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  res.send(
    req.render("settings/inboxes/show", {
      title: inbox.name,
      inbox: present(req, inbox),
      callbackUrl: callbackUrl(req),
      verifyToken: await findVerifyToken(req.ctx, req.ctx.secrets, inbox.id),
      checksAtOnce: req.query.check === "1",
      form,
      errors: Object.fromEntries(Object.entries(errors).map(([field, key]) => [field, t(key)])),
      teams: await listTeams(req.ctx),
    }),
  );
}

function present(req: Request, inbox: Inbox): InboxView {
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  return {
    ...inbox,
    stateName: t(`inbox_state.${inbox.state}`),
    stateAdvice: t(`inbox_state_more.${inbox.state}`),
    lastWebhook: inbox.lastWebhookAt && dayAndClock(inbox.lastWebhookAt, viewer.now, viewer),
    lastErrorWhen: inbox.lastErrorAt && dayAndClock(inbox.lastErrorAt, viewer.now, viewer),
  };
}
