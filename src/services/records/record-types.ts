import { may } from "../agents/policy.ts";
import { addField, type FieldForm } from "../fields/save-field.ts";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { getRecordType, type RecordType } from "./queries.ts";

const longestName = 60;
const mostTypes = 30;

/**
 * A new type of record. `fields` it begins with can be changed afterwards.
 *
 * @throws Forbidden; Invalid without a name or with one that is taken; Conflict when there are too many.
 */
export async function createRecordType(
  ctx: Context,
  name: string,
  fields: readonly FieldForm[],
): Promise<RecordType> {
  const id = await transact(ctx, async (tx) => {
    if (!may(tx.actor, "fields.manage")) throw new Forbidden();
    const known = await row<{ n: number }>(tx.db, "select count(*)::int as n from record_types");
    if ((known?.n ?? 0) >= mostTypes) throw new Conflict("records.too_many_types");
    const made = await row<{ id: number }>(
      tx.db,
      "insert into record_types (name) values (?) on conflict (plain(name)) do nothing returning id",
      [cleanName(name)],
    );
    if (!made) throw new Invalid({ name: "records.name_taken" });
    tx.record({ type: "fields.changed" }, { act: "record_type.created", data: { recordTypeId: made.id } });
    return made.id;
  });
  for (const field of fields) await addField(ctx, id, field);
  return getRecordType(ctx, id);
}

/** @throws NotFound, Forbidden, Invalid. */
export function renameRecordType(ctx: Context, id: number, name: string): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "fields.manage")) throw new Forbidden();
    await getRecordType(tx, id);
    const clean = cleanName(name);
    const taken = await row(tx.db, "select 1 from record_types where plain(name) = plain(?) and id <> ?", [
      clean,
      id,
    ]);
    if (taken) throw new Invalid({ name: "records.name_taken" });
    await tx.db("record_types").where({ id }).update({ name: clean });
    tx.record({ type: "fields.changed" }, { act: "record_type.renamed", data: { recordTypeId: id } });
  });
}

/** Nobody can add one any more; those that exist stay where they are. @throws NotFound, Forbidden. */
export function archiveRecordType(ctx: Context, id: number, isArchived: boolean): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "fields.manage")) throw new Forbidden();
    await getRecordType(tx, id);
    await tx
      .db("record_types")
      .where({ id })
      .update({ archived_at: isArchived ? tx.now() : null });
    const act = isArchived ? "record_type.archived" : "record_type.restored";
    tx.record({ type: "fields.changed" }, { act, data: { recordTypeId: id } });
  });
}

function cleanName(name: string): string {
  const clean = name.toWellFormed().replaceAll("\0", "").trim();
  if (clean === "" || clean.length > longestName) throw new Invalid({ name: "records.name_length" });
  return clean;
}
