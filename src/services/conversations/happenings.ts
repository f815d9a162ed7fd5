import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { type ThreadOf, threadScope } from "./messages.ts";
import { visibleTo } from "./policy.ts";

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

/** The newest of a thread between two times, oldest first. */
export function listHappenings(
  ctx: Reader,
  of: ThreadOf,
  span: { from: Date | null; to: Date | null; limit: number },
): Promise<Happening[]> {
  const visible = visibleTo(ctx.actor);
  return rows(
    ctx.db,
    `select * from (
       select e.id, e.act, actor.name as "actorName", agent.name as "agentName", e.data, e.created_at as "createdAt"
       from audit_events e left join agents actor on actor.id = e.actor_id left join agents agent on agent.id = e.agent_id
       where e.conversation_id in (select c.id from conversations c
           where c.contact_id = :contactId and ${visible.sql} and ${threadScope(of)})
         and e.act = any(:acts::text[])
         and (:from::timestamptz is null or e.created_at >= :from) and (:to::timestamptz is null or e.created_at < :to)
       order by e.id desc limit :limit) newest order by id`,
    {
      ...visible.bindings,
      contactId: of.contactId,
      isolated: of.isolatedInboxId ?? null,
      acts: shownActs,
      ...span,
    },
  );
}
