import { z } from "zod";
import { Invalid, NotFound } from "../services/platform/errors.ts";
import type { MessageKey } from "../services/platform/message-key.ts";
import { translateFor } from "../views/i18n.ts";
import type { Viewer } from "../views/index.ts";

/** Ids are strings of digits; what is not one names nothing. */
export function idParam(params: Record<string, string | string[] | undefined>, name = "id"): number {
  const value = params[name];
  if (typeof value !== "string" || !/^[1-9]\d{0,14}$/.test(value)) throw new NotFound();
  return Number(value);
}

/** One text field: arrays and objects in its place are refused. */
export const text = (most: number) => z.string().max(most);

export const optionalId = z
  .union([z.literal(""), z.string().regex(/^[1-9]\d{0,14}$/)])
  .optional()
  .transform((value) => (value ? Number(value) : null));

/** Ticked boxes: none, one or several ids under one name. */
export const ids = z
  .union([z.string(), z.array(z.string()).max(500)])
  .optional()
  .transform((value) =>
    (value === undefined ? [] : [value].flat()).flatMap((one) =>
      /^[1-9]\d{0,14}$/.test(one) ? [Number(one)] : [],
    ),
  );

/** A form's token; a form that needs none leaves it empty. */
export const uuid = z
  .union([z.literal(""), z.uuid()])
  .optional()
  .transform((value) => value || undefined);

/** A local time as it was typed (`2026-11-25T10:30`), in the viewer's zone; null when it is none. */
export function localTime(typedTime: string, viewer: Viewer): Date | null {
  try {
    const time = Temporal.PlainDateTime.from(typedTime, { overflow: "reject" });
    if (time.year < 1900 || time.year > 2200) return null;
    return new Date(time.toZonedDateTime(viewer.timeZone).epochMilliseconds);
  } catch {
    return null;
  }
}

/** What was wrong with each field, in words. */
export function errorWords(error: Invalid, viewer: Viewer): Record<string, string> {
  const t = translateFor(viewer.locale);
  return Object.fromEntries(
    Object.entries(error.fields).map(([field, key]) => [field, t(key, error.values)]),
  );
}

/** A form as it was typed, to be shown again: one short text for each field. */
export function typed(body: unknown): Record<string, string> {
  const given = Object.entries((body ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    given.flatMap(([field, value]) => (typeof value === "string" ? [[field, value.slice(0, 4000)]] : [])),
  );
}

/** Field → message key, the first fault of each. Keys come from the schema where it names one. */
export function fieldErrors(error: z.ZodError): Record<string, MessageKey> {
  const errors: Record<string, MessageKey> = {};
  for (const issue of error.issues) {
    const field = issue.path.join(".") || "form";
    errors[field] ??= /^[a-z_]+\.[a-z_]+$/.test(issue.message)
      ? (issue.message as MessageKey)
      : "error.field";
  }
  return errors;
}

/** What a form says. @throws Invalid with a reason for each field. */
export function parseForm<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const form = schema.safeParse(body ?? {});
  if (!form.success) throw new Invalid(fieldErrors(form.error));
  return form.data;
}
