import { may } from "../agents/policy.ts";
import { lockMerging, lockWhole } from "../contacts/merging-lock.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { summariseAgain } from "./episodes.ts";
import { takeBack } from "./moves.ts";
import { getMerge, type Merge } from "./queries.ts";
import { recordRegrouping } from "./regrouping.ts";
import { giveIdentities } from "./separate.ts";
import { restore, type Snapshot } from "./snapshots.ts";

/**
 * Takes a merge back: each contact has again what was theirs, and what was said since goes to whoever said it. What
 * somebody changed by hand since stays changed.
 *
 * @throws NotFound, Forbidden; Conflict when it was undone, or the kept contact was merged into somebody since:
 * that one has to be undone first.
 */
export function undoMerge(ctx: Context, contactId: number, mergeId: number): Promise<Merge> {
  if (!may(ctx.actor, "converse")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    await lockMerging(tx);
    const merge = await getMerge(tx, mergeId);
    const { keptId, mergedId } = merge;
    if (contactId !== keptId && contactId !== mergedId) throw new NotFound();
    if (merge.undoneAt) throw new Conflict("merges.undone");
    for (const id of [keptId, mergedId].sort((a, b) => a - b)) {
      const { mergedIntoId } = await lockWhole(tx, id);
      if (mergedIntoId !== null && id === keptId) throw new Conflict("merges.undo_later_first");
    }
    const journal = await row<{ snapshots: Snapshot[] }>(
      tx.db,
      "select snapshots from contact_merges where id = ?",
      [mergeId],
    );
    const snapshots = journal?.snapshots ?? [];
    const joined = snapshots.filter(({ table }) => table === "conversations").map(({ id }) => id);
    const changedSince = await changedSinceMerge(tx, snapshots);
    await dropCopiedDrafts(tx, joined);
    await takeBack(tx, mergeId, { keptId, mergedId });
    await restore(tx, snapshots);
    await endWithSurvivor(tx, snapshots);
    await tx.db("contacts").where({ id: mergedId }).update({ merged_into_id: null });
    const touched = [
      ...(await giveIdentities(tx, {
        from: keptId,
        to: mergedId,
        identityIds: await identitiesOf(tx, mergedId),
      })),
      ...(await giveIdentities(tx, {
        from: mergedId,
        to: keptId,
        identityIds: await identitiesOf(tx, keptId),
      })),
    ];
    await summariseAgain(tx, changedSince);
    await tx
      .db("contact_merges")
      .where({ id: mergeId })
      .update({ undone_at: tx.now(), undone_by_id: tx.actor.kind === "agent" ? tx.actor.id : null });
    recordRegrouping(tx, "contact.unmerged", { keptId, otherId: mergedId, mergeId }, [...joined, ...touched]);
    return getMerge(tx, mergeId);
  });
}

async function identitiesOf(tx: Tx, contactId: number): Promise<number[]> {
  const found = await rows<{ id: number }>(tx.db, "select id from contact_identities where contact_id = ?", [
    contactId,
  ]);
  return found.map(({ id }) => id);
}

/** Joined conversations in which something happened since: what lists show of them has to be found again. */
async function changedSinceMerge(tx: Tx, snapshots: readonly Snapshot[]): Promise<number[]> {
  const conversations = snapshots.filter(({ table }) => table === "conversations");
  const now = await rows<{ id: number; at: string }>(
    tx.db,
    "select id, to_jsonb(last_activity_at) #>> '{}' as at from conversations where id = any(:ids::bigint[])",
    { ids: conversations.map(({ id }) => id) },
  );
  const changed = now.some(
    ({ id, at }) => conversations.find((one) => one.id === id)?.after.last_activity_at !== at,
  );
  return changed ? conversations.map(({ id }) => id) : [];
}

/** A draft that was copied when conversations met goes, unless somebody wrote on. */
async function dropCopiedDrafts(tx: Tx, joined: readonly number[]): Promise<void> {
  await tx.db.raw(
    `delete from drafts s using conversations e, drafts d
     where e.id = any(:joined::bigint[]) and e.merged_into_id = s.conversation_id and d.conversation_id = e.id
       and (d.agent_id, d.kind, d.text, d.updated_at) = (s.agent_id, s.kind, s.text, s.updated_at)`,
    { joined: [...joined] },
  );
}

/** What ended in a conversation that was resolved since is resolved like it. */
async function endWithSurvivor(tx: Tx, snapshots: readonly Snapshot[]): Promise<void> {
  for (const { table, id, after } of snapshots) {
    if (table !== "conversations" || !after.merged_into_id) continue;
    await tx.db.raw(
      `update conversations e set status = 'resolved', resolved_at = s.resolved_at, resolved_by_id = s.resolved_by_id,
         snoozed_until = null, waiting_since = null, unread_count = 0
       from conversations s where e.id = :id and s.id = :survivorId and s.status = 'resolved'`,
      { id, survivorId: after.merged_into_id },
    );
  }
}
