import { visibleConversation } from "../inboxes/policy.ts";
import type { Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Conflict, NotFound } from "../platform/errors.ts";
import { holdMerging } from "../platform/locks.ts";
import { visibleTo } from "./policy.ts";

/**
 * Locks a contact, or whom they were merged into, so that what is written for them stays theirs.
 *
 * @throws NotFound also when the actor may not know of them; Conflict when they were erased.
 */
export async function lockContact(tx: Tx, id: number): Promise<number> {
  await holdMerging(tx);
  const visible = visibleTo(tx.actor);
  const found = await row<{ id: number; erased: boolean }>(
    tx.db,
    `select p.id, p.erased_at is not null as erased from contacts p
     where p.id = coalesce((select merged_into_id from contacts where id = :id), :id) and ${visible.sql} for update of p`,
    { ...visible.bindings, id },
  );
  if (!found) throw new NotFound();
  if (found.erased) throw new Conflict("privacy.is_erased");
  return found.id;
}

/**
 * Locks a contact with identities and conversations, in that order, after `lockMerging`. Who moves a customer about sees
 * all of them, unless what another team keeps goes too (`alsoHidden`).
 *
 * @throws NotFound when the actor may not know of the contact; Conflict when some of it is another team's, or erased.
 */
export async function lockWhole(
  tx: Tx,
  contactId: number,
  alsoHidden = false,
): Promise<{ mergedIntoId: number | null }> {
  const visible = visibleTo(tx.actor);
  await tx.db.raw("select id from contact_identities where contact_id = ? order by id for update", [
    contactId,
  ]);
  const contact = await row<{ mergedIntoId: number | null; erased: boolean; hidden: boolean }>(
    tx.db,
    `select p.merged_into_id as "mergedIntoId", p.erased_at is not null as erased,
       exists (select 1 from conversations vc where vc.contact_id = p.id and not (${visibleConversation(tx.actor, "vc").sql})) as hidden
     from contacts p where p.id = :contactId and ${visible.sql} for update of p`,
    { ...visible.bindings, contactId },
  );
  if (!contact) throw new NotFound();
  if (contact.erased) throw new Conflict("privacy.is_erased");
  if (contact.hidden && !alsoHidden) throw new Conflict("merges.hidden");
  await tx.db.raw("select id from conversations where contact_id = ? order by id for update", [contactId]);
  return contact;
}
