import { getFirm } from "../agents/firm.ts";
import { parsePhone, phoneMatchKey } from "../contacts/phone.ts";
import { listFields } from "../fields/queries.ts";
import type { CustomField, FieldValue } from "../fields/types.ts";
import { parseValue } from "../fields/values.ts";
import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import { holdMerging, lockStrangers } from "../platform/locks.ts";
import type { MessageKey } from "../platform/message-key.ts";
import { findContacts } from "./find-contacts.ts";
import type { Import, ImportFault, ImportRow, Outcome } from "./types.ts";

interface Given {
  n: number;
  name: string;
  phone: string;
  matchKey: string | null;
  email: string;
  company: string;
  jobTitle: string;
  location: string;
  language: string;
  preferredChannel: string;
  preferredHours: string;
  doNotCall: boolean | null;
  tags: string[];
  custom: Record<string, FieldValue>;
}

const longest: Record<string, number> = {
  name: 200,
  email: 254,
  company: 160,
  jobTitle: 120,
  location: 160,
  language: 20,
  preferredChannel: 60,
  preferredHours: 120,
  tags: 400,
};
/** As the forms of a card take it: something, an @, a domain with a dot. */
const mail = /^[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]+$/;

/**
 * A batch of contacts in a fixed number of statements. A row is somebody known if its phone, in any spelling, or its
 * e-mail is; then what it says is written over the card, or it is left out, as the import says.
 */
export async function importContacts(
  tx: Tx,
  one: Import,
  batch: readonly ImportRow[],
  writes: boolean,
): Promise<Outcome> {
  const { country } = await getFirm(tx.db);
  const own = await listFields(tx, null);
  const faults: ImportFault[] = [];
  const given = batch.flatMap((row) => read(row, country, own, faults) ?? []);
  const distinct = together(given, keysOf);
  await holdMerging(tx);
  if (writes) await lockStrangers(tx, distinct.flatMap(keysOf));
  const known = await findContacts(tx, distinct);
  // One row may name somebody by their phone and another by their e-mail.
  const people = together(distinct, ({ n }) => (known.has(n) ? [String(known.get(n))] : []));
  const fresh = people.filter(({ n }) => !known.has(n));
  const familiar = people.filter(({ n }) => known.has(n));
  const repeated = given.length - people.length;
  const isUpdate = one.onDuplicate === "update";
  if (writes) {
    const made = await insert(tx, one, fresh);
    for (const [n, id] of made) known.set(n, id);
    if (isUpdate) await update(tx, familiar, known);
    const written = isUpdate ? people : fresh;
    await writeTags(tx, written, known);
    for (const { n } of written) {
      tx.record(null, {
        act: "contact.imported",
        contactId: known.get(n) ?? null,
        data: { importId: one.id },
      });
    }
  }
  return {
    created: fresh.length,
    updated: isUpdate ? familiar.length + repeated : 0,
    skipped: isUpdate ? 0 : familiar.length + repeated,
    faults,
  };
}

/** @returns null when something is wrong with it; the faults say what. */
function read(
  { n, values }: ImportRow,
  country: string,
  own: readonly CustomField[],
  faults: ImportFault[],
): Given | null {
  const before = faults.length;
  const wrong = (field: string, reason: MessageKey) =>
    faults.push({ n, field, reason, value: values[field] ?? "" });
  for (const [field, most] of Object.entries(longest)) {
    if ((values[field] ?? "").length > most) wrong(field, "imports.too_long");
  }
  const digits = values.phone ? parsePhone(values.phone, country) : null;
  if (values.phone && !digits) wrong("phone", "contact.phone_invalid");
  if (values.email && !mail.test(values.email)) wrong("email", "agents.email_invalid");
  const flag = values.doNotCall
    ? parseValue({ kind: "boolean", options: [] }, values.doNotCall)
    : { value: null };
  if ("error" in flag) wrong("doNotCall", flag.error);
  const custom: Record<string, FieldValue> = {};
  for (const field of own) {
    const name = `custom.${field.key}`;
    const parsed = parseValue(field, values[name]);
    if ("error" in parsed) wrong(name, parsed.error);
    else if (parsed.value !== null) custom[field.key] = parsed.value;
  }
  const tags = (values.tags ?? "")
    .split(/[,;|]/)
    .map((tag) => tag.trim())
    .filter(Boolean);
  if (tags.some((tag) => tag.length > 60)) wrong("tags", "tags.length");
  if (!values.name && !digits && !values.email && faults.length === before) wrong("name", "imports.nobody");
  if (faults.length > before) return null;
  const text = (field: string) => values[field] ?? "";
  return {
    n,
    name: text("name"),
    phone: digits ? `+${digits}` : "",
    matchKey: digits ? phoneMatchKey(digits) : null,
    email: text("email"),
    company: text("company"),
    jobTitle: text("jobTitle"),
    location: text("location"),
    language: text("language"),
    preferredChannel: text("preferredChannel"),
    preferredHours: text("preferredHours"),
    doNotCall: "error" in flag ? null : (flag.value as boolean | null),
    tags,
    custom,
  };
}

