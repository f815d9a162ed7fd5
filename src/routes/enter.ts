import type { Request } from "express";
import type { SessionData } from "express-session";
import { arrive } from "../services/agents/availability.ts";
import { findSession, type Session } from "../services/agents/queries.ts";
import { randomToken } from "../services/platform/secrets.ts";
import { transact } from "../services/platform/transact.ts";

declare module "express-session" {
  interface SessionData {
    /** Where it was opened, for its owner to recognise. */
    client?: { address: string; browser: string };
    /** When its owner last proved who they are. Milliseconds since 1970. */
    provedAt?: number;
    /** The first proof was right; the second factor is still asked for. */
    pending?: { agentId: number; version: number; at: number; next: string };
  }
}

/** How long a proof counts for what is sensitive. Milliseconds. */
const proofMs = 30 * 60_000;

/** How long the second factor may take after the first proof. Milliseconds. */
const pendingMs = 10 * 60_000;

/** The first proof was right, a short while ago; nothing is open yet. */
export function pendingOf({ session: { pending } }: Request): NonNullable<SessionData["pending"]> | null {
  return pending && pending.at > Date.now() - pendingMs ? pending : null;
}

export const isProved = (session: Partial<SessionData>): boolean =>
  (session.provedAt ?? 0) > Date.now() - proofMs;

/** Opens a session of a fresh id for somebody who proved who they are; whatever the old id held is gone. */
export async function enter(req: Request, session: Session, provedAt = Date.now()): Promise<void> {
  await begin(req, session, provedAt);
  const asThem = { ...req.ctx, actor: session.actor };
  await transact(asThem, async (tx) => {
    tx.record(null, { act: "agent.signed_in", agentId: session.agent.id });
  });
  await arrive(asThem);
}

/** Opens it for whoever proved who they are at the door. @returns false when what they proved it with changed meanwhile. */
export async function comeIn(
  req: Request,
  proved: { id: number; version: number },
  provedAt = Date.now(),
): Promise<boolean> {
  const session = await findSession(req.ctx.db, proved.id);
  // The password, or the second factor, changed while this was under way: what was proved is worth nothing.
  if (session?.sessionVersion !== proved.version) return false;
  await enter(req, session, provedAt);
  return true;
}

/**
 * After the first proof, a password or the provider's word: to the second factor when there is one, else in.
 *
 * @param wanted a path of ours. @param provedAt when it was proved: elsewhere that may be long ago. @returns where the browser goes next.
 */
export async function passDoor(
  req: Request,
  known: { id: number; version: number; hasSecondFactor: boolean },
  wanted: string,
  provedAt = Date.now(),
): Promise<string> {
  if (!known.hasSecondFactor) return (await comeIn(req, known, provedAt)) ? wanted : "/login";
  await renew(req);
  req.session.pending = { agentId: known.id, version: known.version, at: Date.now(), next: wanted };
  return "/login/code";
}

/** A fresh session id: what was known before the proof is worth nothing after it. */
const renew = (req: Request): Promise<void> =>
  new Promise((done, fail) => req.session.regenerate((error) => (error ? fail(error) : done())));

/** The same without a word about it: whoever is in goes on with a new id. */
export async function begin(req: Request, session: Session, provedAt = Date.now()): Promise<void> {
  // Pages that are open go on sending what they send.
  const key = req.user?.agent.id === session.agent.id ? req.session.formKey : undefined;
  await new Promise<void>((done, fail) => req.logIn(session, (error) => (error ? fail(error) : done())));
  req.session.client = { address: req.ip ?? "", browser: (req.get("user-agent") ?? "").slice(0, 300) };
  req.session.provedAt = provedAt;
  req.session.formKey = key ?? randomToken();
}
