import type { Context, Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { storeNote } from "./note.ts";
import { can } from "./policy.ts";
import { getChanged, lockConversation } from "./queries.ts";
import { cleanText } from "./reply.ts";
import type { Conversation } from "./types.ts";

export interface Assignment {
  /** Absent keeps, null takes away. */
  agentId?: number | null | undefined;
  teamId?: number | null | undefined;
  /** Kept as an internal note, for whoever gets it. */
  note?: string | undefined;
  /** Who had it when this was decided; given, another holder by now is told instead of overruled. */
  wasAgentId?: number | null | undefined;
}

/**
 * Gives a conversation to an agent, to a team, or back to the queue.
 *
 * @throws NotFound, Forbidden; Conflict when somebody else took it meanwhile; Invalid when the agent is not active or may
 * not see the conversation, the team is unknown, or the firm wants a note with what passes from one agent to another.
 */
export function assign(ctx: Context, conversationId: number, to: Assignment): Promise<Conversation> {
  return transact(ctx, (tx) => assignIn(tx, conversationId, to));
}

/** The same inside a command that has more to do. */
export async function assignIn(tx: Tx, conversationId: number, to: Assignment): Promise<Conversation> {
  const conversation = await lockConversation(tx, conversationId);
  const takes = conversation.assigneeId === null && tx.actor.kind === "agent" && to.agentId === tx.actor.id;
  if (!can(tx.actor, takes && to.teamId === undefined ? "take" : "assign")) throw new Forbidden();
  const assigneeId = to.agentId === undefined ? conversation.assigneeId : to.agentId;
  const teamId = to.teamId === undefined ? conversation.teamId : to.teamId;
  if (assigneeId === conversation.assigneeId && teamId === conversation.teamId) return conversation;
  if (to.wasAgentId !== undefined && to.wasAgentId !== conversation.assigneeId)
    throw new Conflict("conversation.taken_by", { name: conversation.assigneeName ?? "–" });
  if (assigneeId !== null) await checkAssignee(tx.db, assigneeId, conversation.isolatedInboxId);
  if (
    teamId !== null &&
    !(await row(tx.db, "select 1 from teams where id = ? and archived_at is null", [teamId]))
  ) {
    throw new Invalid({ team_id: "conversation.team_unknown" });
  }
  await keepNote(tx, conversation, to, assigneeId);
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
  await tellAssignee(tx, conversationId, assigneeId === conversation.assigneeId ? null : assigneeId);
  tx.record(
    { type: "conversation.changed", conversationId },
    {
      act: assigneeId === null ? "conversation.unassigned" : "conversation.assigned",
      conversationId,
      agentId: assigneeId,
      data: { teamId, before: conversation.assigneeId },
    },
  );
  return getChanged(tx, conversationId);
}

/** Whoever is given something by a colleague hears of it; `alerts` stands above this room, so its row is written here. */
async function tellAssignee(tx: Tx, conversationId: number, agentId: number | null): Promise<void> {
  const byId = tx.actor.kind === "agent" ? tx.actor.id : null;
  if (agentId === null || byId === null || byId === agentId) return;
  await tx
    .db("alerts")
    .insert({ agent_id: agentId, conversation_id: conversationId, kind: "assigned", by_id: byId });
  tx.record({ type: "agent.alerted", agentId });
}

/** What goes from one person to another may need a word; taking something oneself does not. */
async function keepNote(
  tx: Tx,
  { id: conversationId, contactId, isolatedInboxId, assigneeId: before }: Conversation,
  { note = "" }: Assignment,
  assigneeId: number | null,
): Promise<void> {
  const text = cleanText(note);
  if (text !== "")
    await storeNote(tx, { contactId, conversationId, isolatedInboxId }, { text, keepsDraft: true });
  const isTransfer = before !== null && tx.actor.kind === "agent" && assigneeId !== tx.actor.id;
  if (!isTransfer || text !== "") return;
  const firm = await row<{ needed: boolean }>(tx.db, "select transfer_needs_note as needed from firm");
  if (firm?.needed) throw new Invalid({ note: "conversation.note_needed" });
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
