import { Router } from "express";
import { findSession } from "../services/agents/queries.ts";
import { getConversation } from "../services/conversations/queries.ts";
import { findVisible } from "../services/conversations/seen.ts";
import { announceViewers, forgetViewer, noteViewers } from "../services/conversations/viewers.ts";
import type { Bell } from "../services/platform/bell.ts";
import type { Platform } from "../services/platform/context.ts";
import { rows } from "../services/platform/database.ts";
import type { Fact } from "../services/platform/events.ts";
import { openCursor } from "./live-cursor.ts";
import { createPush } from "./live-push.ts";
import { audiences, openStream, type Stream, viewing } from "./live-stream.ts";

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
    if (stream.res.writableEnded || stream.res.destroyed) return;
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

  const push = createPush(platform.db, send);

  /** One after the other: a slow read must not bring an older state after a newer one. */
  let turn: Promise<void> = Promise.resolve();
  function inTurn(work: () => Promise<void>): void {
    turn = turn.then(work).catch((error: unknown) => {
      platform.logger.warn({ err: error }, "a live push failed; every page asks for everything again");
      for (const stream of streams) send(stream, "live:resync", "");
    });
  }

  bell.onFacts((facts) => {
    const number = cursor.advance(facts);
    inTurn(async () => {
      telling = number;
      if (streams.size > 0) await tell(facts, streams);
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

  async function tell(facts: readonly Fact[], to: Iterable<Stream>): Promise<void> {
    for (const fact of facts) {
      if ("conversationId" in fact && fact.type !== "conversation.viewed") changed.add(fact.conversationId);
      if (fact.type === "agent.changed") await refreshAgent(fact.agentId);
    }
    await push(facts, [...to]);
    if (changed.size > 0) announcing ??= setTimeout(() => void announceLists(), announceMs);
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

  /** Nothing is sent to it from now on, whatever is being told at this moment. */
  function end(stream: Stream): void {
    streams.delete(stream);
    stream.res.end();
  }

  /** A new role or team counts from now on; who was deactivated or signed out everywhere hears nothing more. */
  async function refreshAgent(agentId: number): Promise<void> {
    const theirs = [...streams].filter((stream) => stream.agentId === agentId);
    if (theirs.length === 0) return;
    const session = await findSession(platform.db, agentId);
    for (const stream of theirs) {
      if (session?.sessionVersion !== stream.sessionVersion || session.mustSecure) end(stream);
      else stream.ctx = { ...stream.ctx, actor: session.actor };
    }
    await endWithoutSession(theirs);
  }

  async function endWithoutSession(open: readonly Stream[]): Promise<void> {
    const alive = await rows<{ sid: string }>(
      platform.db,
      "select sid from sessions where sid = any(?::text[]) and expire > now()",
      [open.map(({ sessionId }) => sessionId)],
    );
    const sids = new Set(alive.map(({ sid }) => sid));
    for (const stream of open) if (!sids.has(stream.sessionId)) end(stream);
  }

  async function heartbeat(): Promise<void> {
    for (const stream of streams) {
      if (stream.res.destroyed) streams.delete(stream);
      else stream.res.write(": here\n\n");
    }
    const open = [...streams];
    if (open.length === 0) return;
    await noteViewers(platform.db, open.flatMap(viewing));
    await endWithoutSession(open);
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
    // A browser that is gone is no fault of ours, and must not become one.
    res.on("error", () => streams.delete(stream));
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
    for (const stream of theirs.slice(0, Math.max(0, theirs.length - mostStreamsPerAgent + 1))) end(stream);
  }

  function catchUp(stream: Stream, from: string): void {
    const missed = cursor.since(from);
    if (!missed) send(stream, "live:resync", "");
    else
      inTurn(async () => {
        for (const facts of missed) await tell(facts, [stream]);
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
