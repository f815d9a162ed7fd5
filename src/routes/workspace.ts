import { randomUUID } from "node:crypto";
import type { Request } from "express";
import { isOutsidePreferredHours } from "../services/contacts/preferred-hours.ts";
import { noteView } from "../services/contacts/views.ts";
import { findPagePosition, getThread, type ThreadCursor } from "../services/conversations/thread.ts";
import type { Conversation } from "../services/conversations/types.ts";
import type { Story } from "../services/story/story.ts";
import { getSurroundings } from "../services/story/surroundings.ts";
import { presentBand, presentSide } from "../views/conversations/context.ts";
import { presentHead, presentScheduled } from "../views/conversations/head.ts";
import type { BandView } from "../views/conversations/panels.ts";
import {
  contactName,
  presentThread,
  presentViewers,
  presentWindow,
  type ThreadItem,
} from "../views/conversations/present.ts";
import { clock } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import type { Viewer } from "../views/index.ts";
import type { ComposerView, Errors, WorkspaceView } from "../views/views.ts";
import { localTime, optionalId } from "./validate.ts";

/** Messages of a page of the thread. */
const pageSize = 30;

/** A conversation with everything around it; its parts are asked for side by side. */
export async function loadWorkspace(
  req: Request,
  conversation: Conversation,
  cursor: string,
): Promise<WorkspaceView> {
  const { ctx, viewer } = req;
  const before = await jumpOf(req, conversation);
  const [thread, { contact, story, drafts, colleagues, topics, teams, fields, closing, scheduled }] =
    await Promise.all([
      loadThread(req, conversation, before),
      getSurroundings(ctx, conversation),
      // The card stands beside the conversation: opening it is looking at it.
      noteView(ctx, conversation.contactId),
    ]);
  return {
    id: conversation.id,
    head: presentHead(conversation, closing, viewer),
    band: presentBand(conversation, contact, story, viewer),
    agents: colleagues.map((one) => ({ ...one, isCurrent: one.id === conversation.assigneeId })),
    topics,
    teams,
    caseToken: randomUUID(),
    isPast: before !== null,
    ...thread,
    composer: composerOf(conversation, viewer, { drafts, openId: openBeside(conversation, story) }),
    viewers: presentViewers(colleagues, viewer),
    side: presentSide(conversation, contact, story, fields, viewer),
    scheduled: presentScheduled(scheduled, viewer),
    cursor,
    // An earlier page shows nothing new, so opening it reads nothing.
    unread: before === null ? conversation.unreadCount : 0,
    snoozeTimes: snoozeTimes(viewer),
  };
}

/** Where the page ends that shows the message of `?message=`; null for the newest page. */
async function jumpOf(req: Request, conversation: Conversation): Promise<ThreadCursor | null> {
  const wanted = optionalId.catch(null).parse(req.query.message);
  if (wanted === null) return null;
  const { contactId, isolatedInboxId } = conversation;
  return findPagePosition(req.ctx, { contactId, isolatedInboxId }, wanted, pageSize);
}

/** A page of the customer's one thread, across conversations, with the notes and happenings of its time. */
export async function loadThread(
  req: Request,
  conversation: Conversation,
  before: ThreadCursor | null,
): Promise<{ items: ThreadItem[]; older: string | null }> {
  const { id, contactId, isolatedInboxId } = conversation;
  const thread = await getThread(req.ctx, { contactId, isolatedInboxId }, { before, limit: pageSize });
  return {
    items: presentThread(thread, req.viewer),
    older: thread.older && `/conversations/${id}/messages?before=${threadCursor(thread.older)}`,
  };
}

export const threadCursor = ({ sentAt, id }: ThreadCursor): string => `${sentAt.getTime()}-${id}`;

export function parseThreadCursor(value: unknown): ThreadCursor | null {
  const match = typeof value === "string" ? /^(\d{1,15})-(\d{1,15})$/.exec(value) : null;
  return match ? { sentAt: new Date(Number(match[1])), id: Number(match[2]) } : null;
}

