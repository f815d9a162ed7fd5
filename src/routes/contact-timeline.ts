import { type Request, Router } from "express";
import { z } from "zod";
import { getContact } from "../services/contacts/queries.ts";
import { getConversation } from "../services/conversations/queries.ts";
import { getThread } from "../services/conversations/thread.ts";
import {
  listTimeline,
  readCursor,
  type TimelineKind,
  timelineKinds,
  writeCursor,
} from "../services/story/timeline.ts";
import { presentEntry } from "../views/contacts/timeline.ts";
import type { TimelineView } from "../views/contacts/views.ts";
import { presentThread } from "../views/conversations/present.ts";
import { translateFor } from "../views/i18n.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam } from "./validate.ts";
import { parseThreadCursor, threadCursor } from "./workspace.ts";

const pageSize = 40;
const transcriptSize = 30;
/** What the page can show: one kind, everything, or the messages themselves. */
const shows = ["", "messages", ...timelineKinds] as const;
const timelineQuery = z.object({
  show: z.enum(shows).catch(""),
  before: z.string().max(80).optional().catch(undefined),
});

/** A customer's story, by kinds and as the messages themselves. */
export const contactTimeline: Router = Router();

contactTimeline.get("/contacts/:id/timeline", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  const asked = timelineQuery.parse(req.query);
  const query = new URLSearchParams(asked.show ? { show: asked.show } : {});
  if (!req.isFragment) return redirect(res, `/contacts/${contact.id}?${query}`);
  const timeline = await loadTimeline(req, contact.id);
  const isMore = asked.before !== undefined;
  fragment(res, req.render(isMore ? "contacts/_entries" : "contacts/_timeline", { timeline }));
});

contactTimeline.get("/contacts/:id/messages", async (req, res) => {
  const contact = await getContact(req.ctx, idParam(req.params));
  if (!req.isFragment) return redirect(res, `/contacts/${contact.id}?show=messages`);
  fragment(res, req.render("conversations/_items", await loadMessages(req, contact.id, req.query.before)));
});

contactTimeline.get("/conversations/:id/transcript", async (req, res) => {
  const { id, contactId, mergedIntoId } = await getConversation(req.ctx, idParam(req.params));
  if (!req.isFragment) return redirect(res, `/conversations/${mergedIntoId ?? id}`);
  const page = { before: parseThreadCursor(req.query.before), limit: transcriptSize };
  const thread = await getThread(req.ctx, { contactId, conversationId: id }, page);
  const older = thread.older && `/conversations/${id}/transcript?before=${threadCursor(thread.older)}`;
  fragment(res, req.render("conversations/_items", { items: presentThread(thread, req.viewer), older }));
});

/** What the query of a customer's page asks for. The caller has loaded the contact. */
export async function loadTimeline(req: Request, contactId: number): Promise<TimelineView> {
  const { show, before } = timelineQuery.parse(req.query);
  const t = translateFor(req.viewer.locale);
  const href = (change: Record<string, string>) =>
    `/contacts/${contactId}/timeline?${new URLSearchParams(change)}`;
  const filters = shows.map((one) => ({
    name: t(`timeline.show_${one || "all"}`),
    href: href(one ? { show: one } : {}),
    page: `/contacts/${contactId}${one ? `?show=${one}` : ""}`,
    isCurrent: one === show,
  }));
  if (show === "messages") {
    return { filters, entries: [], next: null, thread: await loadMessages(req, contactId, null) };
  }
  const kinds: TimelineKind[] = show === "" ? [] : [show];
  const found = await listTimeline(req.ctx, contactId, {
    kinds,
    before: readCursor(before),
    limit: pageSize + 1,
  });
  const shown = found.slice(0, pageSize);
  const last = shown.at(-1);
  return {
    filters,
    entries: shown.map((entry) => presentEntry(contactId, entry, req.viewer)),
    next:
      found.length > pageSize && last ? href({ ...(show ? { show } : {}), before: writeCursor(last) }) : null,
    thread: null,
  };
}

/** Everything they and we ever said, across conversations, newest page first, in order. */
async function loadMessages(req: Request, contactId: number, from: unknown) {
  const page = { before: parseThreadCursor(from), limit: pageSize };
  const thread = await getThread(req.ctx, { contactId }, page);
  return {
    items: presentThread(thread, req.viewer),
    older: thread.older && `/contacts/${contactId}/messages?before=${threadCursor(thread.older)}`,
  };
}
