import { findSession } from "../agents/queries.ts";
import { type Context, systemContext, type Tx } from "../platform/context.ts";
import { changed, isTransient, json, row } from "../platform/database.ts";
import { Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { importContacts } from "./import-contacts.ts";
import { importPurchases } from "./import-purchases.ts";
import { getImport } from "./queries.ts";
import { mostRows, rowsOf } from "./read-csv.ts";
import type { Import, ImportKind, ImportRow, Outcome } from "./types.ts";

/** Rows of one transaction: few enough that nobody waits behind it, many enough that a row costs little. */
const batchSize = 500;
const leaseSeconds = 60;
/** Faults that are kept; what is beyond is only counted. */
const mostFaults = 10_000;

export type ImportBatch = (
  tx: Tx,
  one: Import,
  rows: readonly ImportRow[],
  writes: boolean,
) => Promise<Outcome>;

const batches = { contacts: importContacts, purchases: importPurchases } satisfies Record<
  ImportKind,
  ImportBatch
>;

/** Goes on with every import that somebody asked for, one after the other; another process takes over after a stop. */
export async function runImports(ctx: Context): Promise<number> {
  let done = 0;
  for (;;) {
    const claimed = await row<{ id: number; agentId: number }>(
      ctx.db,
      `update imports set lease_ends_at = now() + interval '${leaseSeconds} seconds' where id = (
         select id from imports where state in ('checking', 'importing') and (lease_ends_at is null or lease_ends_at < now())
         order by id limit 1 for update skip locked) returning id, agent_id as "agentId"`,
    );
    if (!claimed) return done;
    await runOne(ctx, claimed.id, claimed.agentId);
    done += 1;
  }
}

/** As the agent who asked: what they may not see, their file does not find. */
async function runOne(ctx: Context, id: number, agentId: number): Promise<void> {
  const session = await findSession(ctx.db, agentId);
  const system = systemContext(ctx, ctx.now);
  if (!session) return finish(system, id, "cancelled", null);
  const as: Context = { ...system, actor: session.actor };
  const one = await getImport(system, id);
  try {
    const read = await readFile(as, one);
    if (read !== null) await finish(system, id, one.state === "checking" ? "checked" : "done", read);
  } catch (error) {
    if (isTransient(error)) throw error;
    const known = error instanceof Invalid;
    if (!known) ctx.logger.error({ err: error, importId: id }, "an import failed");
    const fault = known
      ? { key: Object.values(error.fields)[0], values: error.values }
      : { key: "imports.broke", values: { row: (await getImport(system, id)).position + 1 } };
    await changed(ctx.db, "update imports set fault = ? where id = ?", [json(fault), id]);
    await finish(system, id, "failed", null);
  }
}

/** @returns the number of rows, or null when it was cancelled or another process has it. */
async function readFile(ctx: Context, one: Import): Promise<number | null> {
  if (!one.storageKey) throw new Invalid({ file: "imports.gone" });
  let batch: ImportRow[] = [];
  let n = 0;
  let looksAgainAt = one.position + batchSize;
  for await (const cells of rowsOf(ctx.storage.read(one.storageKey), one.encoding, one.delimiter)) {
    n += 1;
    if (n === 1) continue;
    if (n - 1 > mostRows) throw new Invalid({ file: "imports.too_many_rows" }, { most: mostRows });
    if (n - 1 <= one.position) {
      if (n % 50_000 === 0) await keepLease(ctx, one.id);
      continue;
    }
    batch.push({ n, values: valuesOf(one.mapping, cells) });
    if (batch.length < batchSize) continue;
    if (!(await doBatch(ctx, one, batch, n - 1))) return null;
    batch = [];
    if (n - 1 >= looksAgainAt) {
      await lookAgain(ctx);
      looksAgainAt *= 10;
    }
  }
  if (batch.length > 0 && !(await doBatch(ctx, one, batch, n - 1))) return null;
  return Math.max(0, n - 1);
}

/** Reading past a million rows that are done takes a while too. */
async function keepLease(ctx: Context, id: number): Promise<void> {
  await ctx.db.raw(
    `update imports set lease_ends_at = now() + interval '${leaseSeconds} seconds' where id = ?`,
    [id],
  );
}

/**
 * What was planned for a nearly empty table reads all of it for every row. Statements are planned again once the
 * tables are looked at, which Postgres would do by itself a minute later.
 */
async function lookAgain(ctx: Context): Promise<void> {
  await ctx.db.raw("analyze contacts, contact_identities, companies, tags, contact_tags, purchases");
}

function valuesOf(mapping: readonly string[], cells: readonly string[]): Record<string, string> {
  const values: Record<string, string> = {};
  mapping.forEach((field, at) => {
    const text = (cells[at] ?? "").toWellFormed().replaceAll("\0", "").trim();
    if (field !== "" && text !== "") values[field] = text;
  });
  return values;
}

/**
 * A batch and how far it brings the import, in one transaction: a stop in between repeats nothing and leaves nothing out.
 * Whoever stalled beyond their lease finds that another process has gone on, and leaves it to them.
 */
async function doBatch(
  ctx: Context,
  one: Import,
  batch: readonly ImportRow[],
  position: number,
): Promise<boolean> {
  return transact(ctx, async (tx) => {
    const mine = await row<{ state: string; position: number }>(
      tx.db,
      "select state, position from imports where id = ? for update",
      [one.id],
    );
    if (mine?.state !== one.state || mine.position !== position - batch.length) return false;
    const outcome = await batches[one.kind](tx, one, batch, one.state === "importing");
    const faulty = new Set(outcome.faults.map(({ n }) => n)).size;
    await tx.db.raw(
      `update imports set position = :position, created = created + :created, updated = updated + :updated,
         skipped = skipped + :skipped, faulty = faulty + :faulty, lease_ends_at = now() + interval '${leaseSeconds} seconds'
       where id = :id`,
      { ...outcome, faults: null, faulty, position, id: one.id },
    );
    await tx.db.raw(
      `insert into import_faults (import_id, row_number, column_name, reason, value)
       select :id, n, field, reason, value from jsonb_to_recordset(:faults::jsonb) as f(n bigint, field text, reason text, value text)
       where (select faulty from imports where id = :id) <= ${mostFaults} on conflict do nothing`,
      {
        id: one.id,
        faults: json(outcome.faults.map((fault) => ({ ...fault, value: fault.value.slice(0, 200) }))),
      },
    );
    return true;
  });
}

function finish(
  system: Context,
  id: number,
  state: "checked" | "done" | "failed" | "cancelled",
  total: number | null,
): Promise<void> {
  return transact(system, async (tx) => {
    const ended = await changed(
      tx.db,
      `update imports set state = :state, total = coalesce(:total::bigint, total), lease_ends_at = null,
         finished_at = case when :state::text = 'checked' then null else :now::timestamptz end
       where id = :id and state in ('checking', 'importing') and (:total::bigint is null or position >= :total::bigint)`,
      { id, state, total, now: tx.now() },
    );
    if (ended === 0) return;
    const act = state === "done" ? ({ act: "import.finished", data: { importId: id } } as const) : undefined;
    tx.record({ type: "import.changed", importId: id }, act);
  });
}

/** Files of imports that are over go after this long, with what was wrong in them. */
const keptDays = 7;

export async function forgetImports(ctx: Context): Promise<number> {
  let gone = 0;
  for (;;) {
    const old = await row<{ id: number; key: string }>(
      ctx.db,
      `select id, storage_key as key from imports where storage_key is not null and created_at < now() - interval '${keptDays} days'
         and state not in ('checking', 'importing') limit 1`,
    );
    if (!old) return gone;
    await ctx.storage.remove(old.key);
    await ctx.db.raw("delete from import_faults where import_id = ?", [old.id]);
    await ctx.db.raw("update imports set storage_key = null where id = ?", [old.id]);
    gone += 1;
  }
}
