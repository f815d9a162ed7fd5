import { converses, may } from "../agents/policy.ts";
import { watch } from "../platform/changes.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { lockMerging } from "../platform/locks.ts";
import { transact } from "../platform/transact.ts";
import { findShadowedPolicy } from "./clock.ts";
import { keepClocks } from "./keep-clocks.ts";
import { policyColumns } from "./rulebook.ts";
import { type Policy, type PolicyConditions, type Targets, targetNames } from "./types.ts";

/** The longest promise that makes sense: longer than this nobody waits. Seconds. */
const longestTarget = 90 * 86_400;

/** In the order in which they are tried, the default one last. */
export function listPolicies(ctx: Reader): Promise<Policy[]> {
  if (!converses(ctx.actor)) return Promise.resolve([]);
  return rows(
    ctx.db,
    `select ${policyColumns} from sla_policies s where archived_at is null order by s.is_default, s.position, s.id`,
  );
}

export interface NewPolicy {
  name: string;
  conditions: PolicyConditions;
  targets: Targets;
  businessHoursId: number | null;
}

/**
 * Adds a policy before the default one, or changes one.
 *
 * @param recounted what runs takes the new targets; else it keeps those that it began with.
 * @throws Forbidden, NotFound; Invalid for a name that is taken, a policy that promises nothing or applies to nothing in particular,
 * and one that never comes to its turn or keeps another from it.
 */
export function savePolicy(
  ctx: Context,
  id: number | null,
  policy: NewPolicy,
  { recounted }: { recounted: boolean },
): Promise<number> {
  const name = policy.name.toWellFormed().replaceAll("\0", "").trim();
  if (name === "" || name.length > 80) throw new Invalid({ name: "sla.name_length" });
  checkTargets(policy.targets);
  return change(ctx, async (tx) => {
    const before = id === null ? null : await getPolicy(tx, id);
    const isNarrow = Object.values(policy.conditions).some((one) =>
      Array.isArray(one) ? one.length > 0 : one,
    );
    if (!before?.isDefault && !isNarrow) throw new Invalid({ conditions: "sla.no_condition" });
    const other = await row(
      tx.db,
      "select 1 from sla_policies where plain(name) = plain(:name) and archived_at is null and id is distinct from :id::bigint",
      { name, id },
    );
    if (other) throw new Invalid({ name: "sla.name_taken" });
    const changes = await watch(tx.db, "sla_policies", id === null ? null : { id });
    const saved = await row<{ id: number }>(
      tx.db,
      id === null
        ? `insert into sla_policies (name, conditions, targets, business_hours_id, position)
           values (:name, :conditions, :targets, :hours, (select coalesce(max(position), 0) + 1 from sla_policies where not is_default)) returning id`
        : `update sla_policies set name = :name, targets = :targets, business_hours_id = :hours,
             conditions = case when is_default then '{}' else :conditions::jsonb end where id = :id returning id`,
      {
        id,
        name,
        conditions: json(policy.conditions),
        targets: json(policy.targets),
        hours: policy.businessHoursId,
      },
    );
    if (!saved) throw new NotFound();
    if (id === null) await putBeforeWider(tx, saved.id);
    await checkTurns(tx);
    if (recounted) await recount(tx);
    const data = { name, recounted, changes: await changes({ id: saved.id }) };
    return { id: saved.id, act: "sla_policy.saved", data };
  });
}

/** A new policy that an earlier one takes everything from stands before that one. */
async function putBeforeWider(tx: Tx, id: number): Promise<void> {
  const all = (await listPolicies(tx)).filter(({ isDefault }) => !isDefault);
  const shadowed = findShadowedPolicy(all);
  const policy = all.at(-1);
  if (shadowed?.policy.id !== id || !policy) return;
  const order = all.slice(0, -1);
  order.splice(order.indexOf(shadowed.by), 0, policy);
  await writeOrder(
    tx,
    order.map((one) => one.id),
  );
}

async function writeOrder(tx: Tx, ids: readonly number[]): Promise<void> {
  await tx.db.raw(
    "update sla_policies s set position = o.n from unnest(?::bigint[]) with ordinality as o(id, n) where s.id = o.id",
    [[...ids]],
  );
}

/** @throws Invalid when one of the policies never comes to its turn. */
async function checkTurns(tx: Tx): Promise<void> {
  const shadowed = findShadowedPolicy(await listPolicies(tx));
  if (!shadowed) return;
  const { policy, by } = shadowed;
  throw new Invalid({ conditions: "rules.never_reached" }, { rule: policy.name, by: by.name });
}

function checkTargets(targets: Targets): void {
  if (targetNames.every((name) => targets[name] === null)) throw new Invalid({ targets: "sla.no_target" });
  for (const name of targetNames) {
    const target = targets[name];
    for (const seconds of [target?.inside, target?.outside])
      if (typeof seconds === "number" && !(seconds > 0 && seconds <= longestTarget))
        throw new Invalid({ [name]: "sla.target_range" });
  }
  const { movement, reassignment } = targets;
  // Whoever is to hear of it first must have the time to do something.
  if (movement && reassignment && reassignment.inside <= movement.inside)
    throw new Invalid({ reassignment: "sla.reassigns_before_alert" });
}

/** Everything that runs, by policies and calendars as they are now: they may have changed what holds for whom. */
export async function recount(tx: Tx): Promise<void> {
  const running = await rows<{ id: number }>(
    tx.db,
    `select c.id from conversations c where c.id in (select conversation_id from sla_clocks where ended_at is null)
     order by c.id for update`,
  );
  await keepClocks(
    tx,
    running.map(({ id }) => id),
    { recounted: true },
  );
}

export function movePolicy(ctx: Context, id: number, direction: "up" | "down"): Promise<number> {
  return change(ctx, async (tx) => {
    const all = (await listPolicies({ ...tx })).filter(({ isDefault }) => !isDefault);
    const at = all.findIndex((policy) => policy.id === id);
    const moved = all[at];
    if (!moved) throw new NotFound();
    all.splice(at, 1);
    all.splice(Math.max(0, at + (direction === "up" ? -1 : 1)), 0, moved);
    await writeOrder(
      tx,
      all.map((policy) => policy.id),
    );
    await checkTurns(tx);
    return { id, act: "sla_policy.moved", data: { name: moved.name, direction } };
  });
}

/** What it promised is promised by the policy that holds now. @throws Conflict for the default one. */
export function archivePolicy(ctx: Context, id: number): Promise<number> {
  return change(ctx, async (tx) => {
    const { name, isDefault } = await getPolicy(tx, id);
    if (isDefault) throw new Conflict("sla.default_stays");
    await tx.db.raw("update sla_policies set archived_at = now() where id = ?", [id]);
    await recount(tx);
    return { id, act: "sla_policy.archived", data: { name } };
  });
}

export async function getPolicy(ctx: Reader, id: number): Promise<Policy> {
  const found = (await listPolicies(ctx)).find((policy) => policy.id === id);
  if (!found) throw new NotFound();
  return found;
}

async function change(
  ctx: Context,
  work: (tx: Tx) => Promise<{ id: number; act: string; data: Record<string, unknown> }>,
): Promise<number> {
  if (!may(ctx.actor, "sla.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    // No batch of messages starts clocks by the old rules while they are counted anew.
    await lockMerging(tx);
    const { id, act, data } = await work(tx);
    tx.record({ type: "firm.changed" }, { act, data: { ...data, policyId: id } });
    return id;
  });
}
