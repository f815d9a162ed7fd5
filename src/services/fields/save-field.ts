import { may } from "../agents/policy.ts";
import { watch } from "../platform/changes.ts";
import type { Context, Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid } from "../platform/errors.ts";
import { lockMerging } from "../platform/locks.ts";
import { transact } from "../platform/transact.ts";
import { getField, listFields } from "./queries.ts";
import type { CustomField, FieldKind, FieldPlace, FieldValue } from "./types.ts";
import { parseValue } from "./values.ts";

export interface FieldForm {
  label: string;
  kind: FieldKind;
  options: readonly string[];
  place: FieldPlace | null;
}

const mostFields = 60;
const longestLabel = 60;
const longestOption = 100;
const mostOptions = 50;

/**
 * Adds a field to the card (`recordTypeId` null) or to a type of record. Its key is made of its label and stays.
 *
 * @throws Forbidden, Invalid; Conflict when there are too many.
 */
export function addField(ctx: Context, recordTypeId: number | null, form: FieldForm): Promise<CustomField> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "fields.manage")) throw new Forbidden();
    const clean = checked(form, recordTypeId);
    await tx.db.raw("select pg_advisory_xact_lock(7446505, ?)", [recordTypeId ?? 0]);
    const others = await listFields(tx, recordTypeId, true);
    if (others.length >= mostFields) throw new Conflict("fields.too_many");
    const free = others.map(({ archivedAt, place }) => (archivedAt ? null : place));
    if (clean.place && free.includes(clean.place)) throw new Invalid({ place: "fields.place_taken" });
    const made = await row<{ id: number }>(
      tx.db,
      `insert into custom_fields (record_type_id, key, label, kind, options, place, position)
       values (:recordTypeId, :key, :label, :kind, :options, :place, :position) returning id`,
      { ...clean, recordTypeId, key: freeKey(clean.label, others), position: others.length },
    );
    if (!made) throw new Error("a field was not stored");
    tx.record(
      { type: "fields.changed" },
      { act: "field.added", data: { fieldId: made.id, kind: clean.kind } },
    );
    return getField(tx, made.id);
  });
}

/**
 * Renames a field, changes its options, or what it holds. Stored values are brought into the new kind; when one of
 * them does not fit, nothing changes.
 *
 * @throws NotFound, Forbidden, Invalid.
 */
export function changeField(ctx: Context, id: number, form: FieldForm): Promise<CustomField> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "fields.manage")) throw new Forbidden();
    // Nobody writes a customer or a record meanwhile, or a value of the old kind would come in behind us.
    await lockMerging(tx);
    await tx.db.raw("select id from custom_fields where id = ? for update", [id]);
    const before = await getField(tx, id);
    const clean = checked(form, before.recordTypeId);
    if (clean.place && clean.place !== before.place) {
      const fields = await listFields(tx, before.recordTypeId);
      if (fields.some((one) => one.id !== id && one.place === clean.place))
        throw new Invalid({ place: "fields.place_taken" });
    }
    const bears = clean.kind !== before.kind || clean.options.join("\n") !== before.options.join("\n");
    const changes = await watch(tx.db, "custom_fields", { id });
    await tx.db("custom_fields").where({ id }).update(clean);
    if (bears) await convertValues(tx, before, clean);
    const data = { fieldId: id, label: clean.label, changes: await changes() };
    tx.record({ type: "fields.changed" }, { act: "field.changed", data });
    return getField(tx, id);
  });
}

/** Hides a field, or shows it again; its values stay. */
export function archiveField(ctx: Context, id: number, isArchived: boolean): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "fields.manage")) throw new Forbidden();
    const { place, recordTypeId } = await getField(tx, id);
    if (!isArchived && place && (await listFields(tx, recordTypeId)).some((one) => one.place === place))
      throw new Invalid({ place: "fields.place_taken" });
    await tx
      .db("custom_fields")
      .where({ id })
      .update({ archived_at: isArchived ? tx.now() : null });
    const act = isArchived ? "field.archived" : "field.restored";
    tx.record({ type: "fields.changed" }, { act, data: { fieldId: id } });
  });
}

function checked(form: FieldForm, recordTypeId: number | null) {
  const label = form.label.toWellFormed().replaceAll("\0", "").trim();
  if (label === "" || label.length > longestLabel) throw new Invalid({ label: "fields.label_length" });
  const given = form.kind === "choice" ? form.options : [];
  const options = [
    ...new Set(given.map((one) => one.toWellFormed().replaceAll("\0", "").trim()).filter(Boolean)),
  ];
  if (form.kind === "choice" && (options.length === 0 || options.length > mostOptions))
    throw new Invalid({ options: "fields.options_missing" });
  if (options.some((one) => one.length > longestOption))
    throw new Invalid({ options: "fields.option_length" });
  const place = recordTypeId === null ? null : form.place;
  if (place === "date" && form.kind !== "date" && form.kind !== "datetime")
    throw new Invalid({ place: "fields.place_date" });
  return { label, kind: form.kind, options, place };
}

/** `Fecha de la cita` → `fecha_de_la_cita`, with a number when it is taken. */
function freeKey(label: string, others: readonly CustomField[]): string {
  const plain = label.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const words = plain.replaceAll(/[^a-z0-9]+/g, "_").replaceAll(/^_+|_+$/g, "");
  const key = (/^[a-z]/.test(words) ? words : `campo_${words}`).slice(0, 34).replace(/_$/, "");
  const taken = new Set(others.map((one) => one.key));
  for (let n = 1; ; n += 1) {
    const candidate = n === 1 ? key : `${key}_${n}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** Distinct values are read once with the parser that forms use: what it refuses stops the change. */
async function convertValues(
  tx: Tx,
  before: CustomField,
  after: Pick<CustomField, "kind" | "options">,
): Promise<void> {
  const [table, column] = before.recordTypeId === null ? ["contacts", "custom"] : ["records", "values"];
  const own = before.recordTypeId === null ? "true" : "record_type_id = :recordTypeId";
  const bindings = { key: before.key, recordTypeId: before.recordTypeId };
  const stored = await rows<{ value: FieldValue; n: number }>(
    tx.db,
    `select ${column} -> :key::text as value, count(*)::int as n from ${table} where ${column} -> :key::text is not null and ${own} group by 1`,
    bindings,
  );
  let unfit = 0;
  const mapping: { old: FieldValue; new: FieldValue }[] = [];
  for (const { value, n } of stored) {
    const parsed = parseValue(after, value);
    if ("error" in parsed || parsed.value === null) unfit += n;
    else if (parsed.value !== value) mapping.push({ old: value, new: parsed.value });
  }
  if (unfit > 0) throw new Invalid({ kind: "fields.kind_in_use" }, { n: unfit });
  if (mapping.length === 0) return;
  await tx.db.raw(
    `update ${table} set ${column} = jsonb_set(${column}, array[:key::text], m.new)
     from jsonb_to_recordset(:mapping::jsonb) as m(old jsonb, new jsonb) where ${column} -> :key::text = m.old and ${own}`,
    { ...bindings, mapping: json(mapping) },
  );
}
