import { may } from "../agents/policy.ts";
import type { Context, Tx } from "../platform/context.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { getCase, lockCase } from "./queries.ts";
import type { Case } from "./types.ts";

const longestNote = 300;
const longestSolution = 2000;

/** Says where a case stands: what the next colleague reads before answering. */
export function describeCase(ctx: Context, id: number, stateNote: string): Promise<Case> {
  return change(ctx, id, async (tx, found) => {
    const note = clean(stateNote);
    if (note.length > longestNote) throw new Invalid({ state_note: "cases.note_length" });
    if (note === found.stateNote) return null;
    await tx.db("cases").where({ id }).update({ state_note: note });
    return "case.described";
  });
}

/** Solved, and how. A case that is resolved stays as it is. */
export function resolveCase(ctx: Context, id: number, solution: string): Promise<Case> {
  return change(ctx, id, async (tx, found) => {
    const words = clean(solution);
    if (words.length > longestSolution) throw new Invalid({ solution: "cases.solution_length" });
    if (found.status === "resolved") return null;
    await tx
      .db("cases")
      .where({ id })
      .update({
        status: "resolved",
        resolved_at: tx.now(),
        resolved_by_id: tx.actor.kind === "agent" ? tx.actor.id : null,
        ...(words ? { solution: words } : {}),
      });
    return "case.resolved";
  });
}

export function reopenCase(ctx: Context, id: number): Promise<Case> {
  return change(ctx, id, async (tx, found) => {
    if (found.status === "open") return null;
    await tx.db("cases").where({ id }).update({ status: "open", resolved_at: null, resolved_by_id: null });
    return "case.reopened";
  });
}

/** Locks, asks the policy, applies, and tells everyone who looks at the customer; no act tells nobody. */
function change(
  ctx: Context,
  id: number,
  apply: (tx: Tx, found: Case) => Promise<string | null>,
): Promise<Case> {
  return transact(ctx, async (tx) => {
    const found = await lockCase(tx, id);
    if (!may(tx.actor, "cases.edit")) throw new Forbidden();
    const act = await apply(tx, found);
    if (act) {
      const { contactId, conversationId } = found;
      // Its words stay with the case: the audit is read by people who may not see it.
      tx.record(
        { type: "case.changed", conversationId, caseId: id },
        { act, contactId, conversationId, data: { caseId: id } },
      );
    }
    return getCase(tx, id);
  });
}

const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "").trim();
