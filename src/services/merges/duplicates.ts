import { may } from "../agents/policy.ts";
import { visibleTo } from "../contacts/policy.ts";
import { getContact } from "../contacts/queries.ts";
import { shownPhone } from "../contacts/shown.ts";
import type { Context, Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** Why two contacts may be one. */
export type Likeness = "phone" | "email" | "name_and_company" | "name";

/** Somebody who may be the same person, with every reason. */
export interface Duplicate {
  id: number;
  name: string;
  phone: string;
  email: string;
  company: string;
  reasons: Likeness[];
}

const most = 5;
/** Looked at of each kind; the limit also tells Postgres to look them up. */
const mostAlike = 50;
/** A full name says something; one word is shared by too many. */
const fullName = "'\\S\\s+\\S'";

/**
 * Contacts that look like this one: the same phone in any form, the same e-mail, the same name and company, or the same
 * full name. A guess, never acted on by itself; whom somebody called another person is not suggested again.
 */
export function listDuplicates(ctx: Reader, contactId: number): Promise<Duplicate[]> {
  const visible = visibleTo(ctx.actor);
  return rows(
    ctx.db,
    `with self as (select id, name, email, company_id from contacts where id = :contactId),
     keys as (select phone_match_key as key from contacts where id = :contactId and phone_match_key is not null
       union select phone_match_key from contact_identities where contact_id = :contactId and phone_match_key is not null),
     alike as (
       select p.id, 'phone' as reason, 1 as place from contacts p where p.phone_match_key in (select key from keys)
       union select i.contact_id, 'phone', 1 from contact_identities i where i.phone_match_key in (select key from keys)
       union select p.id, 'email', 2 from self cross join lateral (select id from contacts
         where self.email <> '' and email <> '' and lower(email) = lower(self.email) limit ${mostAlike}) p
       union select p.id, case when p.company_id = self.company_id then 'name_and_company' else 'name' end,
           case when p.company_id = self.company_id then 3 else 4 end
         from self cross join lateral (select id, company_id from contacts
           where self.name ~ ${fullName} and plain(name) = plain(self.name) limit ${mostAlike}) p)
     select p.id, p.name, ${shownPhone(ctx.actor, "p.phone")} as phone, p.email, coalesce(co.name, '') as company,
       array_agg(distinct alike.reason) as reasons
     from alike join contacts p on p.id = alike.id left join companies co on co.id = p.company_id
     where p.id <> :contactId and p.merged_into_id is null and ${visible.sql}
       and not exists (select 1 from contact_distinctions d
         where d.lower_id = least(p.id, :contactId::bigint) and d.higher_id = greatest(p.id, :contactId::bigint))
     group by p.id, co.name order by min(alike.place), p.id limit ${most}`,
    { ...visible.bindings, contactId },
  );
}

/** These two are two people: they are not suggested again. Saying it twice changes nothing. @throws NotFound, Forbidden. */
export function distinguish(ctx: Context, contactId: number, otherId: number): Promise<void> {
  if (!may(ctx.actor, "contacts.merge")) throw new Forbidden();
  if (contactId === otherId) throw new Conflict("merges.itself");
  return transact(ctx, async (tx) => {
    const { id } = await getContact(tx, contactId);
    const other = await getContact(tx, otherId);
    const said = await rows(
      tx.db,
      `insert into contact_distinctions (lower_id, higher_id, agent_id) values (least(:id::bigint, :other::bigint), greatest(:id::bigint, :other::bigint), :agentId)
       on conflict do nothing returning lower_id`,
      { id, other: other.id, agentId: tx.actor.kind === "agent" ? tx.actor.id : null },
    );
    if (said.length > 0)
      tx.record(null, { act: "contact.distinguished", contactId: id, data: { otherId: other.id } });
  });
}
