import type { Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { visibleTo } from "./policy.ts";

/**
 * Who merges or separates contacts is alone with it: no batch of messages comes in between, or it would be stored
 * with whom it found. Ends with the transaction.
 */
export async function lockMerging(tx: Tx): Promise<void> {
  await tx.db.raw("select pg_advisory_xact_lock(?)", [mergingLock]);
}

/** Taken by whatever finds a contact and writes for them without holding their row: merging waits for it. */
export async function holdMerging(tx: Tx): Promise<void> {
  await tx.db.raw("select pg_advisory_xact_lock_shared(?)", [mergingLock]);
}

const mergingLock = 7_446_504;

/**
 * Two batches that meet the same stranger make one contact: the second waits here and then finds them.
 *
 * @param keys match keys of phones, other ids, e-mails; the order does not matter.
 */
export async function lockStrangers(tx: Tx, keys: readonly string[]): Promise<void> {
  await tx.db.raw("select pg_advisory_xact_lock(7446502, hashtext(key)) from unnest(?::text[]) key", [
    [...new Set(keys)].sort(),
  ]);
}

/**
 * Locks a contact, or whom they were merged into, so that what is written for them stays theirs.
 *
 * @throws NotFound also when the actor may not know of them.
 */
export async function lockContact(tx: Tx, id: number): Promise<number> {
  await holdMerging(tx);
  const visible = visibleTo(tx.actor);
  const found = await row<{ id: number }>(
    tx.db,
    `select p.id from contacts p
     where p.id = coalesce((select merged_into_id from contacts where id = :id), :id) and ${visible.sql} for update of p`,
    { ...visible.bindings, id },
  );
  if (!found) throw new NotFound();
  return found.id;
}

/** Locks a contact with identities and conversations, in that order. @throws NotFound also when the actor may not know of them. */
export async function lockWhole(tx: Tx, contactId: number): Promise<{ mergedIntoId: number | null }> {
  const visible = visibleTo(tx.actor);
  await tx.db.raw("select id from contact_identities where contact_id = ? order by id for update", [
    contactId,
  ]);
  const contact = await row<{ mergedIntoId: number | null }>(
    tx.db,
    `select p.merged_into_id as "mergedIntoId" from contacts p where p.id = :contactId and ${visible.sql} for update of p`,
    { ...visible.bindings, contactId },
  );
  if (!contact) throw new NotFound();
  await tx.db.raw("select id from conversations where contact_id = ? order by id for update", [contactId]);
  return contact;
}
