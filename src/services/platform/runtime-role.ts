import type { Knex } from "knex";
import { row } from "./database.ts";
import type { Logger } from "./logger.ts";

/**
 * As whom Hilo works once the schema is up to date: it owns nothing, so it changes no table, trigger or right, and of the
 * audit it can only add. Shared by all databases of a cluster; what it may do is each database's own.
 */
const role = "hilo_runtime";
const grantLock = 7_446_504;

const grants = `
  grant usage on schema public to ${role};
  grant select, insert, update, delete on all tables in schema public to ${role};
  grant usage, select on all sequences in schema public to ${role};
  revoke update, delete on audit_events, seals from ${role};
  grant update (data, erased_digest) on audit_events to ${role};
  grant update (last_audit_event_id, audit_events, last_message_id, messages, hash, audit_leaves, message_leaves, mac, closed,
    first_audit_event_id, first_message_id, previous_hash) on seals to ${role}`;

/**
 * Makes the role where the database lets us, and gives it what is new since the last start.
 *
 * @returns its name; null, with a line in the log, where the database's owner may make no roles: then triggers alone guard the audit.
 */
export async function prepareRuntimeRole(db: Knex, logger: Logger): Promise<string | null> {
  for (let tries = 1; ; tries += 1) {
    try {
      if (!(await isReady(db))) await prepare(db);
      return role;
    } catch (error) {
      // Two databases of a cluster that start at one moment change the same row of its roles.
      if (tries < 5 && /tuple concurrently updated|already exists|pg_authid_rolname/.test(String(error)))
        continue;
      logger.warn({ err: error }, "Hilo works as the database's owner: it may not make a role of less");
      return null;
    }
  }
}

async function isReady(db: Knex): Promise<boolean> {
  const known = await row(
    db,
    "select 1 from pg_roles where rolname = ? and pg_has_role(current_user, oid, 'set')",
    [role],
  );
  if (!known) return false;
  const missing = await row(
    db,
    `select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and (
       (c.relkind in ('r', 'p') and not has_table_privilege('${role}', c.oid, 'insert'))
       or (c.relkind = 'S' and not has_sequence_privilege('${role}', c.oid, 'usage'))
       or (c.relname in ('audit_events', 'seals') and has_table_privilege('${role}', c.oid, 'delete'))) limit 1`,
  );
  return missing === null;
}

async function prepare(db: Knex): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.raw("select pg_advisory_xact_lock(?)", [grantLock]);
    if (!(await row(tx, "select 1 from pg_roles where rolname = ?", [role])))
      await tx.raw(`create role ${role} nologin`);
    await tx.raw(`grant ${role} to current_user`);
    await tx.raw(grants);
    const version = await row<{ n: number }>(tx, "select current_setting('server_version_num')::int as n");
    // Statistics after an import; from Postgres 17 on a right of its own.
    if ((version?.n ?? 0) >= 170_000)
      await tx.raw(`grant maintain on all tables in schema public to ${role}`);
  });
}
