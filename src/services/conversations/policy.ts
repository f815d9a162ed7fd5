import { may, type Permission } from "../agents/policy.ts";
import { type Visibility, visibleConversation } from "../inboxes/policy.ts";
import type { Actor } from "../platform/context.ts";

/** Which `conversations c` an actor may know of. Applied inside the queries, so that no caller can skip it. */
export const visibleTo = (actor: Actor): Visibility => visibleConversation(actor, "c");

/** Acts on a conversation that the actor sees, with what each needs. */
const needs = {
  reply: "conversations.reply",
  retry: "conversations.reply",
  note: "conversations.note",
  take: "conversations.take",
  assign: "conversations.assign",
  classify: "conversations.classify",
  resolve: "conversations.resolve",
  snooze: "conversations.resolve",
} as const satisfies Record<string, Permission>;

export type ConversationAct = keyof typeof needs;

/** Pure. */
export const can = (actor: Actor, act: ConversationAct): boolean => may(actor, needs[act]);
