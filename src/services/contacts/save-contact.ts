import { getFirm } from "../agents/firm.ts";
import { may } from "../agents/policy.ts";
import { listFields } from "../fields/queries.ts";
import { parseValues } from "../fields/values.ts";
import type { Context, Tx } from "../platform/context.ts";
import { json, row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { holdMerging } from "../platform/locks.ts";
import { transact } from "../platform/transact.ts";
import { lockContact } from "./lock-contact.ts";
import { parsePhone, phoneMatchKey } from "./phone.ts";
import { type Contact, getContact } from "./queries.ts";

/** Fields that people and programs write. Absent keeps, empty clears. */
export interface ContactFields {
  name?: string | undefined;
  company?: string | undefined;
  jobTitle?: string | undefined;
  email?: string | undefined;
  phone?: string | undefined;
  language?: string | undefined;
  location?: string | undefined;
  preferredChannel?: string | undefined;
  preferredHours?: string | undefined;
  doNotCall?: boolean | undefined;
  doNotContact?: boolean | undefined;
  tags?: string[] | undefined;
  /** The firm's own fields by key: absent ones keep, null or empty clears. */
  custom?: Record<string, unknown> | undefined;
}

/** The same `clientToken` again gives the same contact. @throws Forbidden; Invalid when the phone cannot be one. */
export function createContact(ctx: Context, fields: ContactFields, clientToken?: string): Promise<Contact> {
  if (!may(ctx.actor, "contacts.edit")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    await holdMerging(tx);
    const inserted = await row<{ id: number }>(
      tx.db,
      `insert into contacts (first_seen_at, created_at, name_source, client_token) values (:now, :now, 'agent', :token)
       on conflict (client_token) do nothing returning id`,
      { now: tx.now(), token: clientToken ?? null },
    );
    if (!inserted) {
      const made = await row<{ id: number }>(tx.db, "select id from contacts where client_token = ?", [
        clientToken ?? null,
      ]);
      return getContact(tx, made?.id ?? 0);
    }
    const { id } = inserted;
    await write(tx, id, fields);
    tx.record({ type: "contact.changed", contactId: id }, { act: "contact.created", contactId: id });
    return getContact(tx, id);
  });
}

/** The audit keeps what a field was and what it became. @throws NotFound, Forbidden, Invalid. */
export function updateContact(ctx: Context, contactId: number, fields: ContactFields): Promise<Contact> {
  if (!may(ctx.actor, "contacts.edit")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const id = await lockContact(tx, contactId);
    const before = await getContact(tx, id);
    const { phone, ...rest } = fields;
    // A form that shows a hidden phone sends it back as it was shown.
    const keepsPhone = !may(tx.actor, "contacts.phones") && (phone?.includes("•") ?? false);
    if (phone !== undefined && !keepsPhone && !may(tx.actor, "contacts.phones"))
      throw new Invalid({ phone: "contact.phone_hidden" });
    await write(tx, id, keepsPhone ? rest : fields);
    const after = await getContact(tx, id);
    const changes = Object.fromEntries(
      (Object.keys(fields) as (keyof ContactFields)[]).flatMap((field) =>
        JSON.stringify(before[field]) === JSON.stringify(after[field])
          ? []
          : [[field, { from: before[field], to: after[field] }]],
      ),
    );
    if (Object.keys(changes).length > 0) {
      tx.record(
        { type: "contact.changed", contactId: id },
        { act: "contact.changed", contactId: id, data: changes },
      );
    }
    return after;
  });
}

async function write(tx: Tx, id: number, fields: ContactFields): Promise<void> {
  const update: Record<string, unknown> = {};
  if (fields.name !== undefined) Object.assign(update, { name: fields.name.trim(), name_source: "agent" });
  if (fields.jobTitle !== undefined) update.job_title = fields.jobTitle.trim();
  if (fields.email !== undefined) update.email = fields.email.trim();
  if (fields.language !== undefined) update.language = fields.language.trim();
  if (fields.location !== undefined) update.location = fields.location.trim();
  if (fields.preferredChannel !== undefined) update.preferred_channel = fields.preferredChannel.trim();
  if (fields.preferredHours !== undefined) update.preferred_hours = fields.preferredHours.trim();
  if (fields.doNotCall !== undefined) update.do_not_call = fields.doNotCall;
  if (fields.doNotContact !== undefined) update.do_not_contact = fields.doNotContact;
  if (fields.custom !== undefined) {
    const changes = parseValues(await listFields(tx, null), fields.custom);
    const cleared = Object.keys(changes).filter((key) => changes[key] === null);
    update.custom = tx.db.raw("(custom || ?::jsonb) - ?::text[]", [json(changes), cleared]);
  }
  if (fields.phone !== undefined) Object.assign(update, await phoneColumns(tx, fields.phone));
  if (fields.company !== undefined) update.company_id = await companyId(tx, fields.company.trim());
  if (Object.keys(update).length > 0) await tx.db("contacts").where({ id }).update(update);
  if (fields.tags !== undefined) await writeTags(tx, id, fields.tags);
}

async function phoneColumns(tx: Tx, typed: string): Promise<Record<string, unknown>> {
  if (typed.trim() === "") return { phone: "", phone_match_key: null };
  const digits = parsePhone(typed, (await getFirm(tx.db)).country);
  if (!digits) throw new Invalid({ phone: "contact.phone_invalid" });
  return { phone: `+${digits}`, phone_match_key: phoneMatchKey(digits) };
}

async function companyId(tx: Tx, name: string): Promise<number | null> {
  if (name === "") return null;
  const company = await row<{ id: number }>(
    tx.db,
    "insert into companies (name) values (?) on conflict (name) do update set name = excluded.name returning id",
    [name],
  );
  return company?.id ?? null;
}

async function writeTags(tx: Tx, id: number, names: readonly string[]): Promise<void> {
  const clean = [...new Set(names.map((name) => name.trim()).filter(Boolean))];
  await tx.db.raw(
    `insert into tags (name) select distinct on (plain(n)) n from unnest(?::text[]) n on conflict (plain(name)) do nothing`,
    [clean],
  );
  await tx.db.raw(
    `delete from contact_tags where contact_id = :id and tag_id not in
       (select id from tags where plain(name) in (select plain(n) from unnest(:names::text[]) n))`,
    { id, names: clean },
  );
  await tx.db.raw(
    `insert into contact_tags (contact_id, tag_id)
     select :id, id from tags where plain(name) in (select plain(n) from unnest(:names::text[]) n) on conflict do nothing`,
    { id, names: clean },
  );
}
