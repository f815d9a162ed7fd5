import type { Happening } from "../../services/conversations/happenings.ts";
import type { MessageKey } from "../../services/platform/message-key.ts";
import { clock, dayAndClock, exact } from "../format.ts";
import { isTextKey, translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";
import { threadKey } from "../messages/present.ts";
import type { ThreadItem } from "./present.ts";

export function presentHappening(
  happening: Happening,
  viewer: Viewer,
): Extract<ThreadItem, { type: "happening" }> {
  const t = translateFor(viewer.locale);
  const until = typeof happening.data.until === "string" ? new Date(happening.data.until) : null;
  const target = String(happening.data.target ?? "first_response");
  return {
    type: "happening",
    key: threadKey(happening.createdAt, 1, happening.id),
    domId: domId("happening", happening.id),
    text: t(happeningKey(happening), {
      target: isTextKey(`target.${target}`) ? t(`target.${target}`) : target,
      actor: happening.actorName ?? t("agent.hilo"),
      agent: happening.agentName ?? "",
      title: happening.caseTitle ?? "",
      score: String(happening.data.score ?? ""),
      until: until ? dayAndClock(until, viewer.now, viewer) : "",
    }),
    clock: clock(happening.createdAt, viewer),
    exact: exact(happening.createdAt, viewer),
  };
}

/** How an act is told depends on why it happened, and on whether somebody did it to themselves. */
function happeningKey({ act, data, agentName, actorName }: Happening): MessageKey {
  const name = act.startsWith("conversation.") ? act.slice("conversation.".length) : act;
  const byThemselves = agentName !== null && agentName === actorName;
  if (name === "assigned" && byThemselves)
    return data.reason === "answered" ? "happening.taken_by_answering" : "happening.taken";
  if (name === "reopened" && data.reason === "contact_wrote") return "happening.reopened_by_contact";
  if (name === "survey.answered")
    return `survey.${String(data.kind)}_${data.kind === "confirm" ? String(data.score) : "score"}`;
  const withReason = `happening.${name}_${String(data.reason)}`;
  return (isTextKey(withReason) ? withReason : `happening.${name}`) as MessageKey;
}
