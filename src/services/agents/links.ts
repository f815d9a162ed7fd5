import type { Context, Tx } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, NotFound } from "../platform/errors.ts";
import { randomToken, tokenHash } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { changeAgent, findGivenRole, insertAgent } from "./agent.ts";
import { approved } from "./approvals.ts";
import { checkPassword, hashPassword } from "./password.ts";
import { may } from "./policy.ts";
import { type Agent, getAgent } from "./queries.ts";

export type LinkKind = "invitation" | "reset";

/** How long a link works. Hours. */
const hours = { invitation: 7 * 24, reset: 1 } as const satisfies Record<LinkKind, number>;

/** A link as its maker sees it, once. `isMailed`: it goes by mail too. */
export interface NewLink {
  agent: Agent;
  kind: LinkKind;
  token: string;
  isMailed: boolean;
}

/**
 * Makes an account that nobody can enter yet, and the link that lets its person choose a password.
 *
 * @throws Forbidden; Invalid when the address is taken or the role unknown or above the actor's own.
 */
export async function invite(
  ctx: Context,
  person: { name: string; email: string; role: string },
): Promise<NewLink> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const use = await approved(ctx, "access.change", { email: person.email, role: person.role });
  return transact(ctx, async (tx) => {
    await use(tx);
    await findGivenRole(tx, person.role);
    const id = await insertAgent(tx, person, null);
    tx.record(
      { type: "agent.changed", agentId: id },
      { act: "agent.invited", agentId: id, data: { role: person.role } },
    );
    return openLink(tx, ctx, id, "invitation");
  });
}

/**
 * A fresh link for somebody: to come in for the first time, or to choose another password.
 *
 * @throws Forbidden; NotFound; Conflict for somebody who holds more than the actor.
 */
export async function renewLink(ctx: Context, agentId: number): Promise<NewLink> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const use = await approved(ctx, "access.change", { agentId, isLink: true });
  let made: NewLink | null = null;
  await changeAgent(ctx, agentId, null, async (tx) => {
    await use(tx);
    const agent = await row<{ hasPassword: boolean; isGone: boolean }>(
      tx.db,
      `select password_hash is not null as "hasPassword", deactivated_at is not null as "isGone" from agents where id = ?`,
      [agentId],
    );
    if (!agent || agent.isGone) throw new NotFound();
    made = await openLink(tx, ctx, agentId, agent.hasPassword ? "reset" : "invitation");
    return { act: "agent.link_made", data: { kind: made.kind } };
  });
  if (!made) throw new Error("no link was made");
  return made;
}

/** Mails a link to whoever has this address, if anybody and if the firm has a mail server. Says nothing of either. */
export function requestReset(ctx: Context, email: string): Promise<void> {
  return transact(ctx, async (tx) => {
    const agent = await row<{ id: number }>(
      tx.db,
      "select id from agents where email = ? and deactivated_at is null and password_hash is not null for update",
      [email.trim().toLowerCase()],
    );
    if (!agent || !ctx.config.smtpUrl) return;
    await openLink(tx, ctx, agent.id, "reset");
    tx.record(null, { act: "agent.reset_asked", agentId: agent.id });
  });
}

async function openLink(tx: Tx, ctx: Context, agentId: number, kind: LinkKind): Promise<NewLink> {
  const token = randomToken();
  const isMailed = ctx.config.smtpUrl !== null;
  await tx.db.raw("delete from agent_links where agent_id = ? and used_at is null", [agentId]);
  await tx.db.raw(
    `insert into agent_links (agent_id, kind, token_hash, sealed_token, created_by_id, expires_at)
     values (:agentId, :kind, :hash, :sealed, :by, now() + make_interval(hours => :hours))`,
    {
      agentId,
      kind,
      hash: tokenHash(token),
      sealed: isMailed ? tx.secrets.encrypt(token) : null,
      by: tx.actor.kind === "agent" ? tx.actor.id : null,
      hours: hours[kind],
    },
  );
  return { agent: await getAgent({ ...tx, actor: { kind: "system" } }, agentId), kind, token, isMailed };
}

/** Whose link it is. */
export interface OpenLink {
  agentId: number;
  kind: LinkKind;
  name: string;
  email: string;
}

/** @throws NotFound when it is not the newest one, was used, ran out, or its person was deactivated. */
export async function getLink(ctx: Pick<Context, "db">, token: string, lock = ""): Promise<OpenLink> {
  const found = await row<OpenLink>(
    ctx.db,
    `select l.agent_id as "agentId", l.kind, a.name, a.email from agent_links l join agents a on a.id = l.agent_id
     where l.token_hash = ? and l.used_at is null and l.expires_at > now() and a.deactivated_at is null ${lock}`,
    [tokenHash(token)],
  );
  if (!found) throw new NotFound("passwords.link_over");
  return found;
}

/**
 * Sets the password; every session there was ends. Two people with one link do not both succeed.
 *
 * @throws NotFound as `getLink`; Invalid when the password is weak.
 */
export async function useLink(ctx: Context, token: string, password: string): Promise<OpenLink> {
  const { name, email } = await getLink(ctx, token);
  await checkPassword(password, [name, email]);
  const hash = await hashPassword(password);
  return transact(ctx, async (tx) => {
    const link = await getLink(tx, token, "for update of l, a");
    await tx.db.raw("update agent_links set used_at = now(), sealed_token = null where token_hash = ?", [
      tokenHash(token),
    ]);
    await tx.db.raw(
      "update agents set password_hash = ?, totp_pending = null, session_version = session_version + 1 where id = ?",
      [hash, link.agentId],
    );
    tx.record(
      { type: "agent.changed", agentId: link.agentId },
      { act: link.kind === "invitation" ? "agent.joined" : "agent.password_reset", agentId: link.agentId },
    );
    return link;
  });
}
