import { randomUUID } from "node:crypto";
import type { Request, Response } from "express";
import { rightsKey } from "../services/agents/policy.ts";
import { threadName } from "../services/conversations/seen.ts";
import type { Context } from "../services/platform/context.ts";
import { createRender, type Render, type Viewer } from "../views/index.ts";

/** One open page. */
export interface Stream {
  id: string;
  agentId: number;
  sessionId: string;
  sessionVersion: number;
  ctx: Context;
  viewer: Viewer;
  render: Render;
  /** What it shows, with the thread that it is a part of; null for a list alone. */
  conversationId: number | null;
  thread: string | null;
  res: Response;
}

/** Opens the answer that never ends. Its headers leave at once, or the browser would wait for the first event. */
export function openStream(
  req: Request,
  res: Response,
  shown: { id: number; contactId: number; isolatedInboxId: number | null } | null,
  version: string,
): Stream {
  const { actor } = req.ctx;
  res.status(200).set({
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  res.flushHeaders();
  res.write(": here\n\n");
  req.socket.setNoDelay(true);
  const firmName = req.user?.firmName ?? "";
  return {
    id: randomUUID(),
    agentId: actor.kind === "agent" ? actor.id : 0,
    sessionId: req.sessionID,
    sessionVersion: req.user?.sessionVersion ?? 0,
    ctx: { ...req.ctx, now: () => new Date() },
    viewer: req.viewer,
    // Pushed regions hold no htmx of their own, so they need no nonce: injected attributes stay without one.
    render: createRender(req.viewer, { nonce: "", version, firmName, isDiskLow: false }),
    conversationId: shown?.id ?? null,
    thread: shown && threadName(shown),
    res,
  };
}

/** The stream as a row of who looks at what; none when it shows no conversation. */
export const viewing = ({ id, conversationId, agentId }: Stream) =>
  conversationId === null ? [] : [{ streamId: id, conversationId, agentId }];

/** Streams with the same key see the same things in the same words: one question and one render serve them all. */
export function audienceKey({ ctx, viewer }: Stream): string {
  return [viewer.locale, viewer.timeZone, rightsKey(ctx.actor)].join("|");
}

/** The same of one page: what is pushed names the page's own thread. */
export const pageKey = (stream: Stream): string => `${audienceKey(stream)}|${stream.conversationId}`;

/** Streams that a question is for, by what their agents may see and how they read. */
export function audiences(
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
