import { may } from "../agents/policy.ts";
import { lockWhole } from "../contacts/lock-contact.ts";
import type { Context, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, NotFound } from "../platform/errors.ts";
import { lockMerging } from "../platform/locks.ts";
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
  if (!may(ctx.actor, "contacts.merge")) throw new Forbidden();
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
    await recordRegrouping(tx, "contact.separated", { keptId: contactId, otherId: made.id }, touched);
    return made.id;
  });
}

/** A card that shows the number which went away shows it no more. */
async function leaveNumber(tx: Tx, contactId: number, newId: number): Promise<void> {
  await tx.db.raw(
    `update contacts p set phone = '', phone_match_key = null from contacts n
     where p.id = :contactId and n.id = :newId and p.phone_match_key = n.phone_match_key`,
    { contactId, newId },
  );
}

interface Spoken {
  id: number;
  ownerId: number;
  isolatedInboxId: number | null;
  isResolved: boolean;
  /** Somebody else's messages are in it too. */
  isShared: boolean;
}

/** Messages of some contacts: two parts, one for each of the partial indexes. */
const messagesOf = (contacts: string): string =>
  `(select id, conversation_id, contact_id, identity_id from messages where contact_id in (${contacts}) and shown
    union all select id, conversation_id, contact_id, identity_id from messages where contact_id in (${contacts}) and not shown)`;

/**
 * Moves identities to another contact, and what was said through them, wherever it stands by now. A conversation that
 * nobody else wrote in goes whole; of one that both wrote in, the messages go to an open conversation of the other
 * contact, or to a new one.
 *
 * @returns the conversations that changed.
 */
export async function giveIdentities(
  tx: Tx,
  { from, to, identityIds }: { from: number; to: number; identityIds: number[] },
): Promise<number[]> {
  const bindings = { from, to, identityIds };
  await tx.db.raw(
    "update contact_identities set contact_id = :to where id = any(:identityIds::bigint[]) and contact_id = :from",
    bindings,
  );
  const spoken = await rows<Spoken>(
    tx.db,
    `with said as materialized ${messagesOf(":from, :to")},
     theirs as (select conversation_id, bool_or(contact_id <> :to) as stray from said
       where identity_id = any(:identityIds::bigint[]) group by conversation_id)
     select c.id, c.contact_id as "ownerId", c.isolated_inbox_id as "isolatedInboxId", c.status = 'resolved' as "isResolved",
       exists (select 1 from said o where o.conversation_id = c.id and o.identity_id is not null
         and o.identity_id <> all(:identityIds::bigint[])) as "isShared"
     from theirs join conversations c on c.id = theirs.conversation_id
     where c.contact_id = :from or (c.contact_id = :to and theirs.stray) order by c.id`,
    bindings,
  );
  const touched = new Set<number>();
  for (const one of spoken) {
    const target = await placeFor(tx, one, to, touched);
    await tx.db.raw(
      `update messages set contact_id = :to, conversation_id = :target
       where id in (select id from ${messagesOf(":from, :to")} m where m.conversation_id = :source and m.identity_id = any(:identityIds::bigint[]))`,
      { ...bindings, source: one.id, target },
    );
    touched.add(target);
  }
  await followConversations(tx, from, to);
  await summariseAgain(tx, [...touched]);
  return [...touched];
}

/** Where messages of a conversation go: into itself when it goes whole or is theirs already. */
async function placeFor(tx: Tx, one: Spoken, to: number, touched: Set<number>): Promise<number> {
  if (one.ownerId === to) return one.id;
  const open = one.isResolved ? null : await findOpen(tx, to, one.isolatedInboxId);
  if (!one.isShared && open === null) {
    await tx.db("conversations").where({ id: one.id }).update({ contact_id: to });
    return one.id;
  }
  touched.add(one.id);
  return open ?? (await copyEpisode(tx, one.id, to));
}

export async function findOpen(
  tx: Tx,
  contactId: number,
  isolatedInboxId: number | null,
): Promise<number | null> {
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
    `insert into conversations (contact_id, isolated_inbox_id, status, priority, topic_id, team_id, assignee_id, last_activity_at,
       unread_count, snoozed_until, opened_at, resolved_at, resolved_by_id)
     select :contactId, isolated_inbox_id, status, priority, topic_id, team_id, assignee_id, last_activity_at,
       unread_count, snoozed_until, last_activity_at, resolved_at, resolved_by_id
     from conversations where id = :conversationId returning id`,
    { conversationId, contactId },
  );
  if (!made) throw new Error("a conversation was not stored");
  return made.id;
}

/** Files go with their message; notes, cases, promises and what no identity said go with their conversation. */
async function followConversations(tx: Tx, from: number, to: number): Promise<void> {
  await tx.db.raw(
    `update messages m set contact_id = c.contact_id from conversations c
     where m.id in (select id from ${messagesOf(":from, :to")} s where s.identity_id is null)
       and c.id = m.conversation_id and c.contact_id in (:from, :to) and c.contact_id <> m.contact_id`,
    { from, to },
  );
  await tx.db.raw(
    `update attachments f set contact_id = m.contact_id from messages m
     where f.contact_id in (:from, :to) and m.id = f.message_id and m.contact_id in (:from, :to) and m.contact_id <> f.contact_id`,
    { from, to },
  );
  for (const table of ["notes", "cases", "commitments", "surveys"]) {
    await tx.db.raw(
      `update ${table} x set contact_id = c.contact_id from conversations c
       where x.contact_id in (:from, :to) and c.id = x.conversation_id and c.contact_id in (:from, :to) and c.contact_id <> x.contact_id`,
      { from, to },
    );
  }
}
