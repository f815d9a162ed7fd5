import { Invalid } from "../platform/errors.ts";
import type { MessageKey } from "../platform/message-key.ts";
import type { CustomField, FieldValue, FieldValues } from "./types.ts";

export const longestValue = 500;

type Parsed = { value: FieldValue | null } | { error: MessageKey };

const yes = new Set(["1", "true", "yes", "sí", "si", "on"]);
const no = new Set(["0", "false", "no", "off"]);

/** What somebody typed or sent, as the field stores it; `value` null when it is empty. Pure. */
export function parseValue(field: Pick<CustomField, "kind" | "options">, given: unknown): Parsed {
  if (given === null || given === undefined) return { value: null };
  if (typeof given !== "string" && typeof given !== "number" && typeof given !== "boolean") {
    return { error: "fields.not_one_value" };
  }
  const text = String(given).toWellFormed().replaceAll("\0", "").trim();
  if (text === "") return { value: null };
  if (text.length > longestValue) return { error: "fields.too_long" };
  switch (field.kind) {
    case "text":
      return { value: text };
    case "number":
      return /^-?\d{1,15}([.,]\d{1,6})?$/.test(text)
        ? { value: Number(text.replace(",", ".")) }
        : { error: "fields.not_a_number" };
    case "date":
      return isDay(text) ? { value: text } : { error: "fields.not_a_date" };
    case "datetime":
      return isDayAndTime(text)
        ? { value: text.replace(" ", "T").slice(0, 16) }
        : { error: "fields.not_a_time" };
    case "choice": {
      const option = field.options.find((one) => one.toLowerCase() === text.toLowerCase());
      return option === undefined ? { error: "fields.not_an_option" } : { value: option };
    }
    case "boolean": {
      const word = text.toLowerCase();
      if (yes.has(word)) return { value: true };
      return no.has(word) ? { value: false } : { error: "fields.not_yes_or_no" };
    }
  }
}

/** A day of the calendar, `2026-11-25`, between 1900 and 2200. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  try {
    const { year } = Temporal.PlainDate.from(text, { overflow: "reject" });
    return year >= 1900 && year <= 2200;
  } catch {
    return false;
  }
}

const isDayAndTime = (text: string): boolean =>
  /^.{10}[T ]([01]\d|2[0-3]):[0-5]\d(:00)?$/.test(text) && isDay(text.slice(0, 10));

/**
 * Values by key as the fields store them. Keys without a field stay what they are, whatever JSON that is: programs may
 * keep more than the card shows.
 *
 * @returns null for what is to be cleared.
 * @throws Invalid, `custom.<key>` → why.
 */
export function parseValues(
  fields: readonly CustomField[],
  given: Record<string, unknown>,
): Record<string, unknown> {
  const faults: Record<string, MessageKey> = {};
  const parsed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(given)) {
    const field = fields.find((one) => one.key === key);
    const result = field ? parseValue(field, value) : asItIs(value);
    if ("error" in result) faults[`custom.${key}`] = result.error;
    else parsed[key] = result.value;
  }
  if (Object.keys(faults).length > 0) throw new Invalid(faults, { limit: longestValue });
  return parsed;
}

/** Of a program's own; JSON of at most this many characters. */
const longestForeign = 4000;

function asItIs(value: unknown): { value: unknown } | { error: MessageKey } {
  const text = JSON.stringify(value ?? null);
  if (text.length > longestForeign) return { error: "fields.too_long" };
  return { value: JSON.parse(text.replaceAll("\\u0000", "")) };
}

/** Old values with new ones in their place; null clears. */
export function withValues(old: FieldValues, changes: Record<string, unknown>): FieldValues {
  const kept = Object.entries({ ...old, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(kept) as FieldValues;
}
