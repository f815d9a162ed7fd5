import { randomBytes } from "node:crypto";
import type { Knex } from "knex";
import { generateSecret, generateURI, verify } from "otplib";
import type { Context, Tx } from "../platform/context.ts";
import { changed, row } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { type Secrets, tokenHash } from "../platform/secrets.ts";
import { transact } from "../platform/transact.ts";
import { changeAgent } from "./agent.ts";
import { approved } from "./approvals.ts";
import { may } from "./policy.ts";

/** A phone's clock may be a step off (RFC 6238, 5.2). Seconds. */
const tolerance = 30;
const recoveryCodes = 10;

/** What an authenticator app needs: the secret, typed or read as a QR code of `uri`. */
export interface TotpOffer {
  secret: string;
  uri: string;
}

/**
 * A secret that counts once a code confirms it. Asking again gives another; `again`: the same, after a code that did not fit.
 *
 * @throws Conflict when there is one already.
 */
export function offerTotp(ctx: Context, again = false): Promise<TotpOffer> {
  return own(ctx, async (tx, agent) => {
    if (agent.secret) throw new Conflict("second_factor.exists");
    const known = again && agent.pending;
    const secret = known ? tx.secrets.decrypt(known) : generateSecret();
    if (!known)
      await tx
        .db("agents")
        .where({ id: agent.id })
        .update({ totp_pending: tx.secrets.encrypt(secret) });
    return { secret, uri: generateURI({ issuer: `Hilo ${agent.firm}`, label: agent.email, secret }) };
  });
}

/**
 * Takes the second factor into use. Every other session of theirs ends.
 *
 * @returns the recovery codes, for this once, and the version that this session must carry.
 * @throws Invalid when the code does not fit; Conflict when nothing was offered.
 */
export function confirmTotp(ctx: Context, code: string): Promise<{ codes: string[]; version: number }> {
  return own(ctx, async (tx, agent) => {
    if (!agent.pending) throw new Conflict("second_factor.not_offered");
    const step = await stepOf(tx.secrets.decrypt(agent.pending), code);
    if (step === null) throw new Invalid({ code: "second_factor.wrong" });
    const saved = await row<{ version: number }>(
      tx.db,
      `update agents set totp_secret = totp_pending, totp_pending = null, totp_last_step = :step, session_version = session_version + 1
       where id = :id returning session_version as version`,
      { id: agent.id, step },
    );
    const codes = await writeRecoveryCodes(tx, agent.id);
    note(tx, agent.id, "agent.second_factor_added");
    return { codes, version: saved?.version ?? 0 };
  });
}

/** The old ones stop working. @throws Conflict without a second factor. */
export function renewRecoveryCodes(ctx: Context): Promise<string[]> {
  return own(ctx, async (tx, agent) => {
    if (!agent.secret) throw new Conflict("second_factor.not_offered");
    note(tx, agent.id, "agent.recovery_codes_renewed");
    return writeRecoveryCodes(tx, agent.id);
  });
}

/** @throws Conflict when their role asks for one and they have no other. */
export function removeTotp(ctx: Context): Promise<void> {
  return own(ctx, async (tx, agent) => {
    const other = await row(tx.db, "select 1 from passkeys where agent_id = ? limit 1", [agent.id]);
    if (agent.isRequired && !other) throw new Conflict("second_factor.required");
    await clear(tx, agent.id);
    note(tx, agent.id, "agent.second_factor_removed");
  });
}

/** For whoever lost their phone and their codes: they come in with the password, and start over. */
export async function resetSecondFactor(ctx: Context, agentId: number): Promise<void> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const use = await approved(ctx, "access.change", { agentId, isSecondFactor: true });
  await changeAgent(ctx, agentId, null, async (tx) => {
    await use(tx);
    await clear(tx, agentId);
    await tx.db.raw("delete from passkeys where agent_id = ?", [agentId]);
    await tx.db.raw("update agents set session_version = session_version + 1 where id = ?", [agentId]);
    return { act: "agent.second_factor_reset" };
  });
}

