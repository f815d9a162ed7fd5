import type { Request } from "express";
import type { Reader } from "../services/platform/context.ts";
import { getFrame } from "../services/reports/frame.ts";
import { type Dialect, dialects } from "../views/csv.ts";
import { type Asked, type Period, sliceOf } from "./report-period.ts";

/** The same person, on the database that reports read. */
export const readerOf = ({ ctx }: Request): Reader => ({ db: ctx.reportsDb, actor: ctx.actor, now: ctx.now });

/** What a report is asked about, in the firm's zone. */
export async function frameOf(req: Request, usual: Period | undefined, only?: Period) {
  const frame = await getFrame(req.ctx);
  const query = only ? { ...req.query, period: only } : req.query;
  return { frame, ...sliceOf({ query, viewer: req.viewer }, frame.timeZone, usual) };
}

/** The same question again. */
export function queryOf(asked: Asked, more: Record<string, string> = {}): string {
  const { from, until, ...rest } = asked;
  const days = asked.period === "custom" ? { from, until } : {};
  const all = Object.entries({ ...rest, ...days, ...more }).filter(([, value]) => value !== "");
  return new URLSearchParams(all).toString();
}

export const dialectOf = (value: unknown): Dialect =>
  (Object.keys(dialects) as Dialect[]).find((one) => one === value) ?? "point";
