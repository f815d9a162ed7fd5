import { may } from "../agents/policy.ts";
import { lockMerging, lockWhole } from "../contacts/merging-lock.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { summariseAgain } from "./episodes.ts";
import { recordRegrouping } from "./regrouping.ts";

/**
 * Gives one identity of a contact, with all that was said through it, to a new contact: two people shared a card.
 * Merging them again takes it back.
 *
 * @returns the new contact's id.
 * @throws NotFound, Forbidden; Conflict when it is their only identity, or they were merged into somebody.
 */
export function separateIdentity(ctx: Context, contactId: number, identityId: number): Promise<number> {
  if (!may(ctx.actor, "converse")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    await lockMerging(tx);
    if ((await lockWhole(tx, contactId)).mergedIntoId !== null) throw new Conflict("merges.already");
    const identities = await rows<{ id: number }>(
      tx.db,
      "select id from contact_identities where contact_id = ?",
      [contactId],
    );
    if (!identities.some(({ id }) => id === identityId)) throw new NotFound();
    if (identities.length === 1) throw new Conflict("merges.only_identity");
    const made = await row<{ id: number }>(
      tx.db,
      `insert into contacts (name, phone, phone_match_key, first_seen_at, created_at)
       select '', case kind when 'phone' then '+' || external_id else '' end, phone_match_key, :now, :now
       from contact_identities where id = :identityId returning id`,
      { identityId, now: tx.now() },
    );
    if (!made) throw new Error("a contact was not stored");
    const touched = await giveIdentities(tx, { from: contactId, to: made.id, identityIds: [identityId] });
    await tx.db.raw(
      `update contacts p set first_seen_at = coalesce((select min(sent_at) from messages where contact_id = p.id), p.first_seen_at)
       where id = ?`,
      [made.id],
    );
    await leaveNumber(tx, contactId, made.id);
    recordRegrouping(tx, "contact.separated", { keptId: contactId, otherId: made.id }, touched);
    return made.id;
  });
}

/** A card that shows the number which went away shows another of its own, or none. */
async function leaveNumber(tx: Tx, contactId: number, newId: number): Promise<void> {
  await tx.db.raw(
    `update contacts p set phone = coalesce('+' || i.external_id, ''), phone_match_key = i.phone_match_key
     from contacts n left join lateral (select external_id, phone_match_key from contact_identities
       where contact_id = :contactId and kind = 'phone' order by id limit 1) i on true
     where p.id = :contactId and n.id = :newId and p.phone_match_key = n.phone_match_key`,
    { contactId, newId },
  );
}

interface Spoken {
  id: number;
  ownerId: number;
  isolatedInboxId: number | null;
  isResolved: boolean;
  others: number;
}

/**
 * Moves identities to another contact, and what was said through them. A conversation that nobody else wrote in goes
 * whole; of one that both wrote in, the messages go to an open conversation of the other contact, or to a new one.
 *
 * @returns the conversations that changed.
 */
export async function giveIdentities(
  tx: Tx,
  { from, to, identityIds }: { from: number; to: number; identityIds: number[] },
): Promise<number[]> {
  await tx.db.raw(
    "update contact_identities set contact_id = :to where id = any(:identityIds::bigint[]) and contact_id = :from",
    { from, to, identityIds },
  );
  const spoken = await rows<Spoken>(
    tx.db,
    `select c.id, c.contact_id as "ownerId", c.isolated_inbox_id as "isolatedInboxId", c.status = 'resolved' as "isResolved",
       (select count(*)::int from messages o where o.conversation_id = c.id and not coalesce(o.identity_id = any(:identityIds::bigint[]), false)) as others
     from conversations c where c.id in
       (select conversation_id from messages where contact_id = :from and identity_id = any(:identityIds::bigint[]))
     order by c.id`,
    { from, identityIds },
  );
  const touched = new Set<number>();
  for (const one of spoken) {
    const open = one.isResolved ? null : await findOpen(tx, to, one.isolatedInboxId);
    let target = one.id;
    if (one.ownerId !== to && one.others === 0 && (open === null || one.isResolved)) {
      await tx.db("conversations").where({ id: one.id }).update({ contact_id: to });
    } else if (one.ownerId !== to) {
      target = open ?? (await copyEpisode(tx, one.id, to));
      touched.add(one.id);
    }
    await tx.db.raw(
      `update messages set contact_id = :to, conversation_id = :target
       where conversation_id = :source and contact_id = :from and identity_id = any(:identityIds::bigint[])`,
      { from, to, source: one.id, target, identityIds },
    );
    touched.add(target);
  }
  await followConversations(tx, from, to);
  await summariseAgain(tx, [...touched]);
  return [...touched];
}

async function findOpen(tx: Tx, contactId: number, isolatedInboxId: number | null): Promise<number | null> {
  const found = await row<{ id: number }>(
    tx.db,
    `select id from conversations where contact_id = :contactId and status <> 'resolved'
       and isolated_inbox_id is not distinct from :isolatedInboxId::bigint`,
    { contactId, isolatedInboxId },
  );
  return found?.id ?? null;
}

/** A conversation of its own for what leaves another, in the same state and hands. */
async function copyEpisode(tx: Tx, conversationId: number, contactId: number): Promise<number> {
  const made = await row<{ id: number }>(
    tx.db,
    `insert into conversations (contact_id, isolated_inbox_id, status, priority, topic, team_id, assignee_id, last_activity_at,
       unread_count, snoozed_until, opened_at, resolved_at, resolved_by_id)
     select :contactId, isolated_inbox_id, status, priority, topic, team_id, assignee_id, last_activity_at,
       unread_count, snoozed_until, last_activity_at, resolved_at, resolved_by_id
     from conversations where id = :conversationId returning id`,
    { conversationId, contactId },
  );
  if (!made) throw new Error("a conversation was not stored");
  return made.id;
}

/** Files go with their message; notes, cases and promises with their conversation. */
async function followConversations(tx: Tx, from: number, to: number): Promise<void> {
  await tx.db.raw(
    `update attachments f set contact_id = :to from messages m
     where f.contact_id = :from and m.id = f.message_id and m.contact_id = :to`,
    { from, to },
  );
  for (const table of ["notes", "cases", "commitments"]) {
    await tx.db.raw(
      `update ${table} x set contact_id = :to from conversations c
       where x.contact_id = :from and c.id = x.conversation_id and c.contact_id = :to`,
      { from, to },
    );
  }
}
