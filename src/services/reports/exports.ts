import { approved } from "../agents/approvals.ts";
import { may } from "../agents/policy.ts";
import { findSession } from "../agents/queries.ts";
import { type Context, type Reader, systemContext } from "../platform/context.ts";
import { changed, isTransient, json, row } from "../platform/database.ts";
import { Forbidden, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import type { Condition } from "./conversations.ts";
import { countRows, type RowKind, readRows, type TextRows, type Writing } from "./rows.ts";
import type { Slice } from "./slice.ts";

/** More rows than this are written in the background. */
export const mostAtOnce = 50_000;
const leaseSeconds = 60;
const keptDays = 7;
/** Begun as often as this, it ends no more by itself. */
const mostRuns = 5;

/** What a table is made of; as it is kept, times are ISO 8601. */
export interface ExportParams {
  slice: Slice;
  is: Condition;
  /** Of spreadsheets: `comma`, `point`, `plain`. */
  dialect: string;
  locale: "es" | "en";
  /** The period as it was asked for: a yes to "last week" is one to last week, whatever the day. */
  asked: string;
}

export interface Export {
  id: number;
  kind: RowKind;
  params: ExportParams;
  state: "waiting" | "running" | "done" | "failed" | "cancelled";
  total: number;
  written: number;
  storageKey: string | null;
  bytes: number | null;
  createdAt: Date;
}

/** Words for a table, and its first line. */
export type Compose = (kind: RowKind, params: ExportParams) => Writing & { head: string };

/**
 * Takes out a table of rows: noted before the first leaves. Few are read at once by `text`, many are written in the background.
 *
 * @throws Forbidden; ApprovalNeeded.
 */
export async function startExport(
  ctx: Context,
  kind: RowKind,
  params: ExportParams,
): Promise<{ id: number | null; total: number }> {
  mustExport(ctx);
  const { slice, is } = params;
  const use = await approved(ctx, "contacts.export", {
    table: kind,
    is,
    period: params.asked,
  });
  const total = await countRows({ ...ctx, db: ctx.reportsDb }, kind, slice, is);
  return transact(ctx, async (tx) => {
    await use(tx);
    tx.record(null, { act: "reports.exported", data: { table: kind, is, total } });
    if (total <= mostAtOnce || tx.actor.kind !== "agent") return { id: null, total };
    const made = await row<{ id: number }>(
      tx.db,
      "insert into exports (agent_id, kind, params, total) values (:agentId, :kind, :params::jsonb, :total) returning id",
      { agentId: tx.actor.id, kind, params: json(params), total },
    );
    tx.record({ type: "export.changed" });
    return { id: made?.id ?? null, total };
  });
}

/** A table of a page that names customers leaves as their export does: for who may, and noted. @throws Forbidden; ApprovalNeeded. */
export async function noteTable(ctx: Context, table: string, period: string): Promise<void> {
  mustExport(ctx);
  const use = await approved(ctx, "contacts.export", { table, period });
  await transact(ctx, async (tx) => {
    await use(tx);
    tx.record(null, { act: "reports.exported", data: { table } });
  });
}

/** The lines of a table, some at a time. */
export async function* lines(
  ctx: Reader,
  kind: RowKind,
  params: ExportParams,
  compose: Compose,
): AsyncGenerator<TextRows> {
  const { head, ...writing } = compose(kind, params);
  yield { texts: [head], rows: 0 };
  yield* readRows(ctx, kind, params.slice, params.is, writing);
}

function mustExport(ctx: Reader): void {
  if (!may(ctx.actor, "reports.see") || !may(ctx.actor, "contacts.export")) throw new Forbidden();
}

const columns = `id, kind, params, state, total, written, storage_key as "storageKey", bytes, created_at as "createdAt"`;

/** One's own. @throws NotFound. */
export async function getExport(ctx: Reader, id: number): Promise<Export> {
  mustExport(ctx);
  const found = await row<Export>(ctx.db, `select ${columns} from exports where id = ? and agent_id = ?`, [
    id,
    ctx.actor.kind === "agent" ? ctx.actor.id : 0,
  ]);
  if (!found) throw new NotFound();
  return found;
}

/** Whatever is written of it stops at its next read. @throws NotFound. */
export async function cancelExport(ctx: Context, id: number): Promise<void> {
  await getExport(ctx, id);
  await changed(
    ctx.db,
    "update exports set state = 'cancelled', finished_at = now() where id = ? and state in ('waiting', 'running')",
    [id],
  );
}

/** Writes what was asked for, one after the other; another process begins anew what a stop left behind. */
export async function runExports(ctx: Context, compose: Compose): Promise<number> {
  for (let done = 0; ; done += 1) {
    const claimed = await row<Export & { agentId: number; run: number; old: string | null }>(
      ctx.db,
      `with next as (select id, storage_key as old from exports where state = 'waiting' or state = 'running' and lease_ends_at < now()
         order by id limit 1 for update skip locked)
       update exports set state = case when run >= ${mostRuns} then 'failed' else 'running' end, written = 0, run = run + 1, storage_key = :key,
         finished_at = case when run >= ${mostRuns} then now() end, lease_ends_at = now() + interval '${leaseSeconds} seconds'
       where id = (select id from next) returning ${columns}, agent_id as "agentId", run, (select old from next) as old`,
      { key: ctx.storage.newKey() },
    );
    if (!claimed) return done;
    if (claimed.old) await ctx.storage.remove(claimed.old);
    if (claimed.state === "running") await write(ctx, claimed, compose);
  }
}

/** As the agent who asked: what they may not see is not in it, though their role changed since. */
async function write(
  ctx: Context,
  one: Export & { agentId: number; run: number },
  compose: Compose,
): Promise<void> {
  const session = await findSession(ctx.db, one.agentId);
  const as: Context = { ...systemContext(ctx, ctx.now), actor: session?.actor ?? { kind: "anonymous" } };
  const { slice } = one.params;
  const params = {
    ...one.params,
    slice: { ...slice, from: new Date(slice.from), until: new Date(slice.until) },
  };
  /** False: it was cancelled, or another process has it. */
  const keep = async (more: number): Promise<boolean> =>
    (await changed(
      ctx.db,
      `update exports set written = written + :more, lease_ends_at = now() + interval '${leaseSeconds} seconds'
       where id = :id and run = :run and state = 'running'`,
      { id: one.id, run: one.run, more },
    )) === 1;
  async function* all(): AsyncGenerator<string> {
    for await (const { texts, rows } of lines({ ...as, db: ctx.reportsDb }, one.kind, params, compose)) {
      if (!(await keep(rows))) throw new NotFound();
      yield* texts;
    }
  }
  try {
    mustExport(as);
    const { key, bytes } = await ctx.storage.putAll(all(), one.storageKey ?? undefined);
    const ended = await changed(
      ctx.db,
      `update exports set state = 'done', bytes = :bytes, finished_at = now(), lease_ends_at = null
       where id = :id and run = :run and state = 'running'`,
      { id: one.id, run: one.run, bytes },
    );
    if (ended === 0) await ctx.storage.remove(key);
  } catch (error) {
    if (isTransient(error)) throw error;
    if (!(error instanceof NotFound)) ctx.logger.error({ err: error, exportId: one.id }, "an export failed");
    await changed(
      ctx.db,
      `update exports set state = case when state = 'running' then 'failed' else state end, storage_key = null, finished_at = now()
       where id = :id and run = :run and state <> 'done'`,
      { id: one.id, run: one.run },
    );
  }
}

/** Files go after a week. */
export async function forgetExports(ctx: Context): Promise<number> {
  for (let gone = 0; ; gone += 1) {
    const old = await row<{ id: number; key: string }>(
      ctx.db,
      `select id, storage_key as key from exports where storage_key is not null and created_at < now() - interval '${keptDays} days' limit 1`,
    );
    if (!old) return gone;
    await ctx.storage.remove(old.key);
    await ctx.db.raw("update exports set storage_key = null where id = ?", [old.id]);
  }
}
