import { converses, may } from "../agents/policy.ts";
import { watch } from "../platform/changes.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { json, row, rows } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { findShadowed, plainWords } from "./rules.ts";
import type { Rule } from "./types.ts";

const mostRules = 200;
const mostKeywords = 50;

/** In the order in which they are tried. */
export function listRules(ctx: Reader): Promise<Rule[]> {
  if (!converses(ctx.actor)) return Promise.resolve([]);
  return rows(ctx.db, "select id, name, conditions, actions from assignment_rules order by position, id");
}

export async function getRule(ctx: Reader, id: number): Promise<Rule> {
  const found = (await listRules(ctx)).find((rule) => rule.id === id);
  if (!found) throw new NotFound();
  return found;
}

/**
 * Adds a rule at the end, before whatever would take everything from it, or changes one.
 *
 * @throws Forbidden, NotFound; Invalid for a name that is taken, a rule that does nothing, and one that never comes to its turn
 * or keeps another from it.
 */
export function saveRule(ctx: Context, id: number | null, rule: Omit<Rule, "id">): Promise<number> {
  const name = rule.name.toWellFormed().replaceAll("\0", "").trim();
  if (name === "" || name.length > 80) throw new Invalid({ name: "rules.name_length" });
  const keywords = (rule.conditions.keywords ?? [])
    .map((word) => word.trim())
    .filter((word) => plainWords(word) !== "");
  if (keywords.length > mostKeywords || keywords.some((word) => word.length > 80))
    throw new Invalid({ keywords: "rules.keywords" }, { n: mostKeywords });
  if (Object.values(rule.actions).every((action) => action === undefined))
    throw new Invalid({ actions: "rules.no_action" });
  const skill = rule.actions.skill && plainWords(rule.actions.skill).trim();
  const actions = { ...rule.actions, ...(skill ? { skill } : {}) };
  const conditions = { ...rule.conditions, ...(keywords.length > 0 ? { keywords } : { keywords: [] }) };
  return change(ctx, async (tx) => {
    const other = await row(
      tx.db,
      "select 1 from assignment_rules where plain(name) = plain(:name) and id is distinct from :id::bigint",
      { name, id },
    );
    if (other) throw new Invalid({ name: "rules.name_taken" });
    const changes = await watch(tx.db, "assignment_rules", id === null ? null : { id });
    const saved = await row<{ id: number }>(
      tx.db,
      id === null
        ? `insert into assignment_rules (name, conditions, actions, position)
           values (:name, :conditions, :actions, (select coalesce(max(position), 0) + 1 from assignment_rules)) returning id`
        : "update assignment_rules set name = :name, conditions = :conditions, actions = :actions where id = :id returning id",
      { id, name, conditions: json(conditions), actions: json(actions) },
    );
    if (!saved) throw new NotFound();
    if (id === null) await putBeforeWider(tx, saved.id);
    return { id: saved.id, act: "rule.saved", data: { name, changes: await changes({ id: saved.id }) } };
  });
}

/** A new rule that an earlier one takes everything from stands before that one: so it comes to its turn. */
async function putBeforeWider(tx: Tx, id: number): Promise<void> {
  const all = await listRules(tx);
  const shadowed = findShadowed(all);
  const rule = all.at(-1);
  if (shadowed?.rule.id !== id || !rule) return;
  const order = all.slice(0, -1);
  order.splice(order.indexOf(shadowed.by), 0, rule);
  await writeOrder(
    tx,
    order.map((one) => one.id),
  );
}

async function writeOrder(tx: Tx, ids: readonly number[]): Promise<void> {
  await tx.db.raw(
    "update assignment_rules r set position = o.n from unnest(?::bigint[]) with ordinality as o(id, n) where r.id = o.id",
    [[...ids]],
  );
}

/** @throws Invalid when one of the rules would never come to its turn any more. */
export function moveRule(ctx: Context, id: number, direction: "up" | "down"): Promise<number> {
  return change(ctx, async (tx) => {
    const all = await listRules(tx);
    const at = all.findIndex((rule) => rule.id === id);
    const moved = all[at];
    if (!moved) throw new NotFound();
    all.splice(at, 1);
    all.splice(Math.max(0, at + (direction === "up" ? -1 : 1)), 0, moved);
    await writeOrder(
      tx,
      all.map((rule) => rule.id),
    );
    return { id, act: "rule.moved", data: { name: moved.name, direction } };
  });
}

export function deleteRule(ctx: Context, id: number): Promise<number> {
  return change(ctx, async (tx) => {
    const gone = await row<{ name: string }>(
      tx.db,
      "delete from assignment_rules where id = ? returning name",
      [id],
    );
    if (!gone) throw new NotFound();
    return { id, act: "rule.deleted", data: { name: gone.name } };
  });
}

async function change(
  ctx: Context,
  work: (tx: Tx) => Promise<{ id: number; act: string; data: Record<string, unknown> }>,
): Promise<number> {
  if (!may(ctx.actor, "routing.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    // Two changes at once must not make two rules that contradict each other.
    await tx.db.raw("lock table assignment_rules in share row exclusive mode");
    const { id, act, data } = await work(tx);
    const rules = await listRules(tx);
    if (rules.length > mostRules) throw new Invalid({ name: "rules.too_many" }, { n: mostRules });
    const shadowed = findShadowed(rules);
    if (shadowed) {
      const { rule, by } = shadowed;
      throw new Invalid({ conditions: "rules.never_reached" }, { rule: rule.name, by: by.name });
    }
    tx.record({ type: "firm.changed" }, { act, data: { ...data, ruleId: id } });
    return id;
  });
}
