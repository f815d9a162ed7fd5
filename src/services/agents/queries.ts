import type { Knex } from "knex";
import type { Actor, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";

export type Locale = "es" | "en";

export interface Agent {
  id: number;
  email: string;
  name: string;
  roleId: number;
  roleName: string;
  locale: Locale;
  timeZone: string;
  availability: "online" | "away" | "offline";
  deactivatedAt: Date | null;
  /** Invited, and has not chosen a password yet. */
  isInvited: boolean;
  /** A provider of single sign-on opens their door. */
  hasSso: boolean;
  hasSecondFactor: boolean;
  teams: string[];
}

export interface Role {
  id: number;
  /** Whoever has it comes in with a second factor only. */
  requiresSecondFactor: boolean;
  name: string;
  permissions: string[];
  /** Comes with Hilo and stays as it is. */
  builtIn: boolean;
  /** How many people have it, deactivated ones too. */
  agents: number;
}

/** The signed-in person, with what every request needs to know about them. */
export interface Session {
  actor: Extract<Actor, { kind: "agent" }>;
  agent: Pick<Agent, "id" | "name" | "email" | "locale" | "timeZone" | "availability" | "roleName">;
  sessionVersion: number;
  firmName: string;
  /** Their role asks for a second factor and they have none: nothing opens but the page where they set it up. */
  mustSecure: boolean;
}

const sessionColumns = `
  a.id, a.name, a.email, a.locale, a.time_zone, a.availability, a.session_version, r.name as role_name, r.permissions,
  r.requires_second_factor and a.totp_secret is null and not exists (select 1 from passkeys k where k.agent_id = a.id) as must_secure,
  (select f.name from firm f) as firm_name,
  coalesce((select array_agg(m.team_id order by m.team_id) from team_members m where m.agent_id = a.id), '{}') as team_ids`;

interface SessionRow {
  id: number;
  name: string;
  email: string;
  locale: Locale;
  time_zone: string;
  availability: Agent["availability"];
  session_version: number;
  role_name: string;
  permissions: string[];
  team_ids: number[];
  firm_name: string;
  must_secure: boolean;
}

/** Null when there is no such agent or they were deactivated. */
export async function findSession(db: Knex, agentId: number): Promise<Session | null> {
  const found = await row<SessionRow>(
    db,
    `select ${sessionColumns} from agents a join roles r on r.id = a.role_id where a.id = ? and a.deactivated_at is null`,
    [agentId],
  );
  return found && toSession(found);
}

/** What a program is let in with. */
export interface TokenSession {
  session: Session;
  tokenId: number;
  readOnly: boolean;
}

/** The agent behind an API token, with what the token has of their permissions; null when it opens nothing. */
export async function findSessionByToken(db: Knex, hash: string): Promise<TokenSession | null> {
  const found = await row<
    SessionRow & {
      token_id: number;
      scopes: string[] | null;
      read_only: boolean;
      /** Of who made it for somebody else; null: nobody did. */
      maker: string[] | null;
    }
  >(
    db,
    `with used as (update api_tokens set last_used_at = now()
       where token_hash = :hash and (last_used_at is null or last_used_at < now() - interval '1 minute'))
     select t.id as token_id, t.scopes, t.read_only, ${sessionColumns},
       (select mr.permissions from agents ma join roles mr on mr.id = ma.role_id where ma.id = t.created_by_id and ma.id <> a.id) as maker
     from api_tokens t join agents a on a.id = t.agent_id join roles r on r.id = a.role_id
     where t.token_hash = :hash and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
       and a.deactivated_at is null`,
    { hash },
  );
  if (!found) return null;
  const { scopes, maker } = found;
  const permissions = found.permissions.filter(
    (one) =>
      (scopes === null || scopes.includes(one)) &&
      (maker === null || maker.includes(one) || one.startsWith("conversations.see_")),
  );
  return {
    session: toSession({ ...found, permissions }),
    tokenId: found.token_id,
    readOnly: found.read_only,
  };
}

function toSession(found: SessionRow): Session {
  return {
    actor: {
      kind: "agent",
      id: found.id,
      name: found.name,
      permissions: new Set(found.permissions),
      teamIds: found.team_ids,
    },
    agent: {
      id: found.id,
      name: found.name,
      email: found.email,
      locale: found.locale,
      timeZone: found.time_zone,
      availability: found.availability,
      roleName: found.role_name,
    },
    sessionVersion: found.session_version,
    firmName: found.firm_name,
    mustSecure: found.must_secure,
  };
}

/** What signing in needs; null when nobody has this address or they were deactivated. */
export function findCredentials(
  db: Knex,
  email: string,
): Promise<{ id: number; password_hash: string | null; version: number; hasSecondFactor: boolean } | null> {
  return row(
    db,
    'select id, password_hash, session_version as version, totp_secret is not null or exists (select 1 from passkeys k where k.agent_id = agents.id) as "hasSecondFactor" from agents where email = ? and deactivated_at is null',
    [email.toLowerCase()],
  );
}

/** Everybody, active first, by name. Colleagues' names are no secret; anonymous sees none. */
export async function listAgents(ctx: Reader): Promise<Agent[]> {
  if (ctx.actor.kind === "anonymous") return [];
  const found = await rows<AgentRow>(
    ctx.db,
    `select ${agentColumns} from agents a join roles r on r.id = a.role_id order by a.deactivated_at is not null, plain(a.name), a.id`,
  );
  return found.map(toAgent);
}

export async function getAgent(ctx: Reader, id: number): Promise<Agent> {
  const found =
    ctx.actor.kind === "anonymous"
      ? null
      : await row<AgentRow>(
          ctx.db,
          `select ${agentColumns} from agents a join roles r on r.id = a.role_id where a.id = ?`,
          [id],
        );
  if (!found) throw new NotFound();
  return toAgent(found);
}

const agentColumns = `
  a.id, a.email, a.name, a.role_id, r.name as role_name, a.locale, a.time_zone, a.availability, a.deactivated_at,
  a.password_hash is null and a.sso_subject is null as is_invited, a.sso_subject is not null as has_sso, a.totp_secret is not null or exists (select 1 from passkeys k where k.agent_id = a.id) as has_second_factor,
  coalesce((select array_agg(t.name order by t.name) from team_members m join teams t on t.id = m.team_id
            where m.agent_id = a.id), '{}') as teams`;

interface AgentRow {
  id: number;
  email: string;
  name: string;
  role_id: number;
  role_name: string;
  locale: Locale;
  time_zone: string;
  availability: Agent["availability"];
  deactivated_at: Date | null;
  is_invited: boolean;
  has_sso: boolean;
  has_second_factor: boolean;
  teams: string[];
}

function toAgent(found: AgentRow): Agent {
  return {
    id: found.id,
    email: found.email,
    name: found.name,
    roleId: found.role_id,
    roleName: found.role_name,
    locale: found.locale,
    timeZone: found.time_zone,
    availability: found.availability,
    deactivatedAt: found.deactivated_at,
    isInvited: found.is_invited,
    hasSso: found.has_sso,
    hasSecondFactor: found.has_second_factor,
    teams: found.teams,
  };
}

const roleColumns =
  'r.id, r.name, r.permissions, r.requires_second_factor as "requiresSecondFactor", r.built_in as "builtIn", (select count(*)::int from agents where role_id = r.id) as agents';

export async function getRole(ctx: Reader, id: number): Promise<Role> {
  const found = (await listRoles(ctx)).find((one) => one.id === id);
  if (!found) throw new NotFound();
  return found;
}

export function listRoles(ctx: Reader): Promise<Role[]> {
  if (ctx.actor.kind === "anonymous") return Promise.resolve([]);
  return rows(ctx.db, `select ${roleColumns} from roles r order by r.built_in desc, r.id`);
}

export const teamNamesSql =
  "select id, name from teams where archived_at is null order by plain(name), id limit 100";

export function listTeams(ctx: Reader): Promise<{ id: number; name: string }[]> {
  if (ctx.actor.kind === "anonymous") return Promise.resolve([]);
  return rows(ctx.db, teamNamesSql);
}

/** How many agents can sign in. */
export async function countAgents(db: Knex): Promise<number> {
  const found = await row<{ n: number }>(
    db,
    "select count(*)::int as n from agents where deactivated_at is null",
  );
  return found?.n ?? 0;
}
