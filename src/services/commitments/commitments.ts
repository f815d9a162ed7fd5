import { may } from "../agents/policy.ts";
import { lockContact } from "../contacts/lock-contact.ts";
import { visibleTo as visibleContacts } from "../contacts/policy.ts";
import { can } from "../conversations/policy.ts";
import { lockConversation } from "../conversations/queries.ts";
import { isDay } from "../fields/values.ts";
import { type Visibility, visibleIsolation, visiblePerson } from "../inboxes/policy.ts";
import type { Actor, Context, Reader, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** What was promised to a customer. */
export interface Commitment {
  id: number;
  text: string;
  /** `2026-11-23`, or null. */
  dueOn: string | null;
  promisedBy: string | null;
  promisedAt: Date;
  isDone: boolean;
}

const longestText = 300;
const mostShown = 10;

/** Which `commitments w` an actor may know of: those to people that they see, but for what an isolated inbox keeps. */
export function visibleTo(actor: Actor): Visibility {
  const isolation = visibleIsolation(actor, "w.isolated_inbox_id");
  const person = visiblePerson(actor, "w.contact_id");
  return {
    sql: `(${isolation.sql} and ${person.sql})`,
    bindings: { ...isolation.bindings, ...person.bindings },
  };
}

/** What was kept stays in sight for a moment, so that a wrong click can be taken back. */
const keptShownFor = "10 minutes";

/** Those of contact `:contactId` that are open, the nearest due first and those without a day last; then the ones just kept. */
export function commitmentsSql({ actor, now }: Reader): { sql: string; bindings: Record<string, unknown> } {
  const visible = visibleTo(actor);
  return {
    sql: `select w.id, w.text, w.due_on::text as "dueOn", a.name as "promisedBy", w.promised_at as "promisedAt",
        w.done_at is not null as "isDone"
      from commitments w left join agents a on a.id = w.promised_by_id
      where w.contact_id = :contactId and (w.done_at is null or w.done_at > :now::timestamptz - interval '${keptShownFor}') and ${visible.sql}
      order by w.done_at is not null, w.due_on nulls last, w.id limit ${mostShown}`,
    bindings: { ...visible.bindings, now: now() },
  };
}

/** An open promise to anybody, with whom it was made to. */
export interface OpenCommitment extends Commitment {
  contactId: number;
  contactName: string;
  conversationId: number | null;
}

const mostOpen = 200;

/**
 * Open promises to all customers that the actor may know of, the nearest due first and those without a day last.
 *
 * @param byId only those that this agent made; null for everybody's.
 */
export function listOpenCommitments(ctx: Reader, byId: number | null): Promise<OpenCommitment[]> {
  const visible = visibleTo(ctx.actor);
  const contacts = visibleContacts(ctx.actor);
  return rows(
    ctx.db,
    `select w.id, w.text, w.due_on::text as "dueOn", a.name as "promisedBy", w.promised_at as "promisedAt", false as "isDone",
       w.contact_id as "contactId", p.name as "contactName", w.conversation_id as "conversationId"
     from commitments w join contacts p on p.id = w.contact_id left join agents a on a.id = w.promised_by_id
     where w.done_at is null and (:byId::bigint is null or w.promised_by_id = :byId::bigint)
       and ${visible.sql} and (w.conversation_id is not null or ${contacts.sql})
     order by w.due_on nulls last, w.id limit ${mostOpen}`,
    { ...visible.bindings, ...contacts.bindings, byId },
  );
}

/** What is promised, and until which day (`2026-11-23`, null is soon). */
export interface Promised {
  text: string;
  dueOn: string | null;
}

/** Notes a promise made in a conversation. @throws NotFound, Forbidden; Invalid without words or with a day that is none. */
export function promise(ctx: Context, conversationId: number, promised: Promised): Promise<number> {
  return transact(ctx, async (tx) => {
    const { contactId, isolatedInboxId } = await lockConversation(tx, conversationId);
    if (!can(tx.actor, "note")) throw new Forbidden();
    const id = await storeCommitment(tx, { contactId, conversationId, isolatedInboxId }, promised);
    tx.record({ type: "commitment.changed", conversationId, commitmentId: id });
    return id;
  });
}

/** Notes a promise to a customer outside any conversation. @throws NotFound, Forbidden, Invalid. */
export function promiseTo(ctx: Context, ownerId: number, promised: Promised): Promise<number> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "conversations.note")) throw new Forbidden();
    const contactId = await lockContact(tx, ownerId);
    tx.record({ type: "contact.changed", contactId });
    return storeCommitment(tx, { contactId, conversationId: null, isolatedInboxId: null }, promised);
  });
}

/** @throws Invalid. */
export async function storeCommitment(
  tx: Tx,
  of: { contactId: number; conversationId: number | null; isolatedInboxId: number | null },
  promised: Promised,
): Promise<number> {
  const text = promised.text.toWellFormed().replaceAll("\0", "").trim();
  if (text === "" || text.length > longestText) throw new Invalid({ text: "commitments.text_length" });
  if (promised.dueOn !== null && !isDay(promised.dueOn)) throw new Invalid({ due_on: "commitments.day" });
  const made = await row<{ id: number }>(
    tx.db,
    `insert into commitments (contact_id, conversation_id, isolated_inbox_id, text, due_on, promised_at, promised_by_id)
     values (:contactId, :conversationId, :isolatedInboxId, :text, :dueOn, :now, :agentId) returning id`,
    {
      ...of,
      text,
      dueOn: promised.dueOn,
      now: tx.now(),
      agentId: tx.actor.kind === "agent" ? tx.actor.id : null,
    },
  );
  if (!made) throw new Error("a commitment was not stored");
  const { contactId, conversationId } = of;
  tx.record(null, { act: "commitment.made", conversationId, contactId, data: { commitmentId: made.id } });
  return made.id;
}

/** Kept, or not yet after all. Saying it twice changes nothing. @throws NotFound, Forbidden. */
export function settleCommitment(ctx: Context, id: number, isDone: boolean): Promise<{ contactId: number }> {
  return transact(ctx, async (tx) => {
    const visible = visibleTo(tx.actor);
    const contacts = visibleContacts(tx.actor);
    const found = await row<{ contactId: number; conversationId: number | null; done: boolean }>(
      tx.db,
      `select w.contact_id as "contactId", w.conversation_id as "conversationId", w.done_at is not null as done
       from commitments w join contacts p on p.id = w.contact_id
       where w.id = :id and ${visible.sql} and (w.conversation_id is not null or ${contacts.sql}) for update of w`,
      { ...visible.bindings, ...contacts.bindings, id },
    );
    if (!found) throw new NotFound();
    if (!can(tx.actor, "note")) throw new Forbidden();
    const { contactId, conversationId, done } = found;
    if (done !== isDone) {
      const by = tx.actor.kind === "agent" ? tx.actor.id : null;
      const change = isDone ? { done_at: tx.now(), done_by_id: by } : { done_at: null, done_by_id: null };
      await tx.db("commitments").where({ id }).update(change);
      tx.record(
        conversationId === null
          ? { type: "contact.changed", contactId }
          : { type: "commitment.changed", conversationId, commitmentId: id },
        {
          act: isDone ? "commitment.kept" : "commitment.reopened",
          conversationId,
          contactId,
          data: { commitmentId: id },
        },
      );
    }
    return { contactId };
  });
}
