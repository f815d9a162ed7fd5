import { createHash } from "node:crypto";
import createKnex, { type Knex } from "knex";
import pg from "pg";

pg.types.setTypeParser(pg.types.builtins.INT8, Number);
/** Postgres, `pg_type`: lists of bigint and of integer. The second's parser makes numbers. */
pg.types.setTypeParser(1016 as never, pg.types.getTypeParser(1007 as never));

/** Session settings: no statement, lock or forgotten transaction may hold others up for ever. Milliseconds. */
const sessionOptions = [
  "-c jit=off",
  "-c plan_cache_mode=force_generic_plan",
  "-c timezone=UTC",
  "-c statement_timeout=30000",
  "-c lock_timeout=10000",
  "-c idle_in_transaction_session_timeout=30000",
].join(" ");

/** Who reads a year looks at each question anew: what holds for all years reads too much for most, and sorts need room. */
const reading =
  "-c plan_cache_mode=force_custom_plan -c work_mem=32MB -c max_parallel_workers_per_gather=0 -c default_transaction_read_only=on";

/**
 * A pool on the database. `size` is the number of connections, `name` shows in `pg_stat_activity`, and everything is done as
 * `role` when there is one.
 */
export function openDatabase(
  url: string,
  options: { size: number; name: string; role?: string | null; isReading?: boolean },
): Knex {
  const db = createKnex({
    client: "pg",
    connection: {
      connectionString: url,
      application_name: options.name,
      // Of a setting that is named twice the last counts.
      options: withRole(options.isReading ? `${sessionOptions} ${reading}` : sessionOptions, options.role),
      keepAlive: true,
      connectionTimeoutMillis: 5000,
    },
    pool: {
      min: 0,
      max: options.size,
      acquireTimeoutMillis: options.isReading ? 20_000 : 5000,
      propagateCreateError: true,
    },
    asyncStackTraces: false,
    // Every error is thrown to whoever asked; printed as well it would only repeat itself.
    log: { warn() {}, error() {}, debug() {}, deprecate() {} },
  });
  return db;
}

/** Options of a connection that works as `role` from its beginning. */
export const withRole = (options: string, role: string | null | undefined): string =>
  role ? `${options} -c role=${role}` : options;

/** Statements with named places, made positional once: the same text comes again with every request. */
interface Prepared {
  name: string;
  text: string;
  places: string[] | null;
}

const prepared = new Map<string, Prepared>();

/** Texts come from a fixed set of templates with few variants each; a leak of values into texts would show here. */
const mostPrepared = 2000;

function prepare(sql: string, named: boolean): Prepared {
  const known = prepared.get(sql);
  if (known) return known;
  const places: string[] = [];
  const text = named
    ? sql.replaceAll(/(?<!:):([a-zA-Z]\w*)/g, (_whole, place: string) => {
        places.push(place);
        return "?";
      })
    : sql;
  const name = `h${createHash("sha256").update(sql).digest("base64url").slice(0, 20)}`;
  const made = { name, text, places: named ? places : null };
  if (prepared.size < mostPrepared) prepared.set(sql, made);
  return made;
}

/**
 * Runs a statement that Postgres plans once a connection. Bindings are a list for `?`, or an object for `:name`.
 *
 * @throws Error when a named place has no binding: it would silently become null.
 */
function run(db: Knex, sql: string, bindings: readonly unknown[] | object): Knex.Raw {
  const named = !Array.isArray(bindings);
  const { name, text, places } = prepare(sql, named);
  const values = places
    ? places.map((place) => {
        const value = (bindings as Record<string, unknown>)[place];
        if (value === undefined) throw new Error(`no binding for :${place}`);
        return value;
      })
    : (bindings as unknown[]);
  return db.raw(text, values as never).options({ name });
}

/** Rows of a raw statement, typed by the caller. */
export async function rows<T>(
  db: Knex,
  sql: string,
  bindings: readonly unknown[] | object = [],
): Promise<T[]> {
  const result = await run(db, sql, bindings);
  return result.rows;
}

/** The first row of a raw statement, or null. */
export async function row<T>(
  db: Knex,
  sql: string,
  bindings: readonly unknown[] | object = [],
): Promise<T | null> {
  return (await rows<T>(db, sql, bindings))[0] ?? null;
}

/** The rows of a question as one column, so that one statement can ask several questions. Null when there are none. */
export const asJson = (sql: string): string => `(select json_agg(r) from (${sql}) r)`;

/** A row that came as JSON, with its times as times again. */
export function withTimes<T>(found: T, ...fields: (keyof T & string)[]): T {
  const times = fields.map((field) => [
    field,
    found[field] === null ? null : new Date(found[field] as string),
  ]);
  return { ...found, ...Object.fromEntries(times) };
}

/** JSON that Postgres takes: halves of surrogate pairs, as cutting a text may leave them, become U+FFFD. */
export function json(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/\\ud[89a-f]/i.test(text)) return text;
  return JSON.stringify(value, (_key, entry) => (typeof entry === "string" ? entry.toWellFormed() : entry));
}

/** How many rows a raw statement changed. */
export async function changed(
  db: Knex,
  sql: string,
  bindings: readonly unknown[] | object = [],
): Promise<number> {
  const result = await run(db, sql, bindings);
  return result.rowCount ?? 0;
}

/** The input itself cannot be stored or asked for: NUL, a date out of range, a length that a constraint refuses. */
export function isUnstorable(error: unknown): boolean {
  return /^(22|23514)/.test(String((error as { code?: unknown } | null)?.code ?? ""));
}

/** Errors of Postgres that mean "try again", not "this input is bad": lost or refused connections, deadlocks, a
 * server that is shutting down or full. Codes: Postgres, "Appendix A. Error Codes". */
export function isTransient(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: string; message?: string };
  if (code && /^(08|40|53|55P03|57|58)/.test(code)) return true;
  if (code && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOSTUNREACH)/.test(code)) return true;
  return /Connection terminated|Timeout acquiring a connection|timeout expired|Unable to acquire a connection|Connection ended|socket hang up|not queryable/i.test(
    message ?? "",
  );
}
