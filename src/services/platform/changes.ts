import type { Knex } from "knex";

/** What was and what is, of each field that differs; as the audit keeps it. */
export type Changes = Record<string, { from: unknown; to: unknown }>;

/** Columns that hold what nobody may read, or what follows from the others. */
const unspoken = /secret|token|hash|password|totp|fingerprint|^search$|^version$|_version$|^updated_at$/;

/**
 * Watches one row for the audit. @param where names it; null for one that is not there yet.
 *
 * @returns a question: what has changed in it since, or in the row that it has become.
 */
export async function watch(
  db: Knex,
  table: string,
  where: Record<string, unknown> | null,
): Promise<(now?: Record<string, unknown>) => Promise<Changes>> {
  const look = async (at: Record<string, unknown> | null) =>
    at ? ((await db(table).where(at).first()) as Record<string, unknown> | undefined) : undefined;
  const before = await look(where);
  return async (now) => changesBetween(before, await look(now ?? where));
}

/** Pure. Of a row that was not there everything that it says now counts, but for what it leaves empty. */
export function changesBetween(
  before: Record<string, unknown> | undefined,
  after: Record<string, unknown> | undefined,
): Changes {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return Object.fromEntries(
    names
      .filter((name) => name !== "id" && name !== "created_at" && !unspoken.test(name))
      .map((name) => [name, { from: before?.[name] ?? null, to: after?.[name] ?? null }] as const)
      .filter(([, { from, to }]) => JSON.stringify(from) !== JSON.stringify(to)),
  );
}
