import { lockContact } from "../contacts/lock-contact.ts";
import { visibleTo as visibleContacts } from "../contacts/policy.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { json, row } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { storeMentions } from "./mentions.ts";
import { can, visibleTo } from "./policy.ts";
import { lockConversation } from "./queries.ts";
import { cleanText } from "./reply.ts";
import type { Note } from "./types.ts";

/** Of `notes n` with its author `agents a`. */
export const noteColumns = `n.id, n.conversation_id as "conversationId", n.contact_id as "contactId", n.agent_id as "agentId",
  a.name as "agentName", n.text, n.wrap_up as "wrapUp", n.pinned, n.created_at as "createdAt"`;

const longestNote = 10_000;
const longestPart = 2000;

/** A note in parts: what was wrong, what was done, what comes next. Parts may be empty, not all of them. */
export interface WrapUp {
  problem: string;
  action: string;
  nextStep: string;
  /** `2026-11-27`: until when the next step is promised, or null. */
  dueOn: string | null;
}

export interface NewNote {
  text: string;
  wrapUp?: WrapUp | null;
  /** The same again gives the same note. */
  clientToken?: string | undefined;
  /** Written elsewhere than in the composer, whose draft stays. */
  keepsDraft?: boolean;
}

/** Adds a note that only colleagues read; whom it calls by @name is told. @throws NotFound, Forbidden, Invalid. */
export function addNote(ctx: Context, conversationId: number, note: NewNote): Promise<Note> {
  return transact(ctx, async (tx) => {
    const { contactId, isolatedInboxId } = await lockConversation(tx, conversationId);
    if (!can(tx.actor, "note")) throw new Forbidden();
    const { id } = await storeNote(tx, { contactId, conversationId, isolatedInboxId }, note);
    await keepClocks(tx, [conversationId], { moved: "by_hand" });
    return getNote(tx, id);
  });
}

/** The same for a customer, outside any conversation. @throws NotFound, Forbidden, Invalid. */
export function noteOnContact(ctx: Context, ownerId: number, note: NewNote): Promise<Note> {
  return transact(ctx, async (tx) => {
    if (!can(tx.actor, "note")) throw new Forbidden();
    const contactId = await lockContact(tx, ownerId);
    const { id } = await storeNote(tx, { contactId, conversationId: null, isolatedInboxId: null }, note);
    return getNote(tx, id);
  });
}

/** @returns whether it is new beside its id. @throws Forbidden, Invalid; NotFound when the token is of another note. */
export async function storeNote(
  tx: Tx,
  of: { contactId: number; conversationId: number | null; isolatedInboxId: number | null },
  note: NewNote,
): Promise<{ id: number; isNew: boolean }> {
  if (tx.actor.kind !== "agent") throw new Forbidden();
  const wrapUp = note.wrapUp ? cleanParts(note.wrapUp) : null;
  const text = [cleanText(note.text), wrapUp?.problem, wrapUp?.action, wrapUp?.nextStep]
    .filter(Boolean)
    .join("\n");
  if (text === "") throw new Invalid({ text: "composer.empty" });
  if (text.length > longestNote)
    throw new Invalid({ text: "composer.too_long" }, { limit: longestNote, length: text.length });
  const { contactId, conversationId } = of;
  const stored = await row<{ id: number; isNew: boolean }>(
    tx.db,
    `insert into notes (contact_id, conversation_id, agent_id, text, wrap_up, client_token, created_at)
     values (:contactId, :conversationId, :agentId, :text, :wrapUp, :token, :now)
     on conflict (client_token) do update set client_token = excluded.client_token
       where notes.contact_id = excluded.contact_id and notes.conversation_id is not distinct from excluded.conversation_id
     returning id, xmax = 0 as "isNew"`,
    {
      contactId,
      conversationId,
      agentId: tx.actor.id,
      text,
      wrapUp: wrapUp && json({ ...wrapUp, text: cleanText(note.text) }),
      token: note.clientToken ?? null,
      now: tx.now(),
    },
  );
  if (!stored) throw new NotFound();
  if (!stored.isNew) return stored;
  if (!note.keepsDraft && conversationId !== null) {
    await tx
      .db("drafts")
      .where({ conversation_id: conversationId, agent_id: tx.actor.id, kind: "note" })
      .delete();
  }
  await storeMentions(tx, { ...of, id: stored.id, text });
  tx.record(
    conversationId === null
      ? { type: "contact.changed", contactId }
      : { type: "note.added", conversationId, noteId: stored.id },
    { act: "note.added", conversationId, contactId, data: { noteId: stored.id } },
  );
  return stored;
}

function cleanParts(given: WrapUp): WrapUp | null {
  const part = (text: string) => cleanText(text).slice(0, longestPart);
  const clean = {
    problem: part(given.problem),
    action: part(given.action),
    nextStep: part(given.nextStep),
    dueOn: given.dueOn,
  };
  return clean.problem || clean.action || clean.nextStep ? clean : null;
}

export async function getNote(ctx: Reader, id: number): Promise<Note> {
  const visible = visibleTo(ctx.actor);
  const contacts = visibleContacts(ctx.actor);
  const found = await row<Note>(
    ctx.db,
    `select ${noteColumns} from notes n join contacts p on p.id = n.contact_id
       left join conversations c on c.id = n.conversation_id left join agents a on a.id = n.agent_id
     where n.id = :id and case when n.conversation_id is null then ${contacts.sql} else ${visible.sql} end`,
    { ...visible.bindings, ...contacts.bindings, id },
  );
  if (!found) throw new NotFound();
  return found;
}

/** A pinned note stands over every conversation with the customer. @throws NotFound, Forbidden. */
export function pinNote(ctx: Context, id: number, pinned: boolean): Promise<Note> {
  return transact(ctx, async (tx) => {
    const note = await getNote(tx, id);
    if (!can(tx.actor, "note")) throw new Forbidden();
    const changed = await row(
      tx.db,
      "update notes set pinned = :pinned where id = :id and pinned <> :pinned returning id",
      {
        id,
        pinned,
      },
    );
    if (changed) {
      const { conversationId, contactId } = note;
      const fact =
        conversationId === null
          ? ({ type: "contact.changed", contactId } as const)
          : ({ type: "note.changed", conversationId, noteId: id } as const);
      tx.record(fact, {
        act: pinned ? "note.pinned" : "note.unpinned",
        contactId,
        conversationId,
        data: { noteId: id },
      });
    }
    return { ...note, pinned };
  });
}
