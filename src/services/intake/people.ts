import { phoneLookupKey } from "../contacts/phone.ts";
import type { Channel } from "../inboxes/types.ts";
import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import { lockStrangers } from "../platform/locks.ts";
import type { IdentityChange, Person } from "./types.ts";

/** A person as stored: whose they are, and the identity that replies go to. */
export interface KnownPerson {
  contactId: number;
  identityId: number;
}

/** The strongest id names the person within a batch. */
export const personKey = (person: Person): string => person.ids[0]?.externalId ?? "";

interface IdentityRow {
  id: number;
  contact_id: number;
  external_id: string;
}

/**
 * Moves identities as the provider says: a phone to a phone, a user id to a user id. When the new id is taken
 * already, the old one stays where it is, for two contacts are never merged by a guess. The contact's own phone
 * follows its identity, or the next owner of the old number would be taken for them.
 *
 * @param changes only those that were not told before.
 */
export async function moveIdentities(
  tx: Tx,
  channel: Channel,
  changes: readonly IdentityChange[],
): Promise<void> {
  const moves = changes.flatMap(({ from, to }) =>
    from.flatMap((old) => {
      const next = to.find(({ kind }) => kind === old.kind);
      return next
        ? [{ from: old.externalId, to: next.externalId, key: next.phoneMatchKey, oldKey: old.phoneMatchKey }]
        : [];
    }),
  );
  if (moves.length === 0) return;
  const moved = await rows<{ contact_id: number }>(
    tx.db,
    `with moved as (
       update contact_identities i set external_id = m."to", phone_match_key = m.key, send_alternate = null, display = ''
       from (select distinct on ("to") * from jsonb_to_recordset(:moves::jsonb)
               as m("from" text, "to" text, key text, "oldKey" text) order by "to") m
       where i.channel = :channel and i.external_id = m."from"
         and not exists (select 1 from contact_identities taken where taken.channel = :channel and taken.external_id = m."to")
       returning i.contact_id, m."to", m.key, m."oldKey"),
     phones as (
       update contacts p set phone = '+' || moved."to", phone_match_key = moved.key from moved
       where p.id = moved.contact_id and moved.key is not null and p.phone_match_key = moved."oldKey")
     select contact_id from moved`,
    { channel, moves: json(moves) },
  );
  for (const { contact_id } of moved) {
    tx.record(
      { type: "contact.changed", contactId: contact_id },
      { act: "contact.identity_moved", contactId: contact_id },
    );
  }
}

/**
 * Everyone in a batch once, with all the ids that the batch gives them: two messages that share an id are of one
 * person, whatever else each of them leaves out.
 */
function gather(people: readonly Person[]): Person[] {
  const groups = new Map<string, Person>();
  for (const person of people) {
    const known = [...new Set(person.ids.flatMap((id) => groups.get(id.externalId) ?? []))];
    const all = [...known, person];
    const ids = new Map(all.flatMap((one) => one.ids).map((id) => [id.externalId, id]));
    const group: Person = {
      ids: [...ids.values()].sort((a, b) => Number(a.kind === "user_id") - Number(b.kind === "user_id")),
      name: all.findLast(({ name }) => name !== "")?.name ?? "",
      display: all.findLast(({ display }) => display !== "")?.display ?? "",
    };
    for (const id of group.ids) groups.set(id.externalId, group);
  }
  return [...new Set(groups.values())];
}

/**
 * Finds or makes the contact of everyone in a batch.
 *
 * A phone that is known wins over a user id that is known, and both over another spelling of the phone; what is
 * new is attached to whom was found. Two contacts that turn out to be one are left for a person to merge.
 *
 * @returns by `personKey`.
 */
export async function knowPeople(
  tx: Tx,
  channel: Channel,
  people: readonly Person[],
): Promise<Map<string, KnownPerson>> {
  const distinct = gather(people);
  const exact = await findIdentities(tx, channel, distinct);
  const strangers = distinct.filter((person) => person.ids.some((id) => !exact.has(id.externalId)));
  if (strangers.length > 0) {
    const ids = strangers.flatMap((person) => person.ids);
    await lockStrangers(
      tx,
      ids.map((id) => id.phoneMatchKey ?? id.externalId),
    );
    for (const [id, identity] of await findIdentities(tx, channel, strangers)) exact.set(id, identity);
    await attachIdentities(tx, channel, strangers, exact);
  }
  await updateNames(tx, distinct, exact);
  const known = new Map<string, KnownPerson>();
  for (const person of people) {
    const identity = exact.get(personKey(person));
    if (identity) known.set(personKey(person), { contactId: identity.contact_id, identityId: identity.id });
  }
  return known;
}

async function findIdentities(
  tx: Tx,
  channel: Channel,
  people: readonly Person[],
): Promise<Map<string, IdentityRow>> {
  const ids = people.flatMap((person) => person.ids.map((id) => id.externalId));
  const found = await rows<IdentityRow>(
    tx.db,
    "select id, contact_id, external_id from contact_identities where channel = :channel and external_id = any(:ids::text[])",
    { channel, ids },
  );
  return new Map(found.map((identity) => [identity.external_id, identity]));
}

