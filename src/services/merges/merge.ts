import { may } from "../agents/policy.ts";
import { lockWhole } from "../contacts/lock-contact.ts";
import type { Context, Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { lockMerging } from "../platform/locks.ts";
import { transact } from "../platform/transact.ts";
import { findMeetings, joinConversations } from "./episodes.ts";
import { keepMoves, type Move, moveEverything } from "./moves.ts";
import { getMerge, type Merge } from "./queries.ts";
import { recordRegrouping } from "./regrouping.ts";
import { look, type Snapshot } from "./snapshots.ts";

/**
 * Makes two contacts one: everything of the merged one is the kept one's from now on, and two open conversations
 * become one. The journal takes it all back (`undo.ts`). Of two agents at once, one wins and the other is told.
 *
 * @throws NotFound, Forbidden; Conflict when both are the same, or one of them was merged already.
 */
export function mergeContacts(ctx: Context, keptId: number, mergedId: number): Promise<Merge> {
  if (!may(ctx.actor, "contacts.merge")) throw new Forbidden();
  if (keptId === mergedId) throw new Conflict("merges.itself");
  return transact(ctx, async (tx) => {
    await lockMerging(tx);
    for (const id of [keptId, mergedId].sort((a, b) => a - b)) {
      if ((await lockWhole(tx, id)).mergedIntoId !== null) throw new Conflict("merges.already");
    }
    const meetings = await findMeetings(tx, keptId, mergedId);
    const joinedIds = meetings.flatMap(({ survivorId, endedId }) => [survivorId, endedId]);
    const before = {
      contacts: await look(tx, "contacts", [keptId]),
      conversations: await look(tx, "conversations", joinedIds),
    };
    const moves: Move[] = [await copyTags(tx, keptId, mergedId)];
    for (const meeting of meetings) {
      const ids = await joinConversations(tx, meeting);
      moves.push({ table: "conversation_tags", conversationId: meeting.survivorId, ids });
    }
    const joined = new Map(meetings.map(({ endedId, survivorId }) => [endedId, survivorId]));
    moves.push(
      ...(await moveEverything(tx, mergedId, keptId, joined)),
      await pointToKept(tx, keptId, mergedId),
    );
    await fillCard(tx, keptId, mergedId);
    const after = {
      contacts: await look(tx, "contacts", [keptId]),
      conversations: await look(tx, "conversations", joinedIds),
    };
    const made = await row<{ id: number }>(
      tx.db,
      `insert into contact_merges (kept_id, merged_id, merged_at, merged_by_id, snapshots)
       values (:keptId, :mergedId, :now, :agentId, :snapshots) returning id`,
      {
        keptId,
        mergedId,
        now: tx.now(),
        agentId: tx.actor.kind === "agent" ? tx.actor.id : null,
        snapshots: json([
          ...snapshotsOf("contacts", before.contacts, after.contacts),
          ...snapshotsOf("conversations", before.conversations, after.conversations),
        ]),
      },
    );
    if (!made) throw new Error("a merge was not stored");
    await keepMoves(tx, made.id, moves);
    await recordRegrouping(tx, "contact.merged", { keptId, otherId: mergedId, mergeId: made.id }, joinedIds);
    return getMerge(tx, made.id);
  });
}

/** Whoever was merged into the merged one leads to the kept one too. */
async function pointToKept(tx: Tx, keptId: number, mergedId: number): Promise<Move> {
  const earlier = await rows<{ id: number }>(
    tx.db,
    "update contacts set merged_into_id = ? where merged_into_id = ? returning id",
    [keptId, mergedId],
  );
  await tx.db("contacts").where({ id: mergedId }).update({ merged_into_id: keptId });
  return { table: "contacts", conversationId: null, ids: earlier.map(({ id }) => id) };
}

/** The kept card wins; what it lacks comes from the other. A name that an agent typed wins over a provider's. */
async function fillCard(tx: Tx, keptId: number, mergedId: number): Promise<void> {
  const named = "(k.name = '' or (k.name_source = 'provider' and m.name_source = 'agent')) and m.name <> ''";
  const filled = ["job_title", "email", "language", "location", "preferred_channel", "preferred_hours"]
    .map((column) => `${column} = coalesce(nullif(k.${column}, ''), m.${column})`)
    .join(", ");
  await tx.db.raw(
    `update contacts k set ${filled},
       name = case when ${named} then m.name else k.name end,
       name_source = case when ${named} then m.name_source else k.name_source end,
       company_id = coalesce(k.company_id, m.company_id),
       phone = case when k.phone = '' then m.phone else k.phone end,
       phone_match_key = case when k.phone = '' then m.phone_match_key else k.phone_match_key end,
       do_not_call = k.do_not_call or m.do_not_call,
       custom = m.custom || k.custom,
       first_seen_at = least(k.first_seen_at, m.first_seen_at)
     from contacts m where k.id = :keptId and m.id = :mergedId`,
    { keptId, mergedId },
  );
}

/** The kept one gets the other's tags; the other keeps them too. */
async function copyTags(tx: Tx, keptId: number, mergedId: number): Promise<Move> {
  const added = await rows<{ tag_id: number }>(
    tx.db,
    `insert into contact_tags (contact_id, tag_id) select :keptId, tag_id from contact_tags where contact_id = :mergedId
     on conflict do nothing returning tag_id`,
    { keptId, mergedId },
  );
  return { table: "contact_tags", conversationId: null, ids: added.map(({ tag_id }) => tag_id) };
}

function snapshotsOf(
  table: Snapshot["table"],
  before: ReadonlyMap<number, Record<string, unknown>>,
  after: ReadonlyMap<number, Record<string, unknown>>,
): Snapshot[] {
  return [...before].map(([id, row]) => ({ table, id, before: row, after: after.get(id) ?? row }));
}
