import { createHash } from "node:crypto";
import { Router } from "express";
import { z } from "zod";
import { markAlertsSeen } from "../services/alerts/alerts.ts";
import { tellRead } from "../services/channels/receipts.ts";
import { wrapUp } from "../services/commitments/wrap-up.ts";
import { getDrafts, saveDraft } from "../services/conversations/drafts.ts";
import { listLatestHappenings } from "../services/conversations/happenings.ts";
import { pinNote } from "../services/conversations/note.ts";
import { getConversation } from "../services/conversations/queries.ts";
import { findLastInbound, markConversationRead } from "../services/conversations/read.ts";
import { type Reply, reply } from "../services/conversations/reply.ts";
import type { Message } from "../services/conversations/types.ts";
import { announceViewers, listColleagues, noteTyping } from "../services/conversations/viewers.ts";
import type { Context } from "../services/platform/context.ts";
import { Invalid } from "../services/platform/errors.ts";
import { presentHappening } from "../views/conversations/happenings.ts";
import { presentDay, presentNote, presentViewers } from "../views/conversations/present.ts";
import { translateFor } from "../views/i18n.ts";
import { loadList } from "./inbox.ts";
import { renderBubble } from "./live-message.ts";
import type { RememberedInbox } from "./remembered-inbox.ts";
import { fragment, leave, redirect } from "./respond.ts";
import { fieldErrors, idParam, optionalId, uuid } from "./validate.ts";
import { composerOf, loadThread, loadWorkspace, parseThreadCursor, renderHead } from "./workspace.ts";

const one = z.string();
const replyForm = z.object({
  text: one.max(20_000).default(""),
  client_token: uuid,
  reply_to_id: optionalId,
  attachment: z.union([one, z.array(one).max(10)]).optional(),
});
const noteForm = z.object({
  text: one.max(20_000),
  client_token: uuid,
  quick: z.literal("1").optional(),
  problem: one.max(2000).default(""),
  action: one.max(2000).default(""),
  next_step: one.max(300).default(""),
  due_on: one.max(10).default(""),
});
const pinForm = z.object({ pinned: z.enum(["0", "1"]), conversation_id: optionalId });
const draftForm = z.object({ kind: z.enum(["reply", "note"]), text: one.max(20_000) });

