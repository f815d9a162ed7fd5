import type { Message } from "../services/conversations/types.ts";
import { presentDay } from "../views/conversations/present.ts";
import type { Render, Viewer } from "../views/index.ts";
import { presentMessage } from "../views/messages/present.ts";

/** A message as it is put into an open thread: by the answer to a form and by the live push alike. */
export function renderBubble(
  render: Render,
  viewer: Viewer,
  message: Message,
  /** Of the page that shows it: a thread goes over several conversations. */
  pageId: number = message.conversationId,
): string {
  const bubble = presentMessage(message, viewer);
  return render("live/message", {
    id: pageId,
    item: { type: "message", key: bubble.key, bubble },
    day: presentDay(message.sentAt, viewer, null),
  });
}
