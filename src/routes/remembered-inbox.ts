import { rightsKey } from "../services/agents/policy.ts";
import {
  type ConversationList,
  type Counts,
  countInbox,
  type ListQuery,
  listInbox,
} from "../services/conversations/list.ts";
import type { Actor, Reader } from "../services/platform/context.ts";
import type { Fact } from "../services/platform/events.ts";
import type { Memories } from "../services/platform/memory.ts";

/** The inbox as pages ask for it: each change makes every open page ask again, and most of them ask the same. */
export interface RememberedInbox {
  list: (ctx: Reader, query: ListQuery) => Promise<ConversationList>;
  counts: (ctx: Reader) => Promise<Counts>;
}

/** Lists are remembered for everybody who sees the same, numbers for each agent, until something happens to a conversation. */
export function rememberInbox(memories: Memories): RememberedInbox {
  const lists = memories.open<ConversationList>(changesInbox);
  const counts = memories.open<Counts>(changesInbox);
  return {
    list(ctx, query) {
      if (query.search !== "") return listInbox(ctx, query);
      return lists.get(listKey(ctx.actor, query), () => listInbox(ctx, query));
    },
    counts: (ctx) => counts.get(audience(ctx.actor, true), () => countInbox(ctx)),
  };
}

function changesInbox(fact: Fact): boolean {
  switch (fact.type) {
    case "conversation.viewed":
    case "inbound_event.received":
    case "inbound_event.quarantined":
    case "media.pending":
    case "agent.mentioned":
    case "agent.alerted":
    case "import.changed":
      return false;
    default:
      return true;
  }
}

const listKey = (actor: Actor, { view, status, unread, limit }: ListQuery) =>
  [audience(actor, view === "mine"), view, status, unread, limit].join("/");

/** Who gets the same answer: those with the same rights and teams, or one agent alone. */
function audience(actor: Actor, alone: boolean): string {
  return alone && actor.kind === "agent" ? `${rightsKey(actor)}/${actor.id}` : rightsKey(actor);
}
