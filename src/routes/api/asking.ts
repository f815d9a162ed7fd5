import type { Request } from "express";
import { z } from "zod";
import { Invalid } from "../../services/platform/errors.ts";
import { fieldErrors } from "../validate.ts";

/** An id as programs write it. */
export const digits = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number);
const page = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: digits.optional(),
});
/** @throws Invalid with a reason for each field. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value ?? {});
  if (!parsed.success) throw new Invalid(fieldErrors(parsed.error));
  return parsed.data;
}

/** The page that is asked for: its size, and the id to go on from. */
export function pageOf(req: Request): { limit: number; before: number | null } {
  const { limit, cursor } = parse(page, { limit: req.query.limit, cursor: req.query.cursor });
  return { limit, before: cursor ?? null };
}

/** One more than a page was asked for: when it is there, the last one shown is the next cursor. */
export function list<T extends { id: number }>(
  found: readonly T[],
  limit: number,
  present: (item: T) => unknown,
) {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return { data: shown.map(present), next_cursor: found.length > limit && last ? String(last.id) : null };
}
