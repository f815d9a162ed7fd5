import type { Context, Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepAdmin } from "./agent.ts";
import { approved } from "./approvals.ts";
import { covers, may, type Permission, permissionGroups } from "./policy.ts";

/** Up to 80 characters; unique among roles. */
export interface RoleForm {
  name: string;
  permissions: readonly Permission[];
  requiresSecondFactor?: boolean;
}

/**
 * Makes a role of the firm's own, or changes one; whoever has it gains and loses at once, on open pages too.
 *
 * @throws NotFound; Forbidden; Conflict for a role that comes with Hilo, one that holds more than the actor, or when nobody
 * could manage people and roles afterwards; Invalid when the name is taken or somebody would act on what they cannot see.
 */
export function saveRole(ctx: Context, id: number | null, role: RoleForm): Promise<number> {
  const asked = { ...role, permissions: [...role.permissions].sort() };
  return change(ctx, id, asked, async (tx, before) => {
    const name = role.name.trim();
    if (name === "" || name.length > 80) throw new Invalid({ name: "roles.name_length" });
    if (!covers(tx.actor, role.permissions)) throw new Invalid({ permissions: "roles.above_you" });
    if (!canWork(role.permissions)) throw new Invalid({ permissions: "roles.sight_needed" });
    const saved = await row<{ id: number }>(
      tx.db,
      id === null
        ? `insert into roles (name, permissions, requires_second_factor) values (:name, :permissions::text[], :requires) on conflict (name) do nothing returning id`
        : `update roles set name = :name, permissions = :permissions::text[], requires_second_factor = :requires where id = :id
             and not exists (select 1 from roles o where o.name = :name and o.id <> :id) returning id`,
      { id, name, permissions: [...role.permissions], requires: role.requiresSecondFactor ?? false },
    );
    if (!saved) throw new Invalid({ name: "roles.name_taken" });
    await keepAdmin(tx);
    const data = {
      roleId: saved.id,
      name,
      permissions: { from: before?.permissions ?? [], to: role.permissions },
      requiresSecondFactor: role.requiresSecondFactor ?? false,
    };
    return { roleId: saved.id, act: before ? "role.changed" : "role.created", data };
  });
}

/** Whoever has the role, one that comes with Hilo too, then comes in with a second factor only. @throws as `saveRole`. */
export function requireSecondFactor(ctx: Context, id: number, requires: boolean): Promise<number> {
  const work: RoleWork = async (tx, before) => {
    await tx.db("roles").where({ id }).update({ requires_second_factor: requires });
    return { roleId: id, act: "role.second_factor", data: { roleId: id, name: before?.name, requires } };
  };
  return change(ctx, id, { requiresSecondFactor: requires }, work, true);
}

/** @throws NotFound; Forbidden; Conflict for a role that comes with Hilo or that somebody has. */
export function deleteRole(ctx: Context, id: number): Promise<number> {
  return change(ctx, id, { isDeleted: true }, async (tx, before) => {
    const holder = await row(tx.db, "select 1 from agents where role_id = ? limit 1", [id]);
    if (holder) throw new Conflict("roles.in_use");
    await tx.db("roles").where({ id }).delete();
    return { roleId: id, act: "role.deleted", data: { roleId: id, name: before?.name } };
  });
}

/** Conversations and customers are worked on by who sees some. */
function canWork(permissions: readonly Permission[]): boolean {
  const has = (group: readonly Permission[]) => group.some((one) => permissions.includes(one));
  const { visibility, conversations, contacts } = permissionGroups;
  return has(visibility) || !(has(conversations) || has(contacts));
}

type RoleWork = (
  tx: Tx,
  before: { name: string; permissions: string[] } | null,
) => Promise<{ roleId: number; act: string; data: Record<string, unknown> }>;

async function change(
  ctx: Context,
  id: number | null,
  asked: Record<string, unknown>,
  work: RoleWork,
  mayBeBuiltIn = false,
): Promise<number> {
  if (!may(ctx.actor, "roles.manage")) throw new Forbidden();
  const use = await approved(ctx, "roles.change", { roleId: id, ...asked });
  return transact(ctx, async (tx) => {
    await use(tx);
    // As every change of people does: two who take the last rights from each other do not both succeed.
    await tx.db.raw("select id from agents order by id for update");
    const before =
      id === null
        ? null
        : await row<{ name: string; permissions: string[]; built_in: boolean }>(
            tx.db,
            "select name, permissions, built_in from roles where id = ? for update",
            [id],
          );
    if (id !== null && !before) throw new NotFound();
    if (before?.built_in && !mayBeBuiltIn) throw new Conflict("roles.built_in");
    if (before && !covers(tx.actor, before.permissions)) throw new Conflict("roles.above_you");
    const { roleId, act, data } = await work(tx, before);
    const holders = await rows<{ id: number }>(tx.db, "select id from agents where role_id = ?", [roleId]);
    for (const holder of holders) tx.record({ type: "agent.changed", agentId: holder.id });
    tx.record(null, { act, data });
    return roleId;
  });
}
