import { Router } from "express";
import { findSession } from "../services/agents/queries.ts";
import { findMessages } from "../services/conversations/messages.ts";
import { getNote } from "../services/conversations/note.ts";
import { getConversation } from "../services/conversations/queries.ts";
import { findThreadNames, findVisible } from "../services/conversations/seen.ts";
import { announceViewers, forgetViewer, noteViewers } from "../services/conversations/viewers.ts";
import type { Bell } from "../services/platform/bell.ts";
import type { Platform } from "../services/platform/context.ts";
import { rows } from "../services/platform/database.ts";
import type { Fact } from "../services/platform/events.ts";
import { presentDay, presentNote } from "../views/conversations/present.ts";
import { openCursor } from "./live-cursor.ts";
import { renderBubble } from "./live-message.ts";
import { audienceKey, openStream, pageKey, type Stream, viewing } from "./live-stream.ts";

const heartbeatMs = 20_000;
/** A list is announced at most this often; every page adds up to half of it at random, so that not all ask at once. */
const announceMs = 400;
/** Who reads slower than this is better served by a fresh page. Bytes. */
const largestBuffer = 1024 * 1024;
const mostStreamsPerAgent = 12;

export interface Live {
  router: Router;
  /** Where the stream stands: taken before a page is read, so that the page cannot miss anything. */
  cursor: () => string;
  close: () => void;
}

/**
 * The window: server-sent events that carry HTML of one message or note to whoever has its conversation open, and
 * say "ask again" about lists. Everything is read as the viewer, once per audience, when it is sent.
 */
