import type { Context, Reader } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { can, visibleTo } from "./policy.ts";
import { lockConversation } from "./queries.ts";
import { cleanText } from "./reply.ts";
import type { Note } from "./types.ts";

/** Of `notes n` with its author `agents a`. */
export const noteColumns = `n.id, n.conversation_id as "conversationId", n.contact_id as "contactId", n.agent_id as "agentId",
  a.name as "agentName", n.text, n.pinned, n.created_at as "createdAt"`;

const longestNote = 10_000;

/**
 * Adds a note that only colleagues read. The same `clientToken` again gives the same note. What was being written in
 * the composer is forgotten, unless the note was written elsewhere.
 */
export function addNote(
  ctx: Context,
  conversationId: number,
  note: { text: string; clientToken?: string | undefined; keepsDraft?: boolean },
): Promise<Note> {
  return transact(ctx, async (tx) => {
    const conversation = await lockConversation(tx, conversationId);
    if (!can(tx.actor, "note") || tx.actor.kind !== "agent") throw new Forbidden();
    const text = cleanText(note.text);
    if (text === "") throw new Invalid({ text: "composer.empty" });
    if (text.length > longestNote)
      throw new Invalid({ text: "composer.too_long" }, { limit: longestNote, length: text.length });
    const inserted = await row<{ id: number }>(
      tx.db,
      `insert into notes (contact_id, conversation_id, agent_id, text, client_token, created_at)
       values (:contactId, :conversationId, :agentId, :text, :token, :now)
       on conflict (client_token) do update set client_token = excluded.client_token
         where notes.conversation_id = excluded.conversation_id returning id`,
      {
        contactId: conversation.contactId,
        conversationId,
        agentId: tx.actor.id,
        text,
        token: note.clientToken ?? null,
        now: tx.now(),
      },
    );
    if (!inserted) throw new NotFound();
    if (!note.keepsDraft) {
      const draft = { conversation_id: conversationId, agent_id: tx.actor.id, kind: "note" };
      await tx.db("drafts").where(draft).delete();
    }
    tx.record(
      { type: "note.added", conversationId, noteId: inserted.id },
      { act: "note.added", conversationId, contactId: conversation.contactId, data: { noteId: inserted.id } },
    );
    return getNote(tx, inserted.id);
  });
}

export async function getNote(ctx: Reader, id: number): Promise<Note> {
  const visible = visibleTo(ctx.actor);
  const found = await row<Note>(
    ctx.db,
    `select ${noteColumns} from notes n left join conversations c on c.id = n.conversation_id left join agents a on a.id = n.agent_id
     where n.id = :id and (n.conversation_id is null or ${visible.sql})`,
    { ...visible.bindings, id },
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
