import { visibleTo } from "../contacts/policy.ts";
import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";

/** How a row names a person. */
export interface Named {
  n: number;
  matchKey: string | null;
  email: string;
}

/** Contacts of one phone or e-mail that are looked at; the limit also tells Postgres to look them up one by one. */
const mostAlike = 20;

/**
 * Whom the rows of a batch name, by row number: the phone in any spelling decides, then the e-mail. Only contacts that
 * the importing agent may see.
 */
export async function findContacts(tx: Tx, named: readonly Named[]): Promise<Map<number, number>> {
  const visible = visibleTo(tx.actor);
  const found = await rows<{ n: number; id: number }>(
    tx.db,
    `with given as (select * from jsonb_to_recordset(:named::jsonb) as g(n int, "matchKey" text, email text)),
     candidate as (
       select g.n, 1 as place, p.id from given g cross join lateral (select id from contacts
         where phone_match_key = g."matchKey" limit ${mostAlike}) p
       union all select g.n, 1, i.contact_id from given g cross join lateral (select contact_id from contact_identities
         where phone_match_key = g."matchKey" limit ${mostAlike}) i
       union all select g.n, 2, p.id from given g cross join lateral (select id from contacts
         where g.email <> '' and lower(email) = lower(g.email) and email <> '' limit ${mostAlike}) p)
     select distinct on (c.n) c.n, p.id from candidate c join contacts p on p.id = c.id
     where p.merged_into_id is null and ${visible.sql} order by c.n, c.place, p.id`,
    { ...visible.bindings, named: json(named.map(({ n, matchKey, email }) => ({ n, matchKey, email }))) },
  );
  return new Map(found.map(({ n, id }) => [n, id]));
}
