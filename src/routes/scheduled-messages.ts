import { type Request, Router } from "express";
import { z } from "zod";
import { getDrafts, saveDraft } from "../services/conversations/drafts.ts";
import { getConversation } from "../services/conversations/queries.ts";
import {
  listScheduled,
  scheduleMessage,
  takeBackScheduled,
} from "../services/conversations/scheduled-messages.ts";
import { Conflict, Invalid } from "../services/platform/errors.ts";
import { presentScheduled } from "../views/conversations/head.ts";
import { fragment, redirect } from "./respond.ts";
import { errorWords, fieldErrors, idParam, text, uuid } from "./validate.ts";
import { composerOf, snoozeTime } from "./workspace.ts";

const scheduledForm = z.object({
  text: text(20_000).default(""),
  preset: text(20).default("at"),
  send_at: text(40).default(""),
  client_token: uuid,
  attachment: z.unknown().optional(),
  reply_to_id: text(20).default(""),
});

/** Replies that go later. */
export const scheduledMessages: Router = Router();

scheduledMessages.post("/conversations/:id/scheduled-messages", async (req, res) => {
  const conversation = await getConversation(req.ctx, idParam(req.params));
  const form = scheduledForm.safeParse(req.body ?? {});
  // Said without touching the composer: the files and the quote stay in it.
  if (form.success && (form.data.attachment !== undefined || form.data.reply_to_id !== ""))
    throw new Conflict("composer.later_text_only");
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    const { preset, send_at, client_token: clientToken } = form.data;
    const sendAt = snoozeTime(preset, send_at, req.viewer);
    if (!sendAt) throw new Invalid({ text: "composer.later_time" });
    await scheduleMessage(req.ctx, conversation.id, { text: form.data.text, sendAt, clientToken });
    if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
    const composer = composerOf(conversation, req.viewer, { drafts: { reply: "", note: "" } });
    fragment(
      res.status(201),
      req.render("conversations/_composer", { composer }),
      await waiting(req, conversation.id),
    );
  } catch (error) {
    if (!(error instanceof Invalid) || !req.isFragment) throw error;
    const words = Object.values(errorWords(error, req.viewer)).join(" ");
    const drafts = { reply: form.success ? form.data.text : "", note: "" };
    const composer = composerOf(conversation, req.viewer, { drafts, errors: { text: words } });
    fragment(res.status(422), req.render("conversations/_composer", { composer }));
  }
});

/** Taken back, it is a draft again, below what was begun meanwhile. */
scheduledMessages.post("/scheduled-messages/:id/removal", async (req, res) => {
  const { conversationId, text: taken } = await takeBackScheduled(req.ctx, idParam(req.params));
  const conversation = await getConversation(req.ctx, conversationId);
  const drafts = await getDrafts(req.ctx, conversationId);
  const draft = [drafts.reply, taken].filter(Boolean).join("\n");
  await saveDraft(req.ctx, conversationId, { kind: "reply", text: draft.slice(0, 10_000) });
  if (!req.isFragment) return redirect(res, `/conversations/${conversationId}`);
  const composer = composerOf(conversation, req.viewer, {
    drafts: { ...drafts, reply: draft },
  });
  const shown = `<hx-partial hx-target="#composer" hx-swap="outerHTML">${req.render("conversations/_composer", { composer })}</hx-partial>`;
  fragment(res, await region(req, conversationId), shown);
});

async function region(req: Request, id: number): Promise<string> {
  const scheduled = presentScheduled(await listScheduled(req.ctx, id), req.viewer);
  return req.render("conversations/_scheduled", { id, scheduled });
}

async function waiting(req: Request, id: number): Promise<string> {
  return `<hx-partial hx-target="#scheduled-${id}" hx-swap="outerHTML">${await region(req, id)}</hx-partial>`;
}