/** The composer with fresh tokens, unless the same form comes back with its faults. */
export function composerOf(
  conversation: Conversation,
  viewer: Viewer,
  with_: {
    drafts: ComposerView["drafts"];
    mode?: ComposerView["mode"];
    errors?: Errors;
    clientToken?: string;
    /** The unresolved conversation that goes on where this one ended. */
    openId?: number | null;
  },
): ComposerView {
  const window = presentWindow(conversation, viewer);
  const isResolved = conversation.status === "resolved";
  return {
    id: conversation.id,
    name: contactName(conversation, viewer),
    window,
    isResolved,
    openId: isResolved ? (with_.openId ?? null) : null,
    state: isResolved ? "resolved" : window.isOpen ? "open" : "closed",
    clientToken: with_.clientToken ?? randomUUID(),
    noteToken: randomUUID(),
    drafts: with_.drafts,
    mode: viewer.permissions.has("conversations.reply") ? (with_.mode ?? "reply") : "note",
    inboxName: conversation.lastInboxName,
    laterTimes: snoozeTimes(viewer).filter(({ value }) => value !== "monday"),
    warning: warningOf(conversation, viewer),
    errors: with_.errors ?? {},
  };
}

/** The hours that a customer prefers are a wish, not a rule: it is said, and one may write. */
function warningOf(conversation: Conversation, viewer: Viewer): string {
  const { preferredHours, doNotContact } = conversation;
  if (doNotContact) return translateFor(viewer.locale)("composer.answer_only");
  if (!isOutsidePreferredHours(preferredHours, viewer.now, viewer.timeZone)) return "";
  return translateFor(viewer.locale)("composer.hours", {
    hours: preferredHours,
    now: clock(viewer.now, viewer),
  });
}

/** The conversation of the same thread that is not resolved, when this one is: an answer belongs there. */
function openBeside({ id, isolatedInboxId }: Conversation, story: Story): number | null {
  const open = story.episodes.find(
    (one) => one.status !== "resolved" && one.id !== id && one.isolatedInboxId === isolatedInboxId,
  );
  return open?.id ?? null;
}

/** Header, band and what stands beside the thread, after an act or a fact that changed them. */
export async function renderHead(req: Request, conversation: Conversation): Promise<string> {
  const { ctx, viewer } = req;
  const { contact, story, colleagues, topics, teams, fields, closing, scheduled } = await getSurroundings(
    ctx,
    conversation,
  );
  const band: BandView = presentBand(conversation, contact, story, viewer);
  const head = req.render("conversations/_head", {
    head: presentHead(conversation, closing, viewer),
    band,
    agents: colleagues.map((one) => ({ ...one, isCurrent: one.id === conversation.assigneeId })),
    topics,
    teams,
    caseToken: randomUUID(),
    snoozeTimes: snoozeTimes(viewer),
  });
  const side = req.render("conversations/_side", {
    side: presentSide(conversation, contact, story, fields, viewer),
  });
  const waiting = req.render("conversations/_scheduled", {
    id: conversation.id,
    scheduled: presentScheduled(scheduled, viewer),
  });
  return `${head}\n<hx-partial hx-target="#side" hx-swap="outerMorph">${side}</hx-partial>
<hx-partial hx-target="#scheduled-${conversation.id}" hx-swap="outerHTML">${waiting}</hx-partial>`;
}

/** Named times of the snooze menu, as they fall in the viewer's zone. */
const presets = {
  hour: (now) => now.add({ hours: 1 }),
  three_hours: (now) => now.add({ hours: 3 }),
  tomorrow: (now) => now.add({ days: 1 }).withPlainTime("09:00"),
  monday: (now) => now.add({ days: 8 - now.dayOfWeek }).withPlainTime("09:00"),
} satisfies Record<string, (now: Temporal.ZonedDateTime) => Temporal.ZonedDateTime>;

function snoozeTimes(viewer: Viewer): WorkspaceView["snoozeTimes"] {
  const t = translateFor(viewer.locale);
  return Object.keys(presets).map((value) => ({ value, label: t(`snooze.${value}`) }));
}

/** The time that a preset or a typed local time means for this viewer; null when it is none. */
export function snoozeTime(preset: string, typed: string, viewer: Viewer): Date | null {
  const now = Temporal.Instant.fromEpochMilliseconds(viewer.now.getTime()).toZonedDateTimeISO(
    viewer.timeZone,
  );
  if (Object.hasOwn(presets, preset))
    return new Date(presets[preset as keyof typeof presets](now).epochMilliseconds);
  return localTime(typed, viewer);
}
