import type { AuthenticationResponseJSON, RegistrationResponseJSON } from "@simplewebauthn/server";
import type { Knex } from "knex";
import type { Context, Reader } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** Loaded when somebody uses a passkey: certificates of makers take memory. */
const webauthn = () => import("@simplewebauthn/server");
const mostPasskeys = 20;

/** The site as browsers know it: `https://hilo.example`, and its host alone. */
export interface Site {
  origin: string;
  host: string;
}

export interface Passkey {
  id: number;
  name: string;
  createdAt: Date;
  lastUsedAt: Date | null;
}

/** One's own, the oldest first. */
export function listPasskeys(ctx: Reader): Promise<Passkey[]> {
  if (ctx.actor.kind !== "agent") throw new Forbidden();
  return rows(
    ctx.db,
    `select id, name, created_at as "createdAt", last_used_at as "lastUsedAt" from passkeys where agent_id = ? order by id limit ${mostPasskeys}`,
    [ctx.actor.id],
  );
}

/** What the browser is asked to make a passkey with; its `challenge` is kept by the caller until the answer comes. */
export async function offerPasskey(ctx: Reader, site: Site, email: string) {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  const known = await rows<{ id: string }>(
    ctx.db,
    "select credential_id as id from passkeys where agent_id = ?",
    [actor.id],
  );
  if (known.length >= mostPasskeys) throw new Conflict("passkeys.too_many");
  const { generateRegistrationOptions } = await webauthn();
  return generateRegistrationOptions({
    rpName: "Hilo",
    rpID: site.host,
    userName: email,
    userDisplayName: actor.name,
    userID: new TextEncoder().encode(`agent-${actor.id}`),
    attestationType: "none",
    excludeCredentials: known,
    // It stands for both factors: something one has, and a finger, a face or a PIN.
    authenticatorSelection: { residentKey: "required", userVerification: "required" },
  });
}

/**
 * Keeps a passkey that the browser made. Every other session of theirs ends, as with an app.
 *
 * @returns the version that this session must carry. @throws Invalid when it does not fit what was asked; Conflict when it is known.
 */
export async function addPasskey(
  ctx: Context,
  site: Site,
  challenge: string,
  response: RegistrationResponseJSON,
  name: string,
): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  const { verifyRegistrationResponse } = await webauthn();
  const made = await verifyRegistrationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    requireUserVerification: true,
  }).catch(() => null);
  if (!made?.verified) throw new Invalid({ passkey: "passkeys.refused" });
  const { credential } = made.registrationInfo;
  return transact(ctx, async (tx) => {
    const kept = await row(
      tx.db,
      `insert into passkeys (agent_id, credential_id, public_key, counter, transports, name)
       values (:agentId, :id, :key, :counter, :transports::text[], :name) on conflict (credential_id) do nothing returning id`,
      {
        agentId: actor.id,
        id: credential.id,
        key: Buffer.from(credential.publicKey),
        counter: credential.counter,
        transports: credential.transports ?? [],
        name: name.trim().slice(0, 80) || "Passkey",
      },
    );
    if (!kept) throw new Conflict("passkeys.known");
    const saved = await row<{ version: number }>(
      tx.db,
      "update agents set session_version = session_version + 1 where id = ? returning session_version as version",
      [actor.id],
    );
    tx.record(
      { type: "agent.changed", agentId: actor.id },
      { act: "agent.passkey_added", agentId: actor.id, data: { name: name.slice(0, 80) } },
    );
    return saved?.version ?? 0;
  });
}

/** @throws NotFound; Conflict when their role asks for a second factor and this is the last one. */
export function removePasskey(ctx: Context, id: number): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent") throw new Forbidden();
  return transact(ctx, async (tx) => {
    await tx.db.raw("select id from agents where id = ? for update", [actor.id]);
    const gone = await row<{ name: string }>(
      tx.db,
      "delete from passkeys where id = ? and agent_id = ? returning name",
      [id, actor.id],
    );
    if (!gone) throw new NotFound();
    const bare = await row(
      tx.db,
      `select 1 from agents a join roles r on r.id = a.role_id where a.id = ? and r.requires_second_factor and a.totp_secret is null
         and not exists (select 1 from passkeys p where p.agent_id = a.id)`,
      [actor.id],
    );
    if (bare) throw new Conflict("second_factor.required");
    tx.record(
      { type: "agent.changed", agentId: actor.id },
      { act: "agent.passkey_removed", agentId: actor.id, data: gone },
    );
  });
}

/** What the browser is asked for at the door: anybody's passkey of this site. */
export async function askPasskey(site: Site) {
  const { generateAuthenticationOptions } = await webauthn();
  return generateAuthenticationOptions({ rpID: site.host, userVerification: "required" });
}

/**
 * Whose passkey answered; null when none of ours did, or not to this question. A counter that went back was copied and opens
 * nothing; nor does a passkey alone where the provider of single sign-on keeps the door.
 *
 * @param provedId who has passed the first door already.
 */
export async function takePasskey(
  db: Knex,
  site: Site,
  challenge: string,
  response: AuthenticationResponseJSON,
  provedId: number | null,
): Promise<{ id: number; version: number } | null> {
  const known = await row<{
    id: number;
    key: Buffer;
    counter: number;
    agentId: number;
    version: number;
  }>(
    db,
    `select p.id, p.public_key as key, p.counter, a.id as "agentId", a.session_version as version
     from passkeys p join agents a on a.id = p.agent_id where p.credential_id = :credential and a.deactivated_at is null
       and (a.id = :provedId or not exists (select 1 from single_sign_on s where s.enabled and s.issuer = a.sso_issuer))`,
    { credential: typeof response.id === "string" ? response.id.slice(0, 2000) : "", provedId },
  );
  if (!known) return null;
  const { verifyAuthenticationResponse } = await webauthn();
  const answer = await verifyAuthenticationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: site.origin,
    expectedRPID: site.host,
    credential: { id: response.id, publicKey: new Uint8Array(known.key), counter: known.counter },
    requireUserVerification: true,
  }).catch(() => null);
  if (!answer?.verified) return null;
  const { newCounter } = answer.authenticationInfo;
  const used = await changed(
    db,
    "update passkeys set counter = :newCounter, last_used_at = now() where id = :id and (counter = 0 and :newCounter = 0 or counter < :newCounter)",
    { id: known.id, newCounter },
  );
  return used === 1 ? { id: known.agentId, version: known.version } : null;
}
