import { type Logger, pino } from "pino";

export type { Logger };

/** Names whose values are nobody's to read, wherever they stand. */
const secretName =
  /token|secret|password|authorization|cookie|api_?key|^auth$|^sid$|session_?id|recovery|^bindings$|^config$/i;
/** Ways in which a secret stands inside a text: in an address, in a header, or by itself. */
const secretText =
  /(\bBearer\s+|\b[\w-]*(?:token|secret|password|code|key|signature)=|\/(?:passwords|set-up)\/|\bhilo_)[^\s"'&]+|(?<=:\/\/)[^\s/@]+@/gi;
/** As deep as anything of ours goes; what lies deeper is not logged. */
const deepest = 6;

/** Log lines say ids and errors, never message text, phone numbers or tokens. @param to where lines go; the standard output by itself. */
export function createLogger(level: string, to?: { write: (line: string) => void }): Logger {
  const options = {
    level,
    base: null,
    serializers: { err: describeError },
    formatters: { log: (line: Record<string, unknown>) => redact(line, 0) as Record<string, unknown> },
  };
  return to ? pino(options, to) : pino(options);
}

/** The same without secrets. The link of the first start is meant to be read there. */
function redact(value: unknown, depth: number): unknown {
  if (typeof value === "string")
    return value.replaceAll(secretText, (_whole, before) => `${before ?? ""}[secret]`);
  if (value === null || typeof value !== "object" || value instanceof Error || value instanceof Date)
    return value;
  if (depth === deepest) return "[deep]";
  if (Array.isArray(value)) return value.map((one) => redact(one, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => {
      if (name === "setup_url") return [name, one];
      return [name, secretName.test(name) ? "[secret]" : redact(one, depth + 1)];
    }),
  );
}

/** Keeps what helps and drops what knex and pg attach: the statement's values hold what customers wrote. */
function describeError(error: unknown) {
  if (!(error instanceof Error)) return { message: "not an Error" };
  const { code, table, constraint } = error as Error & {
    code?: unknown;
    table?: unknown;
    constraint?: unknown;
  };
  const message = String(redact(String(error.message), 0));
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