export function openLive(platform: Platform, bell: Bell, version: string): Live {
  const cursor = openCursor();
  const streams = new Set<Stream>();
  let changed = new Set<number>();
  let announcing: NodeJS.Timeout | null = null;

  /** What is being told now: a page that comes back names it, and must not have missed what came before. */
  let telling = 0;
  function send(stream: Stream, event: string | null, html: string): void {
    if (stream.res.writableLength > largestBuffer) {
      stream.res.destroy();
      return;
    }
    const data = html
      .split(/\r\n|\r|\n/)
      .map((line) => `data: ${line}\n`)
      .join("");
    stream.res.write(`id: ${cursor.name(telling)}\n${event ? `event: ${event}\n` : ""}${data}\n`);
  }

  /** One after the other: a slow read must not bring an older state after a newer one. */
  let turn: Promise<void> = Promise.resolve();
  function inTurn(work: () => Promise<void>): void {
    turn = turn
      .then(work)
      .catch((error: unknown) => platform.logger.warn({ err: error }, "a live push failed"));
  }

  bell.onFacts((facts) => {
    const number = cursor.advance(facts);
    inTurn(async () => {
      telling = number;
      if (streams.size > 0) await push(facts, streams);
    });
  });
  bell.onGap(() => {
    const number = cursor.skip();
    inTurn(async () => {
      telling = number;
      for (const agentId of new Set([...streams].map((stream) => stream.agentId)))
        await refreshAgent(agentId);
      for (const stream of streams) send(stream, "live:resync", "");
    });
  });

  async function push(facts: readonly Fact[], to: Iterable<Stream>): Promise<void> {
    const messages = new Map<number, Set<number>>();
    const notes: { conversationId: number; noteId: number }[] = [];
    for (const fact of facts) {
      if ("conversationId" in fact && fact.type !== "conversation.viewed") changed.add(fact.conversationId);
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
        case "conversation.changed":
          await announceToViewers(fact.conversationId, "conversation:changed", to);
          break;
        case "conversation.viewed":
          await announceToViewers(fact.conversationId, "viewers:changed", to);
          break;
        case "agent.changed":
          await refreshAgent(fact.agentId);
          break;
        case "conversation.read":
        case "contact.changed":
        case "inbox.changed":
        case "inbound_event.received":
        case "inbound_event.quarantined":
        case "media.pending":
        case "firm.changed":
          break;
      }
    }
    const told = [...messages.keys(), ...notes.map(({ conversationId }) => conversationId)];
    if (told.length > 0 && [...to].some(({ thread }) => thread !== null)) {
      const threads = await findThreadNames(platform.db, told);
      for (const { conversationId, noteId } of notes) await pushNote(threads.get(conversationId), noteId, to);
      for (const [id, ids] of messages) await pushMessages(threads.get(id), [...ids], to);
    }
    if (changed.size > 0) announcing ??= setTimeout(() => void announceLists(), announceMs);
  }

  /** Streams that a question is for, by what their agents may see and how they read. */
  function audiences(
    to: Iterable<Stream>,
    isFor: (stream: Stream) => boolean,
    by = audienceKey,
  ): Map<string, Stream[]> {
    const found = new Map<string, Stream[]>();
    for (const stream of to) {
      if (!isFor(stream)) continue;
      const key = by(stream);
      found.set(key, [...(found.get(key) ?? []), stream]);
    }
    return found;
  }

  const shows = (thread: string | undefined) => (stream: Stream) => stream.thread === thread;

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
      const note = await getNote(first.ctx, noteId).catch(() => null);
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

  async function announceToViewers(
    conversationId: number,
    event: string,
    to: Iterable<Stream>,
  ): Promise<void> {
    for (const audience of audiences(to, (stream) => stream.conversationId === conversationId).values()) {
      const [first] = audience;
      if (!first || (await findVisible(first.ctx, [conversationId])).length === 0) continue;
      for (const stream of audience) send(stream, event, "");
    }
  }

  /** Even "something changed" says something: only audiences that see one of the changed conversations hear it. */
  async function announceLists(): Promise<void> {
    const ids = [...changed];
    changed = new Set();
    announcing = null;
    try {
      for (const audience of audiences(streams, () => true).values()) {
        const [first] = audience;
        if (!first || (await findVisible(first.ctx, ids)).length === 0) continue;
        for (const stream of audience) {
          setTimeout(
            () => streams.has(stream) && send(stream, "list:changed", ""),
            Math.random() * (announceMs / 2),
          );
        }
      }
    } catch (error) {
      platform.logger.warn(
        { err: error },
        "a list could not be announced; pages ask again at the next change",
      );
    }
  }

  /** A new role or team counts from now on; who was deactivated or signed out everywhere hears nothing more. */
  async function refreshAgent(agentId: number): Promise<void> {
    const theirs = [...streams].filter((stream) => stream.agentId === agentId);
    if (theirs.length === 0) return;
    const session = await findSession(platform.db, agentId);
    for (const stream of theirs) {
      if (!session) stream.res.end();
      else stream.ctx = { ...stream.ctx, actor: session.actor };
    }
  }

  async function heartbeat(): Promise<void> {
    for (const stream of streams) {
      if (stream.res.destroyed) streams.delete(stream);
      else stream.res.write(": here\n\n");
    }
    const open = [...streams];
    if (open.length === 0) return;
    await noteViewers(platform.db, open.flatMap(viewing));
    const alive = await rows<{ sid: string }>(
      platform.db,
      "select sid from sessions where sid = any(?::text[]) and expire > now()",
      [open.map(({ sessionId }) => sessionId)],
    );
    const sids = new Set(alive.map(({ sid }) => sid));
    for (const stream of open) if (!sids.has(stream.sessionId)) stream.res.end();
  }
  const beat = setInterval(() => {
    heartbeat().catch((error: unknown) =>
      platform.logger.warn({ err: error }, "a heartbeat failed; the next one follows"),
    );
  }, heartbeatMs);

  const router = Router();
  router.get("/live", async (req, res) => {
    const conversationId = /^\d{1,15}$/.test(String(req.query.conversation ?? ""))
      ? Number(req.query.conversation)
      : null;
    const shown = conversationId === null ? null : await getConversation(req.ctx, conversationId);
    const stream = openStream(req, res, shown, version);
    dropOldest(stream.agentId);
    // The client may have left while we were asking: its close has been and will not come again.
    if (req.socket.destroyed) {
      res.end();
      return;
    }
    streams.add(stream);
    res.on("close", () => {
      streams.delete(stream);
      void leave(stream).catch(() => {});
    });
    catchUp(stream, String(req.get("last-event-id") ?? req.query.cursor ?? ""));
    if (conversationId !== null) {
      await noteViewers(platform.db, viewing(stream));
      await announceViewers(platform.db, conversationId);
    }
  });

  function dropOldest(agentId: number): void {
    const theirs = [...streams].filter((stream) => stream.agentId === agentId);
    for (const stream of theirs.slice(0, Math.max(0, theirs.length - mostStreamsPerAgent + 1)))
      stream.res.end();
  }

  function catchUp(stream: Stream, from: string): void {
    const missed = cursor.since(from);
    if (!missed) send(stream, "live:resync", "");
    else
      inTurn(async () => {
        for (const facts of missed) await push(facts, [stream]);
      });
  }

  async function leave(stream: Stream): Promise<void> {
    if (stream.conversationId === null) return;
    await forgetViewer(platform.db, stream.id);
    await announceViewers(platform.db, stream.conversationId);
  }

  return {
    router,
    cursor: cursor.position,
    close() {
      clearInterval(beat);
      if (announcing) clearTimeout(announcing);
      for (const stream of streams) stream.res.end();
    },
  };
}
