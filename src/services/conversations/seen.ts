import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { visibleTo } from "./policy.ts";

/** Which of these conversations the actor may know of. */
export async function findVisible(ctx: Reader, ids: readonly number[]): Promise<number[]> {
  const visible = visibleTo(ctx.actor);
  const found = await rows<{ id: number }>(
    ctx.db,
    `select c.id from conversations c where c.id = any(:ids::bigint[]) and ${visible.sql}`,
    { ...visible.bindings, ids },
  );
  return found.map(({ id }) => id);
}
