import { type Logger, pino } from "pino";

export type { Logger };

/** Log lines say ids and errors, never message text, phone numbers or tokens. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: null,
    redact: {
      paths: ["req.headers.authorization", "req.headers.cookie", "err.config", "err.bindings"],
      remove: true,
    },
    serializers: { err: describeError },
  });
}

/** Keeps what helps and drops what knex and pg attach: the statement's values hold what customers wrote. */
function describeError(error: unknown) {
  if (!(error instanceof Error)) return { message: "not an Error" };
  const { code, table, constraint } = error as Error & {
    code?: unknown;
    table?: unknown;
    constraint?: unknown;
  };
  const message = String(error.message).replaceAll(/Bearer \S+|access_token=\S+/g, "[token]");
  const statement = code !== undefined && message.includes(" - ");
  return {
    type: error.name,
    message: statement ? message.slice(message.lastIndexOf(" - ") + 3) : message,
    code,
    table,
    constraint,
    stack: error.stack
      ?.split("\n")
      .filter((line) => line.startsWith("    at "))
      .slice(0, 12)
      .join("\n"),
  };
}
