import type { Knex } from "knex";
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

/** Conversations with the same name are shown in one thread. */
export const threadName = (of: { contactId: number; isolatedInboxId: number | null }): string =>
  `${of.contactId}/${of.isolatedInboxId ?? ""}`;

/** The threads of some conversations, whoever asks: it says which pages to look at, never what they may show. */
export async function findThreadNames(db: Knex, ids: readonly number[]): Promise<Map<number, string>> {
  const found = await rows<{ id: number; contactId: number; isolatedInboxId: number | null }>(
    db,
    `select id, contact_id as "contactId", isolated_inbox_id as "isolatedInboxId" from conversations where id = any(?::bigint[])`,
    [ids],
  );
  return new Map(found.map((one) => [one.id, threadName(one)]));
}
