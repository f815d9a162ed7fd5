import { watch } from "../platform/changes.ts";
import type { Context, Tx } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { approved } from "./approvals.ts";
import {
  checkPassword,
  hashPassword,
  longestPassword,
  shortestPassword,
  verifyPassword,
} from "./password.ts";
import { covers, may } from "./policy.ts";
import { type Agent, getAgent, type Locale } from "./queries.ts";

export interface NewAgent {
  email: string;
  name: string;
  /** Name of a role: agent, supervisor, admin or one of the firm's own. */
  role: string;
  password: string;
  locale?: Locale | undefined;
  timeZone?: string | undefined;
}

/** @throws Forbidden; Invalid when the address is taken, the role is unknown or the password too weak. */
export async function createAgent(ctx: Context, agent: NewAgent): Promise<Agent> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const hash = await hashNewPassword(agent.password);
  return transact(ctx, async (tx) => {
    await findGivenRole(tx, agent.role);
    const id = await insertAgent(tx, agent, hash);
    tx.record(
      { type: "agent.changed", agentId: id },
      { act: "agent.created", agentId: id, data: { role: agent.role } },
    );
    return getAgent(tx, id);
  });
}

/** @throws Invalid when there is no such role, or it holds what the actor does not: nobody gives more than they have. */
export async function findGivenRole(tx: Tx, name: string): Promise<number> {
  const role = await row<{ id: number; permissions: string[] }>(
    tx.db,
    "select id, permissions from roles where name = ?",
    [name],
  );
  if (!role) throw new Invalid({ role: "agents.role_unknown" });
  if (!covers(tx.actor, role.permissions)) throw new Invalid({ role: "agents.role_above" });
  return role.id;
}

/** Shared with the first set-up, where nobody may do anything yet. Without a password nobody can enter. */
export async function insertAgent(
  tx: Tx,
  agent: Omit<NewAgent, "password">,
  passwordHash: string | null,
): Promise<number> {
  const role = await row<{ id: number }>(tx.db, "select id from roles where name = ?", [agent.role]);
  if (!role) throw new Invalid({ role: "agents.role_unknown" });
  const inserted = await row<{ id: number }>(
    tx.db,
    `insert into agents (email, name, role_id, password_hash, locale, time_zone, receives)
     select :email, :name, :role, :hash, coalesce(:locale, f.locale), coalesce(:timeZone, f.time_zone),
       not exists (select 1 from roles where id = :role and 'supervise' = any(permissions)) from firm f
     on conflict (email) do nothing returning id`,
    {
      email: agent.email.trim().toLowerCase(),
      name: agent.name.trim(),
      role: role.id,
      hash: passwordHash,
      locale: agent.locale ?? null,
      timeZone: agent.timeZone ?? null,
    },
  );
  if (!inserted) throw new Invalid({ email: "agents.email_taken" });
  return inserted.id;
}

export async function hashNewPassword(password: string): Promise<string> {
  if (password.length < shortestPassword || password.length > longestPassword) {
    throw new Invalid({ password: "agents.password_length" });
  }
  return hashPassword(password);
}

/** @throws Forbidden; NotFound; Conflict when nobody could configure Hilo afterwards. */
export async function changeRole(ctx: Context, agentId: number, roleName: string): Promise<Agent> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const use = await approved(ctx, "roles.change", { agentId, role: roleName });
  return changeAgent(ctx, agentId, null, async (tx) => {
    await use(tx);
    const roleId = await findGivenRole(tx, roleName);
    const { roleName: from } = await getAgent({ ...tx, actor: { kind: "system" } }, agentId);
    await tx.db.raw("update agents set role_id = ? where id = ?", [roleId, agentId]);
    return { act: "agent.role_changed", data: { role: { from, to: roleName } } };
  });
}

/** Ends every session at once and gives their conversations back to the queue. */
export function deactivateAgent(ctx: Context, agentId: number): Promise<Agent> {
  // Conversations before agents: whoever hands on what nobody moves takes them in this order too.
  const first = (tx: Tx) =>
    tx.db.raw(
      "select id from conversations where assignee_id = ? and status <> 'resolved' order by id for update",
      [agentId],
    );
  return changeAgent(ctx, agentId, first, async (tx) => {
    if (tx.actor.kind === "agent" && tx.actor.id === agentId) throw new Conflict("agents.not_yourself");
    await tx.db.raw(
      `update agents set deactivated_at = ?, session_version = session_version + 1, availability = 'offline',
         availability_changed_at = now() where id = ? and deactivated_at is null`,
      [tx.now(), agentId],
    );
    const freed = await rows<{ id: number }>(
      tx.db,
      `with freed as (update conversations set assignee_id = null where assignee_id = :agentId and status <> 'resolved' returning id)
       insert into assignments (conversation_id, reason) select id, 'agent_deactivated' from freed returning conversation_id as id`,
      { agentId },
    );
    for (const { id } of freed) tx.record({ type: "conversation.changed", conversationId: id });
    return { act: "agent.deactivated" };
  });
}

