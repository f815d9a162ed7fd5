import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { can } from "./policy.ts";
import { getConversation, lockConversation } from "./queries.ts";
import type { Conversation } from "./types.ts";

/**
 * Gives a conversation to an agent, to a team, or back to the queue.
 *
 * @param to absent keeps, null takes away.
 * @throws NotFound, Forbidden; Invalid when the agent is not active or may not see the conversation, or the team is unknown.
 */
export function assign(
  ctx: Context,
  conversationId: number,
  to: { agentId?: number | null | undefined; teamId?: number | null | undefined },
): Promise<Conversation> {
  return transact(ctx, async (tx) => {
    const conversation = await lockConversation(tx, conversationId);
    if (!can(tx.actor, "assign")) throw new Forbidden();
    const assigneeId = to.agentId === undefined ? conversation.assigneeId : to.agentId;
    const teamId = to.teamId === undefined ? conversation.teamId : to.teamId;
    if (assigneeId === conversation.assigneeId && teamId === conversation.teamId) return conversation;
    if (assigneeId !== null) await checkAssignee(tx.db, assigneeId, conversation.isolatedInboxId);
    if (
      teamId !== null &&
      !(await row(tx.db, "select 1 from teams where id = ? and archived_at is null", [teamId]))
    ) {
      throw new Invalid({ team_id: "conversation.team_unknown" });
    }
    // Waits while conversations are given out, so that what is taken by hand counts for the caps.
    if (assigneeId !== null)
      await tx.db.raw("select id from agents where id = ? for no key update", [assigneeId]);
    await tx
      .db("conversations")
      .where({ id: conversationId })
      .update({ assignee_id: assigneeId, team_id: teamId });
    await tx.db("assignments").insert({
      conversation_id: conversationId,
      assignee_id: assigneeId,
      team_id: teamId,
      assigned_by_id: tx.actor.kind === "agent" ? tx.actor.id : null,
      reason: "by_hand",
    });
    await keepClocks(tx, [conversationId], { moved: "by_hand" });
    tx.record(
      { type: "conversation.changed", conversationId },
      {
        act: assigneeId === null ? "conversation.unassigned" : "conversation.assigned",
        conversationId,
        agentId: assigneeId,
        data: { teamId, before: conversation.assigneeId },
      },
    );
    return getConversation(tx, conversationId);
  });
}

async function checkAssignee(
  db: Context["db"],
  agentId: number,
  isolatedInboxId: number | null,
): Promise<void> {
  const fit = await row(
    db,
    `select 1 from agents a where a.id = :agentId and a.deactivated_at is null
       and (:isolated::bigint is null or exists (select 1 from team_members m join inboxes i on i.team_id = m.team_id
         where m.agent_id = a.id and i.id = :isolated::bigint))`,
    { agentId, isolated: isolatedInboxId },
  );
  if (!fit) throw new Invalid({ agent_id: "conversation.agent_unfit" });
}