/** One conversation: reading it, and everything done to it. */
export function conversationRoutes(cursor: () => string, inbox: RememberedInbox): Router {
  const conversations = Router();

  conversations.get("/conversations/:id", async (req, res) => {
    const at = cursor();
    const conversation = await getConversation(req.ctx, idParam(req.params));
    const { id, mergedIntoId } = conversation;
    if (mergedIntoId !== null) return redirect(res, `/conversations/${mergedIntoId}`);
    // Opening it is looking at what one was told about it.
    if (req.alerts > 0) await markAlertsSeen(req.ctx, id);
    if (req.isFragment) {
      const workspace = await loadWorkspace(req, conversation, at);
      fragment(res, req.render("conversations/_workspace", { workspace, cursor: at }));
      return;
    }
    const [workspace, list] = await Promise.all([
      loadWorkspace(req, conversation, at),
      loadList(req, id, inbox),
    ]);
    res.send(req.render("inbox/show", { title: workspace.head.name, list, workspace, cursor: at }));
  });

  conversations.get("/conversations/:id/thread", async (req, res) => {
    const conversation = await getConversation(req.ctx, idParam(req.params));
    fragment(res, req.render("conversations/_items", await loadThread(req, conversation, null)));
  });

  conversations.get("/conversations/:id/messages", async (req, res) => {
    const conversation = await getConversation(req.ctx, idParam(req.params));
    const page = await loadThread(req, conversation, parseThreadCursor(req.query.before));
    if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
    fragment(res, req.render("conversations/_items", page));
  });

  conversations.get("/conversations/:id/head", async (req, res) => {
    const conversation = await getConversation(req.ctx, idParam(req.params));
    const drafts = await getDrafts(req.ctx, conversation.id);
    const recent = new Date(req.viewer.now.getTime() - 120_000);
    const happened = await listLatestHappenings(req.ctx, conversation.id, recent);
    const items = happened.map((happening) => presentHappening(happening, req.viewer));
    const regions = [await renderHead(req, conversation)];
    if (items.length > 0) regions.push(req.render("live/happenings", { id: conversation.id, items }));
    // The composer is no live region; it only has to follow when writing became possible or impossible.
    const shown = req.get("x-composer");
    const composer = composerOf(conversation, req.viewer, { drafts });
    if (shown !== undefined && shown !== composer.state) {
      regions.push(
        `<hx-partial hx-target="#composer" hx-swap="outerHTML">${req.render("conversations/_composer", { composer })}</hx-partial>`,
      );
    }
    fragment(res, ...regions);
  });

  conversations.get("/conversations/:id/viewers", async (req, res) => {
    const { id } = await getConversation(req.ctx, idParam(req.params));
    const viewers = presentViewers(await listColleagues(req.ctx, id), req.viewer);
    fragment(res, req.render("conversations/_viewers", { id, viewers }));
  });

  conversations.post("/conversations/:id/messages", async (req, res) => {
    const conversation = await getConversation(req.ctx, idParam(req.params));
    const form = replyForm.safeParse(req.body);
    try {
      if (!form.success) throw new Invalid(fieldErrors(form.error));
      const messages = await replyWithFiles(req.ctx, conversation.id, form.data);
      if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
      const after = await getConversation(req.ctx, conversation.id);
      const composer = composerOf(after, req.viewer, { drafts: { reply: "", note: "" } });
      const bubbles = messages.map((message) => renderBubble(req.render, req.viewer, message));
      fragment(res.status(201), req.render("conversations/_composer", { composer }), ...bubbles);
    } catch (error) {
      if (!(error instanceof Invalid) || !req.isFragment) throw error;
      const after = await getConversation(req.ctx, conversation.id);
      const t = translateFor(req.viewer.locale);
      const draft = String((req.body as { text?: unknown } | undefined)?.text ?? "");
      const text = Object.values(error.fields)
        .map((key) => t(key, error.values))
        .join(" ");
      const token = form.success ? form.data.client_token : undefined;
      const composer = composerOf(after, req.viewer, {
        drafts: { reply: draft, note: "" },
        errors: { text },
        ...(token ? { clientToken: token } : {}),
      });
      fragment(res.status(422), req.render("conversations/_composer", { composer }));
    }
  });

  conversations.post("/conversations/:id/notes", async (req, res) => {
    const conversation = await getConversation(req.ctx, idParam(req.params));
    const form = noteForm.safeParse(req.body);
    try {
      if (!form.success) throw new Invalid(fieldErrors(form.error));
      const { problem, action, next_step, due_on, quick } = form.data;
      const note = await wrapUp(req.ctx, conversation.id, {
        text: form.data.text,
        wrapUp: { problem, action, nextStep: next_step, dueOn: due_on || null },
        clientToken: form.data.client_token,
        keepsDraft: quick === "1",
      });
      if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
      const day = presentDay(note.createdAt, req.viewer, null);
      const shown = req.render("live/note", {
        id: conversation.id,
        note: presentNote(note, req.viewer),
        day,
      });
      if (form.data.quick) return fragment(res.status(201), await renderHead(req, conversation), shown);
      const drafts = await getDrafts(req.ctx, conversation.id);
      const composer = composerOf(conversation, req.viewer, { drafts: { ...drafts, note: "" } });
      fragment(res.status(201), req.render("conversations/_composer", { composer }), shown);
    } catch (error) {
      if (!(error instanceof Invalid) || !req.isFragment || (form.success && form.data.quick)) throw error;
      const t = translateFor(req.viewer.locale);
      const note = Object.values(error.fields)
        .map((key) => t(key, error.values))
        .join(" ");
      const drafts = await getDrafts(req.ctx, conversation.id);
      const composer = composerOf(conversation, req.viewer, { drafts, mode: "note", errors: { note } });
      fragment(res.status(422), req.render("conversations/_composer", { composer }));
    }
  });

  conversations.post("/notes/:id/pin", async (req, res) => {
    const { pinned, conversation_id } = pinForm.parse(req.body ?? {});
    const note = await pinNote(req.ctx, idParam(req.params), pinned === "1");
    if (conversation_id === null) return leave(req, res, `/contacts/${note.contactId}`);
    const conversation = await getConversation(req.ctx, conversation_id);
    if (!req.isFragment) return redirect(res, `/conversations/${conversation.id}`);
    fragment(res, await renderHead(req, conversation));
  });

  conversations.put("/conversations/:id/draft", async (req, res) => {
    const form = draftForm.safeParse(req.body);
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    await saveDraft(req.ctx, idParam(req.params), form.data);
    res.status(204).end();
  });

  conversations.post("/conversations/:id/read", async (req, res) => {
    const last = await markConversationRead(req.ctx, idParam(req.params));
    if (last) void tellRead(req.ctx, last, false);
    res.status(204).end();
  });

  conversations.post("/conversations/:id/typing", async (req, res) => {
    const { id } = await getConversation(req.ctx, idParam(req.params));
    if (await noteTyping(req.ctx, id)) {
      await announceViewers(req.ctx.db, id);
      const last = await findLastInbound(req.ctx, id);
      if (last) void tellRead(req.ctx, last, true);
    }
    res.status(204).end();
  });

  return conversations;
}

/** Several files are several messages; the words go with the first. Each has a token made from the form's. */
async function replyWithFiles(
  ctx: Context,
  id: number,
  form: z.output<typeof replyForm>,
): Promise<Message[]> {
  const files = form.attachment === undefined ? [] : [form.attachment].flat();
  const base: Reply = {
    text: form.text,
    clientToken: form.client_token,
    replyToId: form.reply_to_id ?? undefined,
  };
  if (files.length === 0) return [await reply(ctx, id, base)];
  const messages: Message[] = [];
  for (const [index, attachment] of files.entries()) {
    const first = index === 0;
    const clientToken =
      form.client_token && (first ? form.client_token : derivedToken(form.client_token, index));
    messages.push(await reply(ctx, id, { ...(first ? base : { text: "" }), attachment, clientToken }));
  }
  return messages;
}

function derivedToken(token: string, index: number): string {
  const hex = createHash("sha256").update(`${token}/${index}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