/**
 * Whether a code opens the door now: of the app, each once, or one of the recovery codes. Two sign-ins at one moment with
 * one code do not both succeed.
 */
export async function takeCode(db: Knex, secrets: Secrets, agentId: number, typed: string): Promise<boolean> {
  const code = typed.replaceAll(/[\s-]/g, "").toLowerCase();
  const agent = await row<{ secret: string | null }>(
    db,
    "select totp_secret as secret from agents where id = ? and deactivated_at is null",
    [agentId],
  );
  if (!agent?.secret) return false;
  const step = /^\d{6}$/.test(code) ? await stepOf(secrets.decrypt(agent.secret), code) : null;
  if (step !== null) {
    return (
      (await changed(
        db,
        "update agents set totp_last_step = :step where id = :agentId and (totp_last_step is null or totp_last_step < :step)",
        { agentId, step },
      )) === 1
    );
  }
  if (!/^[a-z2-7]{16}$/.test(code)) return false;
  return (
    (await changed(
      db,
      "update recovery_codes set used_at = now() where agent_id = ? and code_hash = ? and used_at is null",
      [agentId, tokenHash(code)],
    )) === 1
  );
}

/** How somebody is secured, for the page. */
export async function getSecondFactor(
  ctx: Context,
): Promise<{ isOn: boolean; isRequired: boolean; codesLeft: number }> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  const found = await row<{ isOn: boolean; isRequired: boolean; codesLeft: number }>(
    ctx.db,
    `select a.totp_secret is not null as "isOn", r.requires_second_factor as "isRequired",
       (select count(*)::int from recovery_codes c where c.agent_id = a.id and c.used_at is null) as "codesLeft"
     from agents a join roles r on r.id = a.role_id where a.id = ?`,
    [actor.id],
  );
  if (!found) throw new NotFound();
  return found;
}

/** The time step that a code belongs to; null when it fits none. The caller takes care that each step is taken once. */
async function stepOf(secret: string, code: string): Promise<number | null> {
  const token = code.replaceAll(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return null;
  const result = await verify({ secret, token, epochTolerance: tolerance });
  return result.valid && "timeStep" in result ? result.timeStep : null;
}

async function writeRecoveryCodes(tx: Tx, agentId: number): Promise<string[]> {
  // 80 bits each, in the alphabet of base32, which nobody misreads.
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  const codes = Array.from({ length: recoveryCodes }, () =>
    [...randomBytes(16)].map((byte) => alphabet[byte & 31]).join(""),
  );
  await tx.db.raw("delete from recovery_codes where agent_id = ?", [agentId]);
  await tx.db.raw(
    "insert into recovery_codes (agent_id, code_hash) select :agentId, unnest(:hashes::text[])",
    { agentId, hashes: codes.map(tokenHash) },
  );
  return codes.map((code) => code.replaceAll(/(.{4})(?=.)/g, "$1-"));
}

async function clear(tx: Tx, agentId: number): Promise<void> {
  await tx.db.raw(
    "update agents set totp_secret = null, totp_pending = null, totp_last_step = null where id = ?",
    [agentId],
  );
  await tx.db.raw("delete from recovery_codes where agent_id = ?", [agentId]);
}

const note = (tx: Tx, agentId: number, act: string) =>
  tx.record({ type: "agent.changed", agentId }, { act, agentId });

interface OwnAgent {
  id: number;
  email: string;
  firm: string;
  secret: string | null;
  pending: string | null;
  isRequired: boolean;
}

async function own<T>(ctx: Context, work: (tx: Tx, agent: OwnAgent) => Promise<T>): Promise<T> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  return transact(ctx, async (tx) => {
    const agent = await row<OwnAgent>(
      tx.db,
      `select a.id, a.email, f.name as firm, a.totp_secret as secret, a.totp_pending as pending,
         r.requires_second_factor as "isRequired"
       from agents a join roles r on r.id = a.role_id cross join firm f where a.id = ? for update of a`,
      [actor.id],
    );
    if (!agent) throw new NotFound();
    return work(tx, agent);
  });
}
