import type { Context, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { covers, may } from "./policy.ts";

/** A browser in which somebody is signed in. */
export interface OpenSession {
  publicId: string;
  /** As the browser names itself; empty when it said nothing. */
  browser: string;
  address: string;
  createdAt: Date;
  lastSeenAt: Date;
  isThis: boolean;
}

/** One's own, or anybody's for who manages people. @param sid of the asking session. @throws Forbidden. */
export async function listSessions(ctx: Reader, agentId: number, sid: string): Promise<OpenSession[]> {
  await mustGovern(ctx, agentId);
  return rows(
    ctx.db,
    `select public_id as "publicId", coalesce(sess #>> '{client,browser}', '') as browser, coalesce(sess #>> '{client,address}', '') as address,
       created_at as "createdAt", last_seen_at as "lastSeenAt", sid = :sid as "isThis"
     from sessions where agent_id = :agentId and expire > now() order by sid = :sid desc, last_seen_at desc limit 100`,
    { agentId, sid },
  );
}

/** Ends one session, or with null all but the asking one; their open pages go dark at once. @throws Forbidden, NotFound. */
export function endSessions(
  ctx: Context,
  agentId: number,
  publicId: string | null,
  sid: string,
): Promise<number> {
  return transact(ctx, async (tx) => {
    await mustGovern(tx, agentId);
    const ended = await rows(
      tx.db,
      `update sessions set ended_at = now(), expire = now() - interval '1 minute', sess = '{}'
       where agent_id = :agentId and sid <> :sid and (:publicId::uuid is null or public_id = :publicId::uuid) returning 1`,
      { agentId, publicId, sid },
    );
    if (publicId !== null && ended.length === 0) throw new NotFound();
    tx.record(
      { type: "agent.changed", agentId },
      { act: "agent.sessions_ended", agentId, data: { n: ended.length } },
    );
    return ended.length;
  });
}

/** The browser is still in use; written at most every few minutes. */
export async function noteSessionSeen(ctx: Reader, sid: string): Promise<void> {
  await ctx.db.raw(
    "update sessions set last_seen_at = now() where sid = ? and last_seen_at < now() - interval '5 minutes'",
    [sid],
  );
}

async function mustGovern(ctx: Reader, agentId: number): Promise<void> {
  if (ctx.actor.kind === "agent" && ctx.actor.id === agentId) return;
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const held = await row<{ permissions: string[] }>(
    ctx.db,
    "select r.permissions from agents a join roles r on r.id = a.role_id where a.id = ?",
    [agentId],
  );
  if (!held) throw new NotFound();
  if (!covers(ctx.actor, held.permissions)) throw new Forbidden();
}
