import type { Knex } from "knex";
import { may } from "../services/agents/policy.ts";
import { findMessages } from "../services/conversations/messages.ts";
import { getNote } from "../services/conversations/note.ts";
import { findThreadNames, findVisible } from "../services/conversations/seen.ts";
import { NotFound } from "../services/platform/errors.ts";
import type { Fact } from "../services/platform/events.ts";
import { presentDay, presentNote } from "../views/conversations/present.ts";
import { renderBubble } from "./live-message.ts";
import { audiences, pageKey, type Stream } from "./live-stream.ts";

/** Sends an event to a page; an unnamed one carries HTML. */
export type Send = (stream: Stream, event: string | null, html: string) => void;

/**
 * What facts mean to open pages: messages and notes as HTML into the thread that shows them, "ask again" for the rest.
 * Everything is read as the viewer, once per audience, when it is sent.
 */
export function createPush(db: Knex, send: Send) {
  const shows = (thread: string | undefined) => (page: Stream) => page.thread === thread;

  async function pushMessages(
    thread: string | undefined,
    ids: number[],
    to: Iterable<Stream>,
  ): Promise<void> {
    for (const [first, ...others] of audiences(to, shows(thread), pageKey).values()) {
      if (!first?.conversationId) continue;
      for (const message of await findMessages(first.ctx, ids)) {
        const viewer = { ...first.viewer, now: new Date() };
        const html = renderBubble(first.render, viewer, message, first.conversationId);
        for (const stream of [first, ...others]) send(stream, null, html);
      }
    }
  }

  async function pushNote(thread: string | undefined, noteId: number, to: Iterable<Stream>): Promise<void> {
    for (const [first, ...others] of audiences(to, shows(thread), pageKey).values()) {
      if (!first?.conversationId) continue;
      const note = await getNote(first.ctx, noteId).catch((error: unknown) => {
        if (error instanceof NotFound) return null;
        throw error;
      });
      if (!note) continue;
      const viewer = { ...first.viewer, now: new Date() };
      const day = presentDay(note.createdAt, viewer, null);
      const html = first.render("live/note", {
        id: first.conversationId,
        note: presentNote(note, viewer),
        day,
      });
      for (const stream of [first, ...others]) send(stream, null, html);
    }
  }

  /** "Ask again", to pages whose agent still sees what they show. */
  async function announce(
    event: string,
    to: Iterable<Stream>,
    isFor: (page: Stream) => boolean,
  ): Promise<void> {
    for (const audience of audiences(to, isFor, pageKey).values()) {
      const [first] = audience;
      if (!first?.conversationId || (await findVisible(first.ctx, [first.conversationId])).length === 0)
        continue;
      for (const stream of audience) send(stream, event, "");
    }
  }

  return async function push(facts: readonly Fact[], to: readonly Stream[]): Promise<void> {
    const messages = new Map<number, Set<number>>();
    const notes: { conversationId: number; noteId: number }[] = [];
    const cases: number[] = [];
    const askAgain = (isFor: (page: Stream) => boolean) => announce("conversation:changed", to, isFor);
    for (const fact of facts) {
      switch (fact.type) {
        case "message.received":
        case "message.queued":
        case "message.changed": {
          const ids = messages.get(fact.conversationId) ?? new Set();
          messages.set(fact.conversationId, ids.add(fact.messageId));
          break;
        }
        case "note.added":
        case "note.changed":
          notes.push(fact);
          break;
        case "case.changed":
        case "commitment.changed":
          cases.push(fact.conversationId);
          break;
        case "conversation.changed":
          await askAgain((page) => page.conversationId === fact.conversationId);
          break;
        case "contact.changed":
          await askAgain(({ thread }) => thread?.startsWith(`${fact.contactId}/`) ?? false);
          break;
        case "contact.regrouped":
          await announce(
            "page:reload",
            to,
            ({ thread }) => thread?.startsWith(`${fact.contactId}/`) ?? false,
          );
          break;
        case "conversation.viewed":
          await announce("viewers:changed", to, (page) => page.conversationId === fact.conversationId);
          break;
        case "agent.alerted":
          for (const stream of to) if (stream.agentId === fact.agentId) send(stream, "alerts:changed", "");
          break;
        case "agent.mentioned":
          for (const stream of to) if (stream.agentId === fact.agentId) send(stream, "mentions:changed", "");
          break;
        case "agent.changed":
          for (const stream of to) if (may(stream.ctx.actor, "supervise")) send(stream, "agents:changed", "");
          break;
        case "conversation.read":
        case "inbox.changed":
        case "inbound_event.received":
        case "inbound_event.quarantined":
        case "media.pending":
        case "company.changed":
        case "import.changed":
        case "fields.changed":
        case "tags.changed":
        case "firm.changed":
          break;
      }
    }
    const beside = [...cases, ...notes.map(({ conversationId }) => conversationId)];
    const told = [...messages.keys(), ...beside];
    if (told.length === 0 || to.every(({ thread }) => thread === null)) return;
    const threads = await findThreadNames(db, told);
    for (const { conversationId, noteId } of notes) await pushNote(threads.get(conversationId), noteId, to);
    for (const [id, ids] of messages) await pushMessages(threads.get(id), [...ids], to);
    for (const thread of new Set(beside.map((id) => threads.get(id)))) await askAgain(shows(thread));
  };
}
