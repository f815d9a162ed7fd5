import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

/** What was done with a conversation, shown as a line in its thread. Its row is the audit's. */
export interface Happening {
  id: number;
  act: string;
  actorName: string | null;
  agentName: string | null;
  data: Record<string, unknown>;
  createdAt: Date;
}

const shownActs = [
  "conversation.assigned",
  "conversation.unassigned",
  "conversation.resolved",
  "conversation.reopened",
  "conversation.pending",
  "conversation.snoozed",
  "conversation.woken",
];

/** Oldest first. The caller has loaded the conversation, so the actor may see it. */
export function listHappenings(
  ctx: Reader,
  conversationId: number,
  span: { from: Date | null; to: Date | null; limit: number },
): Promise<Happening[]> {
  return rows(
    ctx.db,
    `select * from (
       select e.id, e.act, actor.name as "actorName", agent.name as "agentName", e.data, e.created_at as "createdAt"
       from audit_events e left join agents actor on actor.id = e.actor_id left join agents agent on agent.id = e.agent_id
       where e.conversation_id = :conversationId and e.act = any(:acts::text[])
         and (:from::timestamptz is null or e.created_at >= :from) and (:to::timestamptz is null or e.created_at < :to)
       order by e.id desc limit :limit) newest order by id`,
    { conversationId, acts: shownActs, from: span.from, to: span.to, limit: span.limit },
  );
}
