import { may } from "../agents/policy.ts";
import { shownAddress } from "../contacts/shown.ts";
import { visibleTo } from "../conversations/policy.ts";
import { getConversation } from "../conversations/queries.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/**
 * `stalled`: nobody moved it in time. `reassigned`: it is yours now, for nobody answered. `nobody`: it should change hands
 * and nobody has room. `neglected`: unanswered for 24 hours. `nudge`: a colleague asks you to look. `low_score`: the contact was not
 * content. `comment`: they wrote more about it. `unsent`: what should have been sent later could not be.
 */
export type AlertKind =
  | "stalled"
  | "reassigned"
  | "nobody"
  | "neglected"
  | "nudge"
  | "low_score"
  | "comment"
  | "unsent"
  | "assigned";

export interface Alert {
  id: number;
  kind: AlertKind;
  conversationId: number;
  contactName: string;
  contactDisplay: string;
  by: string | null;
  at: Date;
  seenAt: Date | null;
}

/**
 * Tells those who supervise: the team's own supervisors, or all of them where it has none. Of an isolated inbox only
 * those who may see it.
 */
export async function alertSupervisors(
  tx: Tx,
  conversationIds: readonly number[],
  kind: AlertKind,
): Promise<void> {
  if (conversationIds.length === 0) return;
  const told = await rows<{ agent_id: number }>(
    tx.db,
    `with told as (
       select c.id as conversation_id, a.id as agent_id, c.team_id,
         exists (select 1 from team_members m where m.team_id = c.team_id and m.agent_id = a.id) as is_theirs
       from conversations c left join inboxes x on x.id = c.isolated_inbox_id
         join roles r on 'supervise' = any(r.permissions) join agents a on a.role_id = r.id and a.deactivated_at is null
       where c.id = any(:ids::bigint[]) and (c.isolated_inbox_id is null or exists (
         select 1 from team_members m where m.team_id = x.team_id and m.agent_id = a.id))),
       -- An isolated inbox that nobody supervises tells its team: somebody has to hear of it.
       team as (select c.id as conversation_id, m.agent_id from conversations c join inboxes x on x.id = c.isolated_inbox_id
         join team_members m on m.team_id = x.team_id join agents a on a.id = m.agent_id and a.deactivated_at is null
         where c.id = any(:ids::bigint[]) and not exists (select 1 from told where told.conversation_id = c.id))
     insert into alerts (agent_id, conversation_id, kind)
     select agent_id, conversation_id, :kind from told t
     where is_theirs or not exists (select 1 from told o where o.conversation_id = t.conversation_id and o.is_theirs)
     union all select agent_id, conversation_id, :kind from team
     order by 1, 2 returning agent_id`,
    { ids: [...conversationIds], kind },
  );
  for (const agentId of new Set(told.map(({ agent_id }) => agent_id)))
    tx.record({ type: "agent.alerted", agentId });
}

export async function alertAgents(
  tx: Tx,
  alerts: readonly { agentId: number; conversationId: number; kind: AlertKind }[],
): Promise<void> {
  if (alerts.length === 0) return;
  const byId = tx.actor.kind === "agent" ? tx.actor.id : null;
  await tx.db("alerts").insert(
    alerts.map((one) => ({
      agent_id: one.agentId,
      conversation_id: one.conversationId,
      kind: one.kind,
      by_id: byId,
    })),
  );
  for (const agentId of new Set(alerts.map((one) => one.agentId)))
    tx.record({ type: "agent.alerted", agentId });
}

/** A supervisor asks whoever has a conversation to look at it, once until they do. @returns their name. @throws NotFound, Forbidden; Conflict when nobody has it. */
export function nudge(ctx: Context, conversationId: number): Promise<string> {
  return transact(ctx, async (tx) => {
    const { assigneeId, assigneeName } = await getConversation(tx, conversationId);
    if (!may(tx.actor, "supervise")) throw new Forbidden();
    if (assigneeId === null) throw new Conflict("board.nobody_to_nudge");
    const pending = await row(
      tx.db,
      "select 1 from alerts where agent_id = ? and conversation_id = ? and kind = 'nudge' and seen_at is null",
      [assigneeId, conversationId],
    );
    if (pending) return assigneeName ?? "";
    await alertAgents(tx, [{ agentId: assigneeId, conversationId, kind: "nudge" }]);
    tx.record(null, { act: "conversation.nudged", conversationId, agentId: assigneeId });
    return assigneeName ?? "";
  });
}

/** What one was told, newest first; of conversations that one may still see. `before` is the id to go on from. */
export function listAlerts(ctx: Reader, page: { before: number | null; limit: number }): Promise<Alert[]> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return Promise.resolve([]);
  const visible = visibleTo(actor);
  return rows(
    ctx.db,
    `select l.id, l.kind, l.conversation_id as "conversationId", p.name as "contactName",
       ${shownAddress(actor)} as "contactDisplay", b.name as by, l.created_at as at, l.seen_at as "seenAt"
     from alerts l join conversations c on c.id = l.conversation_id join contacts p on p.id = c.contact_id
       left join contact_identities i on i.id = c.last_identity_id left join agents b on b.id = l.by_id
     where l.agent_id = :agentId and (:before::bigint is null or l.id < :before::bigint) and ${visible.sql}
     order by l.id desc limit :limit`,
    { ...visible.bindings, agentId: actor.id, ...page },
  );
}

/** How many one has not looked at, up to 100. */
export async function countAlerts(ctx: Reader): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return 0;
  const visible = visibleTo(actor);
  const found = await row<{ n: number }>(
    ctx.db,
    `select count(*)::int as n from (select 1 from alerts l join conversations c on c.id = l.conversation_id
       where l.agent_id = :agentId and l.seen_at is null and ${visible.sql} limit 100) x`,
    { ...visible.bindings, agentId: actor.id },
  );
  return found?.n ?? 0;
}

/** One has looked: at all of them, or at those of one conversation. */
export async function markAlertsSeen(ctx: Context, conversationId: number | null): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  await transact(ctx, async (tx) => {
    const n = await changed(
      tx.db,
      `update alerts set seen_at = now() where agent_id = :agentId and seen_at is null
         and (:conversationId::bigint is null or conversation_id = :conversationId::bigint)`,
      { agentId: actor.id, conversationId },
    );
    if (n > 0) tx.record({ type: "agent.alerted", agentId: actor.id });
  });
}
