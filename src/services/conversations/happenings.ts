import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

/** What was done with a conversation, shown as a line in its thread. Its row is the audit's. */
export interface Happening {
  id: number;
  act: string;
  actorName: string | null;
  agentName: string | null;
  /** Of the case that it is about, or null. */
  caseTitle: string | null;
  data: Record<string, unknown>;
  createdAt: Date;
}

/** Bound as `:acts`. */
export const shownActs = [
  "conversation.assigned",
  "conversation.unassigned",
  "conversation.resolved",
  "conversation.reopened",
  "conversation.pending",
  "conversation.snoozed",
  "conversation.woken",
  "survey.answered",
  "sla.breached",
  "sla.alerted",
  "sla.flagged",
  "case.opened",
  "case.resolved",
  "case.reopened",
];

/** The newest of some conversations, oldest first. `conversations` and `when` are SQL; the caller may see them. */
export const happeningsSql = (conversations: string, when: string, limit: number): string =>
  `select * from (
     select e.id, e.act, actor.name as "actorName", agent.name as "agentName", k.title as "caseTitle", e.data, e.created_at as "createdAt"
     from audit_events e left join agents actor on actor.id = e.actor_id left join agents agent on agent.id = e.agent_id
       left join cases k on k.id = case when e.act like 'case.%' then (e.data ->> 'caseId')::bigint end
     where e.conversation_id in (${conversations}) and e.act = any(:acts::text[]) and ${when}
     order by e.id desc limit ${limit}) newest order by id`;

/** What was done lately with a conversation that the caller has loaded. */
export function listLatestHappenings(ctx: Reader, conversationId: number, since: Date): Promise<Happening[]> {
  return rows(ctx.db, happeningsSql(":conversationId", "e.created_at >= :since", 10), {
    conversationId,
    since,
    acts: shownActs,
  });
}
