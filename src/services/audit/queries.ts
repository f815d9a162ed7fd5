import { may } from "../agents/policy.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Forbidden } from "../platform/errors.ts";

export interface AuditEvent {
  id: number;
  actorKind: "agent" | "system" | "anonymous";
  actorId: number | null;
  actorName: string | null;
  source: string;
  act: string;
  conversationId: number | null;
  contactId: number | null;
  messageId: number | null;
  agentId: number | null;
  agentName: string | null;
  inboxId: number | null;
  data: Record<string, unknown>;
  createdAt: Date;
}

/** Newest first; `before` is the id to go on from. @throws Forbidden without the `audit` permission. */
export function listAuditEvents(
  ctx: Reader,
  page: { before: number | null; limit: number },
): Promise<AuditEvent[]> {
  if (!may(ctx.actor, "audit.see")) throw new Forbidden();
  return rows(
    ctx.db,
    `select e.id, e.actor_kind as "actorKind", e.actor_id as "actorId", actor.name as "actorName", e.source, e.act,
       e.conversation_id as "conversationId", e.contact_id as "contactId", e.message_id as "messageId",
       e.agent_id as "agentId", agent.name as "agentName", e.inbox_id as "inboxId", e.data, e.created_at as "createdAt"
     from audit_events e left join agents actor on actor.id = e.actor_id left join agents agent on agent.id = e.agent_id
     where :before::bigint is null or e.id < :before order by e.id desc limit :limit`,
    page,
  );
}