/** By what a row names a person. */
const keysOf = ({ matchKey, email }: Given): string[] =>
  [matchKey, email.toLowerCase()].filter((key): key is string => Boolean(key));

/** Rows of one person are one: what a later one says stands over an earlier one. */
function together(given: readonly Given[], keys: (one: Given) => string[]): Given[] {
  const byKey = new Map<string, Given>();
  const people = new Set<Given>();
  for (const one of given) {
    const same = keys(one).flatMap((key) => byKey.get(key) ?? [])[0];
    if (same) {
      for (const [field, value] of Object.entries(one)) {
        if (field === "n" || value === "" || value === null) continue;
        if (field === "custom") Object.assign(same.custom, value);
        else if (field === "tags") same.tags = [...new Set([...same.tags, ...one.tags])];
        else Object.assign(same, { [field]: value });
      }
    } else people.add(one);
    for (const key of keys(one)) byKey.set(key, same ?? one);
  }
  return [...people];
}

const givenSet = `jsonb_to_recordset(:people::jsonb) as g(n int, id bigint, name text, phone text, "matchKey" text, email text, company text,
  "jobTitle" text, location text, language text, "preferredChannel" text, "preferredHours" text, "doNotCall" boolean, custom jsonb)`;

async function storeCompanies(tx: Tx, people: readonly Given[]): Promise<void> {
  const names = [...new Set(people.map(({ company }) => company).filter(Boolean))].sort();
  if (names.length === 0) return;
  await tx.db.raw("insert into companies (name) select unnest(?::text[]) on conflict (name) do nothing", [
    names,
  ]);
}

async function insert(tx: Tx, one: Import, people: readonly Given[]): Promise<Map<number, number>> {
  if (people.length === 0) return new Map();
  await storeCompanies(tx, people);
  const made = await rows<{ n: number; id: number }>(
    tx.db,
    `with given as (select g.*, row_number() over (order by g.n) as place from ${givenSet}),
     made as (insert into contacts (name, name_source, phone, phone_match_key, email, company_id, job_title, location, language,
         preferred_channel, preferred_hours, do_not_call, custom, first_seen_at, created_at)
       select g.name, case when g.name = '' then 'provider' else 'agent' end, g.phone, g."matchKey", g.email, co.id, g."jobTitle", g.location, g.language,
         g."preferredChannel", g."preferredHours", coalesce(g."doNotCall", false), g.custom, :now, :now
       from given g left join companies co on co.name = g.company order by g.place returning id),
     numbered as (select id, row_number() over (order by id) as place from made)
     select g.n, numbered.id from given g join numbered using (place)`,
    { people: json(people), now: one.createdAt },
  );
  return new Map(made.map(({ n, id }) => [n, id]));
}

async function update(tx: Tx, people: readonly Given[], known: ReadonlyMap<number, number>): Promise<void> {
  if (people.length === 0) return;
  await storeCompanies(tx, people);
  const ids = people.flatMap(({ n }) => known.get(n) ?? []);
  await tx.db.raw("select id from contacts where id = any(?::bigint[]) order by id for update", [ids]);
  const over = (column: string, field: string) =>
    `${column} = coalesce(nullif(g."${field}", ''), p.${column})`;
  await tx.db.raw(
    `update contacts p set ${over("name", "name")}, name_source = case when g.name = '' then p.name_source else 'agent' end,
       ${over("email", "email")}, ${over("job_title", "jobTitle")}, ${over("location", "location")}, ${over("language", "language")},
       ${over("preferred_channel", "preferredChannel")}, ${over("preferred_hours", "preferredHours")},
       phone = case when g.phone = '' then p.phone else g.phone end,
       phone_match_key = coalesce(g."matchKey", p.phone_match_key), company_id = coalesce(co.id, p.company_id),
       do_not_call = coalesce(g."doNotCall", p.do_not_call), custom = p.custom || g.custom
     from ${givenSet} left join companies co on co.name = g.company where p.id = g.id`,
    { people: json(people.map((one) => ({ ...one, id: known.get(one.n) }))) },
  );
}

/** Tags are added, never taken: a list of one purpose says nothing of the others. */
async function writeTags(
  tx: Tx,
  people: readonly Given[],
  known: ReadonlyMap<number, number>,
): Promise<void> {
  const pairs = people.flatMap(({ n, tags }) => tags.map((name) => ({ id: known.get(n), name })));
  if (pairs.length === 0) return;
  await tx.db.raw(
    `insert into tags (name) select distinct on (plain(name)) name from unnest(?::text[]) name order by plain(name) on conflict (plain(name)) do nothing`,
    [[...new Set(pairs.map(({ name }) => name))]],
  );
  await tx.db.raw(
    `insert into contact_tags (contact_id, tag_id) select g.id, t.id from jsonb_to_recordset(?::jsonb) as g(id bigint, name text)
       join tags t on plain(t.name) = plain(g.name) on conflict do nothing`,
    [json(pairs)],
  );
}
