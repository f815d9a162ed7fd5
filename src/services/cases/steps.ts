import { may } from "../agents/policy.ts";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { getCase, lockCase } from "./queries.ts";
import type { Case } from "./types.ts";

export const longestTitle = 160;
const mostSteps = 30;

/** Ticks a step, or takes the tick away; who and when stay with it. Ticking what is ticked changes nothing. */
export function setStep(ctx: Context, caseId: number, stepId: number, isDone: boolean): Promise<Case> {
  return transact(ctx, async (tx) => {
    const { contactId, conversationId } = await lockCase(tx, caseId);
    if (!may(tx.actor, "cases.edit")) throw new Forbidden();
    const step = await row<{ title: string; done: boolean }>(
      tx.db,
      "select title, done_at is not null as done from case_steps where id = ? and case_id = ?",
      [stepId, caseId],
    );
    if (!step) throw new NotFound();
    if (step.done !== isDone) {
      const done = isDone
        ? { done_at: tx.now(), done_by_id: tx.actor.kind === "agent" ? tx.actor.id : null }
        : { done_at: null, done_by_id: null };
      await tx.db("case_steps").where({ id: stepId }).update(done);
      tx.record(
        { type: "case.changed", conversationId, caseId },
        {
          act: isDone ? "case.step_done" : "case.step_undone",
          contactId,
          data: { caseId, stepId },
        },
      );
    }
    return getCase(tx, caseId);
  });
}

/** One more step at the end. @throws Invalid; Conflict when there are too many. */
export function addStep(ctx: Context, caseId: number, title: string): Promise<Case> {
  return transact(ctx, async (tx) => {
    const { contactId, conversationId, steps } = await lockCase(tx, caseId);
    if (!may(tx.actor, "cases.edit")) throw new Forbidden();
    const clean = title.toWellFormed().replaceAll("\0", "").trim();
    if (clean === "" || clean.length > longestTitle) throw new Invalid({ title: "cases.title_length" });
    if (steps.length >= mostSteps) throw new Conflict("cases.too_many_steps");
    await tx.db.raw(
      `insert into case_steps (case_id, position, title)
       select :caseId, coalesce(max(position), 0) + 1, :title from case_steps where case_id = :caseId`,
      { caseId, title: clean },
    );
    tx.record(
      { type: "case.changed", conversationId, caseId },
      { act: "case.step_added", contactId, data: { caseId } },
    );
    return getCase(tx, caseId);
  });
}