export async function reactivateAgent(ctx: Context, agentId: number): Promise<Agent> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const use = await approved(ctx, "access.change", { agentId, isBack: true });
  return changeAgent(ctx, agentId, null, async (tx) => {
    await use(tx);
    await tx.db.raw("update agents set deactivated_at = null where id = ?", [agentId]);
    return { act: "agent.reactivated" };
  });
}

/** @throws Conflict when nobody could open the door to others any more. */
export async function keepAdmin(tx: Tx): Promise<void> {
  const left = await row(
    tx.db,
    `select 1 from agents a join roles r on r.id = a.role_id
     where a.deactivated_at is null and a.password_hash is not null and r.permissions @> '{agents.manage,roles.manage}' limit 1`,
  );
  if (!left) throw new Conflict("agents.last_admin");
}

/** One shape for every change of an agent by an administrator. */
export function changeAgent(
  ctx: Context,
  agentId: number,
  first: ((tx: Tx) => Promise<unknown>) | null,
  work: (tx: Tx) => Promise<{ act: string; data?: Record<string, unknown> }>,
): Promise<Agent> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    await first?.(tx);
    const locked = await tx.db.raw("select id from agents order by id for update");
    if (!locked.rows.some((found: { id: number }) => found.id === agentId)) throw new NotFound();
    const held = await row<{ permissions: string[] }>(
      tx.db,
      "select r.permissions from agents a join roles r on r.id = a.role_id where a.id = ?",
      [agentId],
    );
    if (!covers(tx.actor, held?.permissions ?? [])) throw new Conflict("agents.above_you");
    const { act, data } = await work(tx);
    await keepAdmin(tx);
    tx.record({ type: "agent.changed", agentId }, { act, agentId, ...(data ? { data } : {}) });
    return getAgent(tx, agentId);
  });
}

/** What people may set for themselves. */
export async function updateOwnSettings(
  ctx: Context,
  settings: { name?: string | undefined; locale?: Locale; timeZone?: string },
): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  await transact(ctx, async (tx) => {
    const changes = await watch(tx.db, "agents", { id: actor.id });
    const n = await changed(
      tx.db,
      `update agents set name = coalesce(:name, name), locale = coalesce(:locale, locale), time_zone = coalesce(:timeZone, time_zone) where id = :id`,
      {
        id: actor.id,
        name: settings.name ?? null,
        locale: settings.locale ?? null,
        timeZone: settings.timeZone ?? null,
      },
    );
    if (n !== 1) throw new NotFound();
    tx.record(
      { type: "agent.changed", agentId: actor.id },
      { act: "agent.settings_changed", agentId: actor.id, data: await changes() },
    );
  });
}

/**
 * Every other session of theirs ends. @throws Forbidden; Invalid when the current password is wrong or the new one weak.
 *
 * @returns the new version that this session must carry.
 */
export async function changeOwnPassword(ctx: Context, current: string, next: string): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  const sql = "select password_hash, email from agents where id = ?";
  const stored = await row<{ password_hash: string | null; email: string }>(ctx.db, sql, [actor.id]);
  const right = await verifyPassword(current, stored?.password_hash ?? null);
  if (!right) throw new Invalid({ current: "agents.password_wrong" });
  await checkPassword(next, [actor.name, stored?.email ?? ""], "next");
  const hash = await hashPassword(next);
  return transact(ctx, async (tx) => {
    const saved = await row<{ session_version: number }>(
      tx.db,
      "update agents set password_hash = ?, totp_pending = null, session_version = session_version + 1 where id = ? returning session_version",
      [hash, actor.id],
    );
    if (!saved) throw new NotFound();
    tx.record(
      { type: "agent.changed", agentId: actor.id },
      { act: "agent.password_changed", agentId: actor.id },
    );
    return saved.session_version;
  });
}
