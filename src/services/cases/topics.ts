import { converses, may } from "../agents/policy.ts";
import { watch } from "../platform/changes.ts";
import type { Context, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** What conversations and cases are about, and the steps that a case of it usually needs. */
export interface Topic {
  id: number;
  name: string;
  steps: string[];
}

const mostSteps = 20;

export const topicNamesSql =
  "select id, name from topics where archived_at is null order by plain(name), id limit 40";

export function listTopics(ctx: Reader): Promise<Topic[]> {
  if (!converses(ctx.actor)) return Promise.resolve([]);
  return rows(
    ctx.db,
    "select id, name, steps from topics where archived_at is null order by plain(name), id limit 200",
  );
}

export async function findTopic(ctx: Reader, id: number): Promise<Topic> {
  const found = converses(ctx.actor)
    ? await row<Topic>(ctx.db, "select id, name, steps from topics where id = ?", [id])
    : null;
  if (!found) throw new NotFound();
  return found;
}

/** Adds a topic, or changes one; one that was archived under the same name comes back. @throws Forbidden, Invalid. */
export function saveTopic(
  ctx: Context,
  id: number | null,
  topic: { name: string; steps: string[] },
): Promise<Topic> {
  if (!may(ctx.actor, "topics.manage")) throw new Forbidden();
  const clean = (text: string) => text.toWellFormed().replaceAll("\0", "").trim();
  const name = clean(topic.name);
  const steps = topic.steps.map(clean).filter(Boolean);
  if (name === "" || name.length > 80) throw new Invalid({ name: "topics.name_length" });
  if (steps.length > mostSteps || steps.some((step) => step.length > 160))
    throw new Invalid({ steps: "topics.steps_length" }, { n: mostSteps });
  return transact(ctx, async (tx) => {
    const other = await row<{ id: number; archived: boolean }>(
      tx.db,
      "select id, archived_at is not null as archived from topics where plain(name) = plain(?) and id is distinct from ?",
      [name, id],
    );
    if (other && (id !== null || !other.archived)) throw new Invalid({ name: "topics.name_taken" });
    const changes = await watch(tx.db, "topics", id || other ? { id: id ?? other?.id } : null);
    const saved = await row<{ id: number }>(
      tx.db,
      id === null
        ? `insert into topics (name, steps) values (:name, :steps)
           on conflict (plain(name)) do update set name = excluded.name, steps = excluded.steps, archived_at = null returning id`
        : "update topics set name = :name, steps = :steps where id = :id returning id",
      { id, name, steps },
    );
    if (!saved) throw new NotFound();
    const data = { topicId: saved.id, name, changes: await changes({ id: saved.id }) };
    tx.record({ type: "firm.changed" }, { act: "topic.saved", data });
    return findTopic(tx, saved.id);
  });
}

/** No new case is about it; the cases that are keep it. */
export function archiveTopic(ctx: Context, id: number): Promise<void> {
  if (!may(ctx.actor, "topics.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const done = await row<{ name: string }>(
      tx.db,
      "update topics set archived_at = ? where id = ? and archived_at is null returning name",
      [tx.now(), id],
    );
    if (!done) throw new NotFound();
    tx.record({ type: "firm.changed" }, { act: "topic.archived", data: { topicId: id, name: done.name } });
  });
}
