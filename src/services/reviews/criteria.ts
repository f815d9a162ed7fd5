import { may } from "../agents/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** A question of the firm's form. */
export interface Criterion {
  id: number;
  question: string;
  /** 1 to 5: how much it counts. */
  weight: number;
}

const most = 30;

/** In the order of the form. Colleagues may know what they are scored by. */
export function listCriteria(ctx: Reader): Promise<Criterion[]> {
  if (ctx.actor.kind === "anonymous") return Promise.resolve([]);
  return rows(
    ctx.db,
    "select id, question, weight from review_criteria where archived_at is null order by position, id",
  );
}

/** @throws Forbidden; Invalid; Conflict beyond thirty. */
export function addCriterion(ctx: Context, question: string, weight: number): Promise<number> {
  return change(ctx, async (tx) => {
    const text = question.trim();
    if (text === "" || text.length > 200) throw new Invalid({ question: "reviews.question_length" });
    const made = await row<{ id: number; n: number }>(
      tx.db,
      `insert into review_criteria (position, question, weight) select coalesce(max(position), 0) + 1, :text, :weight from review_criteria
       returning id, (select count(*)::int from review_criteria where archived_at is null) as n`,
      { text, weight },
    );
    if (!made || made.n >= most) throw new Conflict("reviews.too_many_criteria");
    return { id: made.id, data: { question: text, weight } };
  });
}

/** Reviews that were scored by it keep their score. @throws Forbidden, NotFound. */
export function archiveCriterion(ctx: Context, id: number): Promise<number> {
  return change(ctx, async (tx) => {
    const gone = await changed(
      tx.db,
      "update review_criteria set archived_at = now() where id = ? and archived_at is null",
      [id],
    );
    if (gone === 0) throw new NotFound();
    return { id, data: { isArchived: true } };
  });
}

async function change(
  ctx: Context,
  work: (
    tx: Parameters<Parameters<typeof transact>[1]>[0],
  ) => Promise<{ id: number; data: Record<string, unknown> }>,
): Promise<number> {
  if (!may(ctx.actor, "reviews.score")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    await tx.db.raw("lock table review_criteria in share row exclusive mode");
    const { id, data } = await work(tx);
    tx.record(null, { act: "review.form_changed", data: { criterionId: id, ...data } });
    return id;
  });
}
