import type { ClosingSettings } from "../../services/conversations/closing-settings.ts";
import type { ScheduledMessage } from "../../services/conversations/scheduled-messages.ts";
import type { Conversation } from "../../services/conversations/types.ts";
import type { Priority } from "../../services/sla/types.ts";
import { dayAndClock } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";
import { type ClockView, presentClock } from "./clock.ts";
import { contactName, presentPriority } from "./present.ts";

export interface HeadView {
  id: number;
  name: string;
  status: string;
  statusName: string;
  assigneeId: number | null;
  assigneeName: string | null;
  isMine: boolean;
  isResolved: boolean;
  isOpen: boolean;
  snoozedUntil: string | null;
  clock: ClockView | null;
  isFlagged: boolean;
  priority: { value: string; name: string } | null;
  topicId: number | null;
  outcome: Conversation["outcome"];
  /** Empty for none. */
  topic: string;
  priorities: { value: Priority; name: string; isChosen: boolean }[];
  /** What resolving asks for; null when it asks for nothing. `asks` is the key of what the contact is asked. */
  closing: { needsTopic: boolean; needsSummary: boolean; asks: string } | null;
}

export function presentHead(conversation: Conversation, closing: ClosingSettings, viewer: Viewer): HeadView {
  return {
    id: conversation.id,
    name: contactName(conversation, viewer),
    status: conversation.status,
    statusName: translateFor(viewer.locale)(`status.${conversation.status}`),
    assigneeId: conversation.assigneeId,
    assigneeName: conversation.assigneeName,
    isMine: conversation.assigneeId === viewer.agentId,
    isResolved: conversation.status === "resolved",
    isOpen: conversation.status === "open",
    snoozedUntil: conversation.snoozedUntil
      ? dayAndClock(conversation.snoozedUntil, viewer.now, viewer)
      : null,
    clock: presentClock(conversation, viewer),
    isFlagged: conversation.flaggedAt !== null,
    priority: presentPriority(conversation.priority, viewer),
    topicId: conversation.topicId,
    outcome: conversation.outcome,
    topic: conversation.topic,
    priorities: (["urgent", "high", "normal", "low"] as const).map((value) => ({
      value,
      name: translateFor(viewer.locale)(`priority.${value}`),
      isChosen: value === conversation.priority,
    })),
    closing: presentClosing(closing),
  };
}

function presentClosing(settings: ClosingSettings): HeadView["closing"] {
  const { requiresTopic, requiresSummary, afterResolving } = settings;
  if (!requiresTopic && !requiresSummary && afterResolving === "nothing") return null;
  const asks = afterResolving === "nothing" ? "" : `closing.asks_${afterResolving}`;
  return { needsTopic: requiresTopic, needsSummary: requiresSummary, asks };
}

/** Replies that wait for their time, as they stand over the composer. */
export function presentScheduled(
  scheduled: readonly ScheduledMessage[],
  viewer: Viewer,
): { id: number; when: string; by: string; text: string }[] {
  return scheduled.map(({ id, text, sendAt, agentName }) => ({
    id,
    when: dayAndClock(sendAt, viewer.now, viewer),
    by: agentName,
    text: text.length > 80 ? `${text.slice(0, 80)}…` : text,
  }));
}
