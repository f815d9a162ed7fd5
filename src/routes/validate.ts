import { z } from "zod";
import { NotFound } from "../services/platform/errors.ts";
import type { MessageKey } from "../services/platform/message-key.ts";

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

export const uuid = z.uuid().optional();

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
