import type { Knex } from "knex";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid } from "../platform/errors.ts";
import { isAskable } from "../platform/safe-fetch.ts";
import { transact } from "../platform/transact.ts";
import { changeAgent } from "./agent.ts";
import { approved } from "./approvals.ts";
import { covers, may, permissions } from "./policy.ts";
import { discover } from "./sso-provider.ts";

/** Single sign-on with one provider of OpenID Connect. */
export interface SingleSignOn {
  /** As the door's button says it, up to 40 characters. */
  name: string;
  /** The provider's address, to the letter: `https://accounts.example.com`. */
  issuer: string;
  clientId: string;
  /** Which claim lists somebody's groups. */
  groupsClaim: string;
  /** In order: of several groups of one person the first counts. */
  groups: { group: string; role: string }[];
  /** Of whoever is in none of them; null: they do not come in. */
  defaultRole: string | null;
  /** Only addresses of these domains come in; empty: of any. */
  domains: string[];
  enabled: boolean;
}

/** Null when none is set up. @throws Forbidden. */
export async function getSingleSignOn(ctx: Reader): Promise<SingleSignOn | null> {
  if (!may(ctx.actor, "roles.manage")) throw new Forbidden();
  return find(ctx.db);
}

function find(db: Knex): Promise<SingleSignOn | null> {
  return row<SingleSignOn>(
    db,
    `select s.name, s.issuer, s.client_id as "clientId", s.groups_claim as "groupsClaim", s.domains, s.enabled, r.name as "defaultRole",
       coalesce((select jsonb_agg(jsonb_build_object('group', g.group_name, 'role', gr.name) order by g.position)
                 from sso_groups g join roles gr on gr.id = g.role_id), '[]') as groups
     from single_sign_on s left join roles r on r.id = s.default_role_id`,
  );
}

/** What stands on the door; null when nobody may come in this way. */
export const getSsoDoor = (db: Knex): Promise<{ name: string } | null> =>
  row(db, "select name from single_sign_on where enabled");

/**
 * Sets it up, complete or not at all; turned on only when the provider answers. Who decides whom we believe could come in as
 * anybody: it takes every permission there is.
 *
 * @param secret null: the one that is kept. @throws Forbidden; Conflict; Invalid; ApprovalNeeded.
 */
export async function saveSingleSignOn(
  ctx: Context,
  wanted: SingleSignOn,
  secret: string | null,
): Promise<void> {
  await mustRule(ctx);
  const kept = await row<{ secret: string }>(ctx.db, "select client_secret as secret from single_sign_on");
  const plain = secret ?? (kept ? ctx.secrets.decrypt(kept.secret) : "");
  check(ctx, wanted, plain);
  const fingerprint = ctx.secrets.fingerprint(plain).slice(0, 12);
  const use = await approved(ctx, "access.change", { singleSignOn: { ...wanted, fingerprint } });
  if (wanted.enabled && !(await answers(ctx, wanted, plain)))
    throw new Invalid({ issuer: "sso.unreachable" }, { issuer: wanted.issuer });
  await transact(ctx, async (tx) => {
    await use(tx);
    const before = await find(tx.db);
    const defaultRoleId = wanted.defaultRole === null ? null : await roleId(tx, wanted.defaultRole);
    await tx.db.raw(
      `insert into single_sign_on (name, issuer, client_id, client_secret, groups_claim, domains, default_role_id, enabled)
       values (:name, :issuer, :clientId, :secret, :groupsClaim, :domains, :defaultRoleId, :enabled)
       on conflict (id) do update set name = :name, issuer = :issuer, client_id = :clientId, client_secret = :secret,
         groups_claim = :groupsClaim, domains = :domains, default_role_id = :defaultRoleId, enabled = :enabled`,
      { ...wanted, secret: tx.secrets.encrypt(plain), defaultRoleId, groups: null, defaultRole: null },
    );
    await tx.db.raw("delete from sso_groups");
    for (const [position, { group, role }] of wanted.groups.entries())
      await tx.db("sso_groups").insert({ position, group_name: group, role_id: await roleId(tx, role) });
    tx.record(
      { type: "firm.changed" },
      { act: "sso.changed", data: { singleSignOn: { from: before, to: await find(tx.db) } } },
    );
  });
}

/** Whoever came in by it alone needs a link to choose a password. @throws Forbidden; Conflict; ApprovalNeeded. */
export async function removeSingleSignOn(ctx: Context): Promise<void> {
  await mustRule(ctx);
  const use = await approved(ctx, "access.change", { singleSignOn: null });
  await transact(ctx, async (tx) => {
    await use(tx);
    const before = await find(tx.db);
    await tx.db.raw("delete from single_sign_on");
    await tx.db.raw("delete from sso_groups");
    tx.record(
      { type: "firm.changed" },
      { act: "sso.removed", data: { singleSignOn: { from: before, to: null } } },
    );
  });
}

/** Lets somebody come in as another person of the provider, or by a link. @throws Forbidden; NotFound; Conflict; ApprovalNeeded. */
export async function unlinkSso(ctx: Context, agentId: number): Promise<void> {
  if (!may(ctx.actor, "agents.manage")) throw new Forbidden();
  const use = await approved(ctx, "access.change", { agentId, isSsoRemoval: true });
  await changeAgent(ctx, agentId, null, async (tx) => {
    await use(tx);
    await tx.db.raw(
      "update agents set sso_issuer = null, sso_subject = null, session_version = session_version + 1 where id = ?",
      [agentId],
    );
    return { act: "agent.sso_unlinked" };
  });
}

async function mustRule(ctx: Context): Promise<void> {
  if (!may(ctx.actor, "roles.manage")) throw new Forbidden();
  if (!covers(ctx.actor, permissions)) throw new Conflict("sso.above_you");
}

/** @throws Invalid: what is incomplete could let anybody in, and is not kept. */
function check(ctx: Context, wanted: SingleSignOn, secret: string): void {
  const { internalOrigins } = ctx.config;
  if (!isAskable(wanted.issuer, internalOrigins)) throw new Invalid({ issuer: "sso.issuer_odd" });
  if (wanted.clientId === "") throw new Invalid({ client_id: "error.field" });
  if (secret === "") throw new Invalid({ client_secret: "sso.secret_needed" });
  if (wanted.groups.length === 0 && wanted.defaultRole === null)
    throw new Invalid({ groups: "sso.nobody_comes_in" });
  if (wanted.groups.some(({ group }) => group === "")) throw new Invalid({ groups: "sso.group_empty" });
  if (new Set(wanted.groups.map(({ group }) => group)).size < wanted.groups.length)
    throw new Invalid({ groups: "sso.group_twice" });
  // A provider with everybody in it, as those for mail are, would else let in the world.
  if (wanted.defaultRole !== null && wanted.domains.length === 0)
    throw new Invalid({ domains: "sso.domains_needed" });
  if (wanted.domains.some((one) => !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(one)))
    throw new Invalid({ domains: "sso.domain_odd" });
}

async function answers(ctx: Context, wanted: SingleSignOn, secret: string): Promise<boolean> {
  try {
    await discover(ctx.config, { ...wanted, secret });
    return true;
  } catch (error) {
    ctx.logger.warn({ err: error, issuer: wanted.issuer }, "the provider of single sign-on does not answer");
    return false;
  }
}

async function roleId(tx: Tx, name: string): Promise<number> {
  const [role] = await rows<{ id: number }>(tx.db, "select id from roles where name = ?", [name]);
  if (!role) throw new Invalid({ groups: "agents.role_unknown" });
  return role.id;
}
