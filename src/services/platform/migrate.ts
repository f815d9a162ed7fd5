import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import type { Knex } from "knex";

const folder = resolve(import.meta.dirname, "../../../migrations");

/** Any constant number that nothing else in the database locks. */
const migrationLock = 7_446_501;

const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: async () =>
    readdirSync(folder)
      .filter((name) => /^\d{4}_.*\.ts$/.test(name))
      .sort(),
  getMigrationName: (name) => name,
  // In its own transaction; what a large table takes is not too long.
  async getMigration(name) {
    const { up, down }: Knex.Migration = await import(resolve(folder, name));
    const patiently = (step: Knex.Migration["up"]) => async (knex: Knex) => {
      await knex.raw("set local statement_timeout = 0");
      await knex.raw("set local lock_timeout = 0");
      return step(knex);
    };
    return { up: patiently(up), ...(down ? { down: patiently(down) } : {}) };
  },
};

/**
 * Brings the schema up to date. An advisory lock lets any number of processes start at once; it vanishes with
 * its connection, unlike the row that Knex leaves behind when a process is killed.
 *
 * @returns names of the migrations that ran.
 */
export async function migrate(db: Knex): Promise<string[]> {
  return db.transaction(async (lock) => {
    await lock.raw("set local idle_in_transaction_session_timeout = 0");
    await lock.raw("set local lock_timeout = 0");
    await lock.raw("select pg_advisory_xact_lock(?)", [migrationLock]);
    const exists = await db.schema.hasTable("knex_migrations_lock");
    if (exists) await db.migrate.forceFreeMigrationsLock({ migrationSource });
    const [, ran] = await db.migrate.latest({ migrationSource });
    return ran;
  });
}

/** True when no migration waits to run. */
export async function isMigrated(db: Knex): Promise<boolean> {
  const [, pending] = await db.migrate.list({ migrationSource });
  return pending.length === 0;
}
