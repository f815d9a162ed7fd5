import type { Tx } from "./context.ts";

const mergingLock = 7_446_504;

/**
 * Whoever moves customers' rows about (merging, separating, erasing, joining companies, changing what a field holds) is
 * alone with it: no batch of messages and no other writer comes in between. Taken first; ends with the transaction.
 */
export async function lockMerging(tx: Tx): Promise<void> {
  await tx.db.raw("select pg_advisory_xact_lock(?)", [mergingLock]);
}

/** Taken, first, by whatever finds a contact and writes for them: merging waits for it, and it for merging. */
export async function holdMerging(tx: Tx): Promise<void> {
  await tx.db.raw("select pg_advisory_xact_lock_shared(?)", [mergingLock]);
}

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
