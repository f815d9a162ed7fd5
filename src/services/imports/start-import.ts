import { may } from "../agents/policy.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { guessMapping, listImportFields } from "./fields.ts";
import { getImport } from "./queries.ts";
import { detectDelimiter, detectEncoding, mostColumns, readHead } from "./read-csv.ts";
import type { Encoding, Import, ImportKind } from "./types.ts";

/**
 * Keeps a CSV file and looks at its head: what it is written in, its columns, and which fields they probably fill.
 * Nothing is imported before somebody has seen that and what a check says.
 *
 * @throws Forbidden; Invalid when it is no table, is empty, or has too many columns.
 */
export async function createImport(
  ctx: Context,
  kind: ImportKind,
  file: { fileName: string; bytes: Uint8Array },
): Promise<Import> {
  const { actor } = ctx;
  if (!may(actor, "contacts.import") || actor.kind !== "agent") throw new Forbidden();
  const encoding = detectEncoding(file.bytes);
  const sample = new TextDecoder(encoding).decode(file.bytes.subarray(0, 65_536));
  const delimiter = detectDelimiter(sample);
  const header = await headerOf(file.bytes, encoding, delimiter);
  const mapping = guessMapping(header, await listImportFields(ctx, kind));
  const storageKey = await ctx.storage.put(file.bytes);
  try {
    return await transact(ctx, async (tx) => {
      const made = await row<{ id: number }>(
        tx.db,
        `insert into imports (kind, agent_id, file_name, storage_key, encoding, delimiter, header, mapping, created_at)
         values (:kind, :agentId, :fileName, :storageKey, :encoding, :delimiter, :header, :mapping, :now) returning id`,
        {
          kind,
          agentId: actor.id,
          fileName: clean(file.fileName).slice(0, 200),
          storageKey,
          encoding,
          delimiter,
          header,
          mapping,
          now: tx.now(),
        },
      );
      if (!made) throw new Error("an import was not stored");
      tx.record(null, { act: "import.created", data: { importId: made.id, kind } });
      return getImport(tx, made.id);
    });
  } catch (error) {
    await ctx.storage.remove(storageKey);
    throw error;
  }
}

const clean = (text: string): string => text.toWellFormed().replaceAll("\0", "").trim();

async function headerOf(bytes: Uint8Array, encoding: Encoding, delimiter: string): Promise<string[]> {
  const [header, first] = await readHead(bytes, encoding, delimiter, 2);
  if (!header || !first) throw new Invalid({ file: "imports.empty" });
  if (header.length > mostColumns)
    throw new Invalid({ file: "imports.too_many_columns" }, { n: header.length, most: mostColumns });
  return header.map((name, n) => clean(name).slice(0, 120) || `${n + 1}`);
}

/** What the file is written in, which column fills what, and what becomes of known ones; then the whole file is checked. */
export interface Plan {
  encoding: Encoding;
  mapping: readonly string[];
  onDuplicate: "update" | "skip";
}

/** @throws NotFound, Forbidden; Invalid when the mapping cannot be; Conflict when it is running or over. */
export function checkImport(ctx: Context, id: number, plan: Plan): Promise<Import> {
  return transact(ctx, async (tx) => {
    const one = await lockImport(tx, id, ["mapping", "checked", "failed"]);
    const fields = await listImportFields(tx, one.kind);
    const used = plan.mapping.filter(Boolean);
    if (
      plan.mapping.length !== one.header.length ||
      used.some((name) => !fields.some((field) => field.name === name))
    )
      throw new Invalid({ mapping: "error.field" });
    if (new Set(used).size < used.length) throw new Invalid({ mapping: "imports.twice" });
    const needed = one.kind === "contacts" ? ["name", "phone", "email"] : ["contactPhone", "contactEmail"];
    if (!needed.some((name) => used.includes(name)))
      throw new Invalid({ mapping: `imports.needs_${one.kind}` });
    if (one.kind === "purchases" && !used.includes("number"))
      throw new Invalid({ mapping: "imports.needs_number" });
    await tx
      .db("imports")
      .where({ id })
      .update({ encoding: plan.encoding, mapping: plan.mapping, on_duplicate: plan.onDuplicate });
    return begin(tx, id, "checking");
  });
}

/** Writes what was checked; faulty rows are left out, as the check said. @throws NotFound, Forbidden, Conflict. */
export function runImport(ctx: Context, id: number): Promise<Import> {
  return transact(ctx, async (tx) => {
    await lockImport(tx, id, ["checked"]);
    tx.record(null, { act: "import.started", data: { importId: id } });
    return begin(tx, id, "importing");
  });
}

/** Stops where it is; what was written stays, and the page says how much that is. @throws NotFound, Forbidden, Conflict. */
export function cancelImport(ctx: Context, id: number): Promise<Import> {
  return transact(ctx, async (tx) => {
    await lockImport(tx, id, ["mapping", "checking", "checked", "importing"]);
    await tx.db("imports").where({ id }).update({ state: "cancelled", finished_at: tx.now() });
    tx.record({ type: "import.changed", importId: id }, { act: "import.cancelled", data: { importId: id } });
    return getImport(tx, id);
  });
}

async function lockImport(tx: Tx, id: number, states: Import["state"][]): Promise<Import> {
  const one = await getImport(tx, id);
  const locked = await row<{ state: Import["state"] }>(
    tx.db,
    "select state from imports where id = ? for update",
    [id],
  );
  if (!locked || !states.includes(locked.state)) throw new Conflict("imports.not_now");
  return one;
}

async function begin(tx: Tx, id: number, state: "checking" | "importing"): Promise<Import> {
  await tx.db("import_faults").where({ import_id: id }).delete();
  await tx.db("imports").where({ id }).update({
    state,
    position: 0,
    created: 0,
    updated: 0,
    skipped: 0,
    faulty: 0,
    fault: null,
    lease_ends_at: null,
  });
  tx.record({ type: "import.changed", importId: id });
  return getImport(tx, id);
}
