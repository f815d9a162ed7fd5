import { may } from "../agents/policy.ts";
import { type Visibility, visibleIsolation } from "../inboxes/policy.ts";
import type { Actor } from "../platform/context.ts";

/** Which `conversations c` an actor may know of. Applied inside the queries, so that no caller can skip it. */
export const visibleTo = (actor: Actor): Visibility => visibleIsolation(actor, "c.isolated_inbox_id");

/** Acts on a conversation that the actor sees. */
export type ConversationAct = "reply" | "note" | "assign" | "resolve" | "snooze" | "retry";

/** Pure: everyone who may converse may act on what they see. Later roles narrow this here and nowhere else. */
export function can(actor: Actor, act: ConversationAct): boolean {
  switch (act) {
    case "reply":
    case "note":
    case "assign":
    case "resolve":
    case "snooze":
    case "retry":
      return may(actor, "converse");
  }
}