/** Decides whose the new ids are, makes contacts for nobody's, and stores the ids: three statements a batch. */
async function attachIdentities(
  tx: Tx,
  channel: Channel,
  people: readonly Person[],
  exact: Map<string, IdentityRow>,
): Promise<void> {
  const bySpelling = await findBySpelling(tx, people);
  const owner = new Map<string, number>();
  const nobodys: Person[] = [];
  const newKeys = new Map<string, Person>();
  for (const person of people) {
    const known = person.ids.flatMap((id) => exact.get(id.externalId)?.contact_id ?? [])[0];
    const keys = person.ids.flatMap((id) => lookupKey(id.externalId, id.kind) ?? []);
    const spelled = keys.flatMap((key) => bySpelling.get(key) ?? [])[0];
    const contactId = known ?? spelled;
    if (contactId !== undefined) owner.set(personKey(person), contactId);
    else if (!keys.some((key) => newKeys.has(key))) nobodys.push(person);
    for (const key of keys) if (!newKeys.has(key)) newKeys.set(key, person);
  }
  const made = await rows<{ id: number; key: string }>(
    tx.db,
    `with given as (select *, row_number() over (order by key) as position
       from jsonb_to_recordset(:people::jsonb) as p(key text, name text, phone text, "matchKey" text)),
     made as (insert into contacts (name, phone, phone_match_key, first_seen_at)
       select name, phone, "matchKey", :now from given order by position returning id),
     numbered as (select id, row_number() over (order by id) as position from made)
     select numbered.id, given.key from given join numbered using (position)`,
    { people: json(nobodys.map(newContact)), now: tx.now() },
  );
  for (const { id, key } of made) owner.set(key, id);
  for (const person of people) {
    const twin = person.ids.flatMap((id) => newKeys.get(lookupKey(id.externalId, id.kind) ?? "") ?? [])[0];
    const contactId = twin && owner.get(personKey(twin));
    if (!owner.has(personKey(person)) && contactId !== undefined) owner.set(personKey(person), contactId);
  }
  const fresh = people.flatMap((person) =>
    person.ids
      .filter((id) => !exact.has(id.externalId))
      .map((id) => ({ ...id, display: person.display, contactId: owner.get(personKey(person)) })),
  );
  const inserted = await rows<IdentityRow>(
    tx.db,
    `insert into contact_identities (contact_id, channel, external_id, kind, phone_match_key, display, verified_at)
     select "contactId", :channel, "externalId", kind, "phoneMatchKey", display, :now
     from jsonb_to_recordset(:fresh::jsonb)
       as f("contactId" bigint, "externalId" text, kind text, "phoneMatchKey" text, display text)
     order by "externalId" on conflict (channel, external_id) do update set external_id = excluded.external_id
     returning id, contact_id, external_id`,
    { channel, fresh: json(distinctBy(fresh, (id) => id.externalId)), now: tx.now() },
  );
  for (const identity of inserted) exact.set(identity.external_id, identity);
}

function newContact(person: Person) {
  const phone = person.ids.find((id) => id.kind === "phone");
  return {
    key: personKey(person),
    name: person.name,
    phone: phone ? `+${phone.externalId}` : "",
    matchKey: phone?.phoneMatchKey ?? null,
  };
}

const lookupKey = (externalId: string, kind: string): string | null =>
  kind === "phone" ? phoneLookupKey(externalId) : null;

/** Contacts that have the same phone in another spelling, by match key; none where two contacts share it. */
async function findBySpelling(tx: Tx, people: readonly Person[]): Promise<Map<string, number>> {
  const keys = people.flatMap((person) =>
    person.ids.flatMap((id) => lookupKey(id.externalId, id.kind) ?? []),
  );
  if (keys.length === 0) return new Map();
  const found = await rows<{ key: string; contact_id: number }>(
    tx.db,
    `select key, min(contact_id) as contact_id from (
       select phone_match_key as key, contact_id from contact_identities where phone_match_key = any(:keys::text[])
       union select phone_match_key, coalesce(merged_into_id, id) from contacts where phone_match_key = any(:keys::text[])) same
     group by key having count(distinct contact_id) = 1`,
    { keys },
  );
  return new Map(found.map(({ key, contact_id }) => [key, contact_id]));
}

/** The provider's name replaces an older one of the provider's, never one that an agent wrote. */
async function updateNames(
  tx: Tx,
  people: readonly Person[],
  exact: ReadonlyMap<string, IdentityRow>,
): Promise<void> {
  const names = people.flatMap((person) => {
    const contactId = exact.get(personKey(person))?.contact_id;
    return person.name && contactId !== undefined ? [{ contactId, name: person.name }] : [];
  });
  if (names.length === 0) return;
  const renamed = await rows<{ id: number }>(
    tx.db,
    `update contacts c set name = n.name
     from (select distinct on ("contactId") "contactId", name from jsonb_to_recordset(:names::jsonb)
             as n("contactId" bigint, name text) order by "contactId") n
     where c.id = n."contactId" and c.name_source = 'provider' and c.name is distinct from n.name returning c.id`,
    { names: json(names) },
  );
  for (const { id } of renamed) tx.record({ type: "contact.changed", contactId: id });
}

function distinctBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()];
}
