import { type Counts, countInbox } from "../services/conversations/list.ts";
import type { Bell } from "../services/platform/bell.ts";
import type { Reader } from "../services/platform/context.ts";

/** Trusted for this long when no fact is heard: the bell may be away. Milliseconds. */
const longestTrust = 1000;

export type CountFor = (ctx: Reader) => Promise<Counts>;

/**
 * The numbers on the tabs, counted once an agent until something happens to a conversation anywhere. Pages ask for
 * them far more often than they change, and who is told of a change asks after this has heard of it too.
 */
export function rememberCounts(bell: Bell): CountFor {
  const known = new Map<number, { at: number; counts: Promise<Counts> }>();
  bell.onFacts((facts) => {
    if (
      facts.some(
        (fact) => "conversationId" in fact || fact.type === "agent.changed" || fact.type === "inbox.changed",
      )
    )
      known.clear();
  });
  bell.onGap(() => known.clear());
  return (ctx) => {
    const agentId = ctx.actor.kind === "agent" ? ctx.actor.id : 0;
    const old = known.get(agentId);
    if (old && old.at > Date.now() - longestTrust) return old.counts;
    const counts = countInbox(ctx);
    known.set(agentId, { at: Date.now(), counts });
    counts.catch(() => known.delete(agentId));
    return counts;
  };
}
