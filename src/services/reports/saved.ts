import { may } from "../agents/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** A report with its filters, under a name. */
export interface SavedReport {
  id: number;
  name: string;
  /** Which report, and its filters as the page's address has them. */
  report: string;
  query: string;
  isShared: boolean;
  isWeekly: boolean;
  isOwn: boolean;
  agentName: string;
}

const most = 50;

/** One's own, and what colleagues share. */
export function listSavedReports(ctx: Reader): Promise<SavedReport[]> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return Promise.resolve([]);
  return rows(
    ctx.db,
    `select s.id, s.name, s.report, s.query, s.is_shared as "isShared", s.is_weekly as "isWeekly", s.agent_id = :id as "isOwn", a.name as "agentName"
     from saved_reports s join agents a on a.id = s.agent_id where s.agent_id = :id or s.is_shared order by plain(s.name), s.id limit 200`,
    { id: actor.id },
  );
}

/** Under a name that is known it takes the place of what was there. @throws Forbidden to share; Invalid; Conflict beyond fifty. */
export async function saveReport(
  ctx: Context,
  saved: Pick<SavedReport, "name" | "report" | "query" | "isShared" | "isWeekly">,
): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== "agent" || (saved.isShared && !may(actor, "reports.see"))) throw new Forbidden();
  const name = saved.name.trim();
  if (name === "" || name.length > 80) throw new Invalid({ name: "report.name_length" });
  return transact(ctx, async (tx) => {
    await tx.db.raw("select id from agents where id = ? for update", [actor.id]);
    const kept = await row<{ id: number }>(
      tx.db,
      `insert into saved_reports (agent_id, name, report, query, is_shared, is_weekly) values (:agentId, :name, :report, :query, :isShared, :isWeekly)
       on conflict (agent_id, name) do update set report = excluded.report, query = excluded.query, is_shared = excluded.is_shared, is_weekly = excluded.is_weekly,
         created_at = case when excluded.is_weekly and not saved_reports.is_weekly then now() else saved_reports.created_at end
       returning id`,
      { ...saved, name, agentId: actor.id },
    );
    const counted = await row<{ n: number }>(
      tx.db,
      "select count(*)::int as n from saved_reports where agent_id = ?",
      [actor.id],
    );
    if (!kept || (counted?.n ?? 0) > most) throw new Conflict("report.saved_too_many");
    return kept.id;
  });
}

/** @throws NotFound: only one's own. */
export async function removeSavedReport(ctx: Context, id: number): Promise<void> {
  const { actor } = ctx;
  const gone = await changed(ctx.db, "delete from saved_reports where id = ? and agent_id = ?", [
    id,
    actor.kind === "agent" ? actor.id : 0,
  ]);
  if (gone === 0) throw new NotFound();
}
