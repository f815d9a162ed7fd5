import type { Context, Reader, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { randomToken, tokenHash } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { covers, may, type Permission, sightOf } from "./policy.ts";

export interface NewApiToken {
  name: string;
  /** Of the agent as whom it acts. */
  email: string;
  /** Of that agent's permissions, those that it has too; null: all, also those they get later. */
  scopes?: readonly Permission[] | null;
  /** Reads and changes nothing. */
  readOnly?: boolean;
  /** Days until it stops working; null: never. */
  days?: number | null;
}

/**
 * A token that acts as its agent. The answer is the only time it can be read.
 *
 * @throws Forbidden; Invalid when no active agent has the address, or they hold more than the actor.
 */
export function createApiToken(ctx: Context, token: NewApiToken): Promise<string> {
  if (!may(ctx.actor, "tokens.manage")) throw new Forbidden();
  const { name, email, readOnly = false, days = null } = token;
  return transact(ctx, async (tx) => {
    const agent = await row<{ id: number; permissions: string[] }>(
      tx.db,
      `select a.id, r.permissions from agents a join roles r on r.id = a.role_id
       where a.email = ? and a.deactivated_at is null for share of a, r`,
      [email.trim().toLowerCase()],
    );
    if (!agent) throw new Invalid({ agent: "agents.unknown" });
    const isOther = tx.actor.kind === "agent" && tx.actor.id !== agent.id;
    // As somebody else only what they may today, and only where one sees what they see.
    const scopes = token.scopes ?? (isOther ? agent.permissions : null);
    const sees = !isOther || (sightOf(tx.actor) === "all" && (await sharesIsolated(tx, agent.id)));
    if (!sees || !covers(tx.actor, scopes ?? agent.permissions))
      throw new Invalid({ agent: "agents.above_you" });
    const secret = `hilo_${randomToken()}`;
    await tx.db.raw(
      `insert into api_tokens (name, agent_id, token_hash, scopes, read_only, expires_at, created_by_id)
       values (:name, :agentId, :hash, :scopes::text[], :readOnly, now() + make_interval(days => :days), :by)`,
      {
        name: name.trim(),
        agentId: agent.id,
        hash: tokenHash(secret),
        scopes: scopes && [...scopes],
        readOnly,
        days,
        by: tx.actor.kind === "agent" ? tx.actor.id : null,
      },
    );
    tx.record(
      { type: "agent.changed", agentId: agent.id },
      { act: "api_token.created", agentId: agent.id, data: { name, readOnly, days, scopes } },
    );
    return secret;
  });
}

/** Whether the actor is in every team of the agent's that keeps an inbox to itself. */
async function sharesIsolated(tx: Tx, agentId: number): Promise<boolean> {
  const other = await row(
    tx.db,
    `select 1 from team_members m join inboxes i on i.team_id = m.team_id and i.isolated
     where m.agent_id = ? and not m.team_id = any(?::bigint[]) limit 1`,
    [agentId, tx.actor.kind === "agent" ? [...tx.actor.teamIds] : []],
  );
  return other === null;
}

export interface ApiToken {
  id: number;
  name: string;
  agentName: string;
  /** Its agent left: it does nothing until they are back. */
  isIdle: boolean;
  scopes: Permission[] | null;
  readOnly: boolean;
  createdAt: Date;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** Those that can still be used, the newest first. @throws Forbidden. */
export async function listApiTokens(ctx: Reader): Promise<ApiToken[]> {
  if (!may(ctx.actor, "tokens.manage")) throw new Forbidden();
  return rows(
    ctx.db,
    `select t.id, t.name, a.name as "agentName", a.deactivated_at is not null as "isIdle", t.scopes, t.read_only as "readOnly",
       t.created_at as "createdAt", t.expires_at as "expiresAt", t.last_used_at as "lastUsedAt"
     from api_tokens t join agents a on a.id = t.agent_id
     where t.revoked_at is null and (t.expires_at is null or t.expires_at > now()) order by t.id desc limit 500`,
  );
}

/** From the next request on it opens nothing. @throws Forbidden; NotFound when it was revoked already. */
export function revokeApiToken(ctx: Context, id: number): Promise<void> {
  if (!may(ctx.actor, "tokens.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const held = await row<{ permissions: string[] }>(
      tx.db,
      "select r.permissions from api_tokens t join agents a on a.id = t.agent_id join roles r on r.id = a.role_id where t.id = ?",
      [id],
    );
    if (!held) throw new NotFound();
    if (!covers(tx.actor, held.permissions)) throw new Conflict("agents.above_you");
    const token = await row<{ name: string; agentId: number }>(
      tx.db,
      `update api_tokens set revoked_at = now() where id = ? and revoked_at is null returning name, agent_id as "agentId"`,
      [id],
    );
    if (!token) throw new NotFound();
    const { name, agentId } = token;
    tx.record({ type: "agent.changed", agentId }, { act: "api_token.revoked", agentId, data: { id, name } });
  });
}
