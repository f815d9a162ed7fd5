import { may } from "../agents/policy.ts";
import { lockWhole } from "../contacts/lock-contact.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, NotFound } from "../platform/errors.ts";
import { lockMerging } from "../platform/locks.ts";
import { transact } from "../platform/transact.ts";
import { summariseAgain } from "./episodes.ts";
import { takeBack } from "./moves.ts";
import { getMerge, type Merge } from "./queries.ts";
import { recordRegrouping } from "./regrouping.ts";
import { findOpen, giveIdentities } from "./separate.ts";
import { isChanged, look, restore, type Snapshot } from "./snapshots.ts";

/**
 * Takes a merge back: each contact has again what was theirs, and what was said since goes to whoever said it. What
 * somebody changed by hand since stays changed.
 *
 * @throws NotFound, Forbidden; Conflict when it was undone, or the kept contact was merged into somebody since:
 * that one has to be undone first.
 */
export function undoMerge(ctx: Context, contactId: number, mergeId: number): Promise<Merge> {
  if (!may(ctx.actor, "contacts.merge")) throw new Forbidden();
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
    const conversations = snapshots.filter(({ table }) => table === "conversations");
    const joined = conversations.map(({ id }) => id);
    const now = await look(tx, "conversations", joined);
    const changedSince = conversations.some((one) => isChanged(one, now.get(one.id)));
    await dropCopiedDrafts(tx, joined);
    await takeBack(tx, mergeId, { keptId, mergedId });
    const survivors = changedSince ? conversations.filter(({ after }) => !after.merged_into_id) : [];
    const staying = new Set([
      ...survivors.map(({ id }) => id),
      ...(await stayEnded(tx, conversations, mergedId)),
    ]);
    await restore(tx, snapshots, staying);
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
    if (changedSince) await summariseAgain(tx, joined);
    await tx
      .db("contact_merges")
      .where({ id: mergeId })
      .update({ undone_at: tx.now(), undone_by_id: tx.actor.kind === "agent" ? tx.actor.id : null });
    await recordRegrouping(tx, "contact.unmerged", { keptId, otherId: mergedId, mergeId }, [
      ...joined,
      ...touched,
    ]);
    return getMerge(tx, mergeId);
  });
}

async function identitiesOf(tx: Tx, contactId: number): Promise<number[]> {
  const found = await rows<{ id: number }>(tx.db, "select id from contact_identities where contact_id = ?", [
    contactId,
  ]);
  return found.map(({ id }) => id);
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

/**
 * Conversations that ended in another and cannot be open again: the other was resolved since, nothing of theirs came
 * back, or their contact has another open one by now, which takes their messages.
 */
async function stayEnded(tx: Tx, conversations: readonly Snapshot[], contactId: number): Promise<number[]> {
  const ended: number[] = [];
  for (const { id, after } of conversations) {
    if (!after.merged_into_id) continue;
    const found = await row<{
      survivorResolvedAt: Date | null;
      hasMessages: boolean;
      isolatedInboxId: number | null;
    }>(
      tx.db,
      `select s.resolved_at as "survivorResolvedAt", e.isolated_inbox_id as "isolatedInboxId",
         exists (select 1 from messages m where m.conversation_id = e.id and m.shown) as "hasMessages"
       from conversations e join conversations s on s.id = :survivorId where e.id = :id`,
      { id, survivorId: after.merged_into_id },
    );
    const other = await findOpen(tx, contactId, found?.isolatedInboxId ?? null);
    if (other === null && found?.hasMessages && found.survivorResolvedAt === null) continue;
    ended.push(id);
    if (other === null) await tx.db("conversations").where({ id }).update({ merged_into_id: null });
    else {
      await tx.db.raw(
        `update messages set conversation_id = :other where id in (select id from messages where conversation_id = :id and shown
           union all select id from messages where conversation_id = :id and not shown)`,
        { id, other },
      );
      await tx.db("conversations").where({ id }).update({ merged_into_id: other });
      await summariseAgain(tx, [other]);
    }
  }
  return ended;
}
