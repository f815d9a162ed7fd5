import type { Happening } from "../../services/conversations/happenings.ts";
import type { Conversation, ConversationRow, Message, Note } from "../../services/conversations/types.ts";
import type { Colleague } from "../../services/conversations/viewers.ts";
import type { Priority } from "../../services/sla/types.ts";
import {
  dayAndClock,
  dayKey,
  dayName,
  dayOn,
  exact,
  initials,
  remaining,
  shortAge,
  shortDay,
  startOfDay,
} from "../format.ts";
import { translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";
import { type Bubble, presentMessage, threadKey } from "../messages/present.ts";
import { type ClockView, presentClock } from "./clock.ts";
import { presentHappening } from "./happenings.ts";

export interface RowView {
  id: number;
  domId: string;
  href: string;
  name: string;
  initials: string;
  isCurrent: boolean;
  unreadCount: number;
  preview: string;
  isAnswer: boolean;
  when: string;
  iso: string;
  waitingSince: string | null;
  waiting: string;
  clock: ClockView | null;
  isFlagged: boolean;
  /** Only what is out of the ordinary. */
  priority: { value: string; name: string } | null;
  status: string | null;
  assigneeInitials: string | null;
  assigneeName: string | null;
  tags: string[];
}

/** Of each row and way of reading: the view of this minute. */
const presented = new WeakMap<ConversationRow, Map<string, { minute: number; view: RowView }>>();

/** The same row is the same view for a minute, so that what was rendered of it can be remembered. */
export function presentRow(row: ConversationRow, viewer: Viewer, currentId: number | null): RowView {
  const known = presented.get(row) ?? new Map<string, { minute: number; view: RowView }>();
  const reading = `${viewer.locale}/${viewer.timeZone}`;
  const minute = Math.floor(viewer.now.getTime() / 60_000);
  let found = known.get(reading);
  if (found?.minute !== minute) {
    found = { minute, view: viewOfRow(row, viewer) };
    presented.set(row, known.set(reading, found));
  }
  return row.id === currentId ? { ...found.view, isCurrent: true } : found.view;
}

function viewOfRow(row: ConversationRow, viewer: Viewer): RowView {
  const t = translateFor(viewer.locale);
  const name = row.contactName || row.contactDisplay || t("contact.unnamed");
  return {
    id: row.id,
    domId: domId("row", row.id),
    href: `/conversations/${row.id}`,
    name,
    initials: initials(row.contactName),
    isCurrent: false,
    unreadCount: row.unreadCount,
    preview:
      row.previewKind === "text"
        ? row.preview
        : [t(`kind.${row.previewKind}`), row.preview].filter(Boolean).join(" · "),
    isAnswer: row.previewAuthor !== "contact",
    when: shortAge(row.lastActivityAt, viewer.now, viewer),
    iso: row.lastActivityAt.toISOString(),
    waitingSince: row.waitingSince?.toISOString() ?? null,
    waiting: row.waitingSince ? shortAge(row.waitingSince, viewer.now, viewer) : "",
    clock: presentClock(row, viewer),
    isFlagged: row.flaggedAt !== null,
    priority: presentPriority(row.priority, viewer),
    status: row.status === "open" ? null : t(`status.${row.status}`),
    assigneeInitials: row.assigneeName ? initials(row.assigneeName) : null,
    assigneeName: row.assigneeName,
    tags: row.tags.slice(0, 2),
  };
}

export function presentPriority(priority: Priority, viewer: Viewer): { value: string; name: string } | null {
  if (priority === "normal") return null;
  return { value: priority, name: translateFor(viewer.locale)(`priority.${priority}`) };
}

export type ThreadItem =
  | { type: "day"; domId: string; key: string; name: string; inbox: string | null }
  | { type: "message"; key: string; bubble: Bubble }
  | { type: "note"; key: string; note: NoteView }
  | { type: "happening"; key: string; domId: string; text: string; clock: string; exact: string };

export interface NoteView {
  id: number;
  domId: string;
  key: string;
  author: string;
  when: string;
  exact: string;
  text: string;
  /** Of a note in parts. */
  parts: { label: string; text: string }[];
  pinned: boolean;
}

export function presentNote(note: Note, viewer: Viewer): NoteView {
  return {
    id: note.id,
    domId: domId("note", note.id),
    key: threadKey(note.createdAt, 1, note.id),
    author: note.agentName ?? translateFor(viewer.locale)("agent.gone"),
    when: dayAndClock(note.createdAt, viewer.now, viewer),
    exact: exact(note.createdAt, viewer),
    text: note.wrapUp ? note.wrapUp.text : note.text,
    parts: partsOf(note, viewer),
    pinned: note.pinned,
  };
}

/** What a note in parts says, each part with its name. */
function partsOf({ wrapUp }: Note, viewer: Viewer): NoteView["parts"] {
  if (!wrapUp) return [];
  const t = translateFor(viewer.locale);
  const due = wrapUp.dueOn ? dayOn(wrapUp.dueOn, viewer) : null;
  const parts = [
    { label: t("wrap_up.problem"), text: wrapUp.problem },
    { label: t("wrap_up.action"), text: wrapUp.action },
    {
      label: t("wrap_up.next_step"),
      text: due ? `${wrapUp.nextStep} (${shortDay(due, viewer.now, viewer)})` : wrapUp.nextStep,
    },
  ];
  return parts.filter(({ text }) => text !== "");
}

/** The knot of a message's day: pushed with each new message, for it may be the first of its day. */
export function presentDay(
  at: Date,
  viewer: Viewer,
  inbox: string | null,
): Extract<ThreadItem, { type: "day" }> {
  const day = dayKey(at, viewer);
  return {
    type: "day",
    domId: domId("day", day),
    key: `${startOfDay(at, viewer)}-0-0`,
    name: dayName(at, viewer.now, viewer),
    inbox,
  };
}

/** Everything that happened, in order, with a knot where a day begins. */
export function presentThread(
  parts: { messages: Message[]; notes: Note[]; happenings: Happening[] },
  viewer: Viewer,
): ThreadItem[] {
  const items: (ThreadItem & { at: Date })[] = [
    ...parts.messages.map((message) => {
      const bubble = presentMessage(message, viewer);
      return { type: "message" as const, key: bubble.key, bubble, at: message.sentAt };
    }),
    ...parts.notes.map((note) => {
      const view = presentNote(note, viewer);
      return { type: "note" as const, key: view.key, note: view, at: note.createdAt };
    }),
    ...parts.happenings.map((one) => ({ ...presentHappening(one, viewer), at: one.createdAt })),
  ].sort((a, b) => a.at.getTime() - b.at.getTime() || a.key.localeCompare(b.key, "en", { numeric: true }));
  const days = new Set<string>();
  return items.flatMap((item) => {
    const day = presentDay(item.at, viewer, null);
    if (days.has(day.domId)) return [item];
    days.add(day.domId);
    return [day, item];
  });
}

export function contactName(
  conversation: Pick<Conversation, "contactName" | "contactDisplay">,
  viewer: Viewer,
): string {
  return (
    conversation.contactName || conversation.contactDisplay || translateFor(viewer.locale)("contact.unnamed")
  );
}

export interface WindowView {
  isOpen: boolean;
  /** ISO 8601, for the page to count down; null when it never was open. */
  endsAt: string | null;
  left: string;
  isShort: boolean;
}

/** WhatsApp's 24 hours, as the composer shows them. */
export function presentWindow(conversation: Conversation, viewer: Viewer): WindowView {
  const ends = conversation.serviceWindowEndsAt;
  const isOpen = ends !== null && ends > viewer.now;
  return {
    isOpen,
    endsAt: ends?.toISOString() ?? null,
    left: isOpen ? remaining(ends, viewer.now, viewer) : "",
    isShort: isOpen && ends.getTime() - viewer.now.getTime() < 2 * 3600_000,
  };
}

/** `Carlos y María también ven esto` in one sentence, or null when nobody does. */
export function presentViewers(
  colleagues: readonly Colleague[],
  viewer: Viewer,
): { text: string; isTyping: boolean } | null {
  const t = translateFor(viewer.locale);
  const others = colleagues.filter((one) => one.isViewing && one.id !== viewer.agentId);
  const typing = others.filter((one) => one.isTyping);
  const shown = typing.length > 0 ? typing : others;
  if (shown.length === 0) return null;
  const names = new Intl.ListFormat(viewer.locale, { type: "conjunction" }).format(
    shown.map(({ name }) => name),
  );
  const key = typing.length > 0 ? "viewers.typing" : "viewers.viewing";
  return { text: t(key, { names, n: shown.length }), isTyping: typing.length > 0 };
}
