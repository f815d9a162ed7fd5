import { getFirm } from "../agents/firm.ts";
import { may } from "../agents/policy.ts";
import { lockContact } from "../contacts/lock-contact.ts";
import type { CustomField, FieldValues } from "../fields/types.ts";
import { parseValues, withValues } from "../fields/values.ts";
import type { Context, Tx } from "../platform/context.ts";
import { json, row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { type ContactRecord, getRecord, getRecordType } from "./queries.ts";

/**
 * Stores a record under its own id: the same again changes nothing. Values that are absent keep, empty ones clear.
 *
 * @throws NotFound, Forbidden; Invalid (`custom.<key>` → why) when a value does not fit, or the title is missing.
 */
export function saveRecord(
  ctx: Context,
  ownerId: number,
  typeId: number,
  externalId: string,
  values: Record<string, unknown>,
): Promise<ContactRecord> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "contacts.edit")) throw new Forbidden();
    const contactId = await lockContact(tx, ownerId);
    const type = await getRecordType(tx, typeId);
    const before = await row<{ id: number; values: FieldValues }>(
      tx.db,
      "select id, values from records where contact_id = ? and record_type_id = ? and external_id = ?",
      [contactId, typeId, externalId],
    );
    if (!before && type.archivedAt) throw new Invalid({ type: "records.type_archived" });
    const next = withValues(before?.values ?? {}, parseValues(type.fields, values));
    const saved = await row<{ id: number }>(
      tx.db,
      `insert into records (contact_id, record_type_id, external_id, title, at, state, values, created_by_id, created_at, updated_at)
       values (:contactId, :typeId, :externalId, :title, coalesce(:at::timestamptz, :now::timestamptz), :state, :values, :agentId, :now, :now)
       on conflict (contact_id, record_type_id, external_id) do update set title = excluded.title,
         at = coalesce(:at::timestamptz, records.created_at), state = excluded.state, values = excluded.values, updated_at = excluded.updated_at
       returning id`,
      {
        contactId,
        typeId,
        externalId,
        title: titleOf(type.fields, next, type.name),
        at: await timeOf(tx, type.fields, next),
        state: stateOf(type.fields, next),
        values: json(next),
        agentId: tx.actor.kind === "agent" ? tx.actor.id : null,
        now: tx.now(),
      },
    );
    if (!saved) throw new Error("a record was not stored");
    tx.record(
      { type: "contact.changed", contactId },
      { act: before ? "record.changed" : "record.added", contactId, data: { recordId: saved.id, typeId } },
    );
    return getRecord(tx, contactId, saved.id);
  });
}

/** @throws NotFound, Forbidden. */
export function deleteRecord(ctx: Context, ownerId: number, id: number): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "contacts.edit")) throw new Forbidden();
    const contactId = await lockContact(tx, ownerId);
    const { recordTypeId } = await getRecord(tx, contactId, id);
    await tx.db("records").where({ id }).delete();
    tx.record(
      { type: "contact.changed", contactId },
      { act: "record.deleted", contactId, data: { recordId: id, typeId: recordTypeId } },
    );
  });
}

const placed = (fields: readonly CustomField[], place: CustomField["place"]) =>
  fields.find((one) => one.place === place);

function titleOf(fields: readonly CustomField[], values: FieldValues, fallback: string): string {
  const field = placed(fields, "title");
  if (!field) return fallback;
  const title = String(values[field.key] ?? "").slice(0, 200);
  if (title === "") throw new Invalid({ [`custom.${field.key}`]: "records.title_missing" });
  return title;
}

const stateOf = (fields: readonly CustomField[], values: FieldValues): string =>
  String(values[placed(fields, "state")?.key ?? ""] ?? "").slice(0, 200);

/** A day is its noon in the firm's zone, so that it is the same day for everybody near; null without one. */
async function timeOf(tx: Tx, fields: readonly CustomField[], values: FieldValues): Promise<Date | null> {
  const value = values[placed(fields, "date")?.key ?? ""];
  if (typeof value !== "string") return null;
  const { timeZone } = await getFirm(tx.db);
  const time = Temporal.PlainDateTime.from(value.includes("T") ? value : `${value}T12:00`);
  return new Date(time.toZonedDateTime(timeZone).epochMilliseconds);
}
