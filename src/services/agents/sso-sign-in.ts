import type { Context, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { insertAgent, keepAdmin } from "./agent.ts";
import { ask, type Client, discover, hear, type Identity, type Question } from "./sso-provider.ts";

/** What opens the door next: as after a password. */
export interface Admitted {
  id: number;
  version: number;
  hasSecondFactor: boolean;
  /** When they last proved it at the provider; null when it does not say. */
  provedAt: Date | null;
}

interface Door extends Client {
  groupsClaim: string;
  domains: string[];
  defaultRole: string | null;
}

/** @throws NotFound when single sign-on is off. */
async function findDoor(ctx: Pick<Context, "db" | "secrets">): Promise<Door> {
  const found = await row<Door>(
    ctx.db,
    `select s.issuer, s.client_id as "clientId", s.client_secret as secret, s.groups_claim as "groupsClaim", s.domains, r.name as "defaultRole"
     from single_sign_on s left join roles r on r.id = s.default_role_id where s.enabled`,
  );
  if (!found) throw new NotFound();
  return { ...found, secret: ctx.secrets.decrypt(found.secret) };
}

/** Where to send somebody who wants to come in. @param back where the provider sends them afterwards. */
export async function leaveForProvider(
  ctx: Context,
  back: string,
  again: boolean,
): Promise<{ url: string; question: Question }> {
  return ask(await discover(ctx.config, await findDoor(ctx)), back, again);
}

/**
 * Who came back from the provider, let in as far as their groups say.
 *
 * @param back the whole address that they came back to. @throws NotFound; Conflict with a reason to show; whatever is wrong
 * with what the provider said.
 */
export async function returnFromProvider(ctx: Context, back: string, question: Question): Promise<Admitted> {
  const door = await findDoor(ctx);
  const identity = await hear(await discover(ctx.config, door), back, question, door.groupsClaim);
  // The library saw to it that it is this provider, who may end its own name with a slash that nobody typed.
  return admit(ctx, { ...identity, issuer: door.issuer });
}

/** Whether somebody comes in by single sign-on. */
export async function hasSingleSignOn(ctx: Pick<Context, "db">, agentId: number): Promise<boolean> {
  const found = await row(
    ctx.db,
    "select 1 from agents a join single_sign_on s on s.enabled and s.issuer = a.sso_issuer where a.id = ?",
    [agentId],
  );
  return found !== null;
}

const readAdmitted = (tx: Tx, id: number): Promise<Omit<Admitted, "provedAt"> | null> =>
  row(
    tx.db,
    `select id, session_version as version, totp_secret is not null or exists (select 1 from passkeys k where k.agent_id = a.id) as "hasSecondFactor"
     from agents a where id = ? and deactivated_at is null`,
    [id],
  );

/** Whoever came in before and has the same groups: most mornings change nothing, and lock nobody. */
async function findUnchanged(tx: Tx, door: Door, identity: Identity): Promise<Admitted | null> {
  const known = await findKnown(tx, identity);
  if (!known?.isLinked || known.isGone || (await roleOf(tx, door, identity, known)) !== known.role)
    return null;
  const admitted = await readAdmitted(tx, known.id);
  return admitted && { ...admitted, provedAt: identity.provedAt };
}

interface Known {
  id: number;
  role: string;
  isGone: boolean;
  /** Linked to somebody at this very provider. */
  isLinked: boolean;
}

/**
 * Finds or makes the account of whoever the provider vouches for. By the provider's own name for them; only the first time by
 * the address, when the provider has verified it. Their role follows their groups at each sign-in.
 *
 * @throws Conflict with a reason to show.
 */
export function admit(ctx: Context, identity: Identity): Promise<Admitted> {
  return transact({ ...ctx, actor: { kind: "system" } }, async (tx) => {
    const door = await findDoor({ ...ctx, db: tx.db });
    if (identity.issuer !== door.issuer || identity.subject === "") throw new Conflict("sso.refused");
    const same = await findUnchanged(tx, door, identity);
    if (same) return same;
    // As every change of people: two who come in for the first time at one moment make one account.
    await tx.db.raw("select id from agents order by id for update");
    const known = await findKnown(tx, identity);
    if (known?.isGone) throw new Conflict("sso.refused");
    if (!known?.isLinked) mustBeVouchedFor(identity, door);
    const role = await roleOf(tx, door, identity, known);
    const id = known?.id ?? (await insertAgent(tx, personOf(identity, role), null));
    if (!known) note(tx, id, "agent.created", { role });
    if (!known?.isLinked) await link(tx, id, identity);
    if (known && known.role !== role) {
      await tx.db.raw("update agents set role_id = (select id from roles where name = ?) where id = ?", [
        role,
        id,
      ]);
      await keepAdmin(tx);
      note(tx, id, "agent.role_changed", { role: { from: known.role, to: role } });
    }
    const admitted = await readAdmitted(tx, id);
    if (!admitted) throw new NotFound();
    return { ...admitted, provedAt: identity.provedAt };
  });
}

async function findKnown(tx: Tx, { issuer, subject, email }: Identity): Promise<Known | null> {
  const [known] = await rows<Known>(
    tx.db,
    `select a.id, r.name as role, a.deactivated_at is not null as "isGone", coalesce(a.sso_issuer = :issuer, false) as "isLinked"
     from agents a join roles r on r.id = a.role_id
     where a.sso_issuer = :issuer and a.sso_subject = :subject or a.email = :email
     order by coalesce(a.sso_issuer = :issuer and a.sso_subject = :subject, false) desc limit 1`,
    { issuer, subject, email },
  );
  if (!known?.isLinked) return known ?? null;
  const same = await row(tx.db, "select 1 from agents where id = ? and sso_subject = ?", [known.id, subject]);
  // The address is that of somebody else at the provider: given on, or taken.
  if (!same) throw new Conflict("sso.other_person");
  return known;
}

function mustBeVouchedFor({ email }: Identity, { domains }: Door): void {
  if (email === null) throw new Conflict("sso.unverified");
  if (domains.length > 0 && !domains.includes(email.split("@")[1] ?? "")) throw new Conflict("sso.domain");
}

async function roleOf(tx: Tx, door: Door, { groups }: Identity, known: Known | null): Promise<string> {
  const mapped = await rows<{ group: string; role: string }>(
    tx.db,
    `select g.group_name as "group", r.name as role from sso_groups g join roles r on r.id = g.role_id order by g.position`,
  );
  const found = mapped.find(({ group }) => groups.includes(group))?.role;
  // Without a mapping roles are given in Hilo, and what somebody has stays.
  const role = found ?? (mapped.length === 0 && known ? known.role : door.defaultRole);
  if (!role) throw new Conflict("sso.no_role");
  return role;
}

/**
 * From now on the provider opens their door: links and the password are gone, but for the password of the last one who could let
 * others in without it. Sessions from before end.
 */
async function link(tx: Tx, id: number, { issuer, subject }: Identity): Promise<void> {
  await tx.db.raw(
    `update agents set sso_issuer = :issuer, sso_subject = :subject, totp_pending = null, session_version = session_version + 1,
       password_hash = case when exists (
         select 1 from agents o join roles r on r.id = o.role_id where o.id <> :id and o.deactivated_at is null
           and o.password_hash is not null and r.permissions @> '{agents.manage,roles.manage}') then null else password_hash end
     where id = :id`,
    { id, issuer, subject },
  );
  await tx.db.raw("delete from agent_links where agent_id = ? and used_at is null", [id]);
  note(tx, id, "agent.sso_linked", { issuer });
}

function personOf({ email, name, locale }: Identity, role: string) {
  const [language] = locale.split(/[-_]/);
  return {
    email: email ?? "",
    name: name || (email ?? ""),
    role,
    locale: language === "es" || language === "en" ? (language as "es" | "en") : undefined,
  };
}

const note = (tx: Tx, agentId: number, act: string, data?: Record<string, unknown>) =>
  tx.record({ type: "agent.changed", agentId }, { act, agentId, ...(data ? { data } : {}) });
