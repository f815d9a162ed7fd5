import type { Response } from "express";
import { RateLimiterPostgres, type RateLimiterRes } from "rate-limiter-flexible";
import type { Platform } from "../services/platform/context.ts";

/** So many tries in a while, counted in the database: the same for every process. */
export type Limit = RateLimiterPostgres;

/** @param windowSeconds how long a try counts. */
export const openLimit = (
  platform: Pick<Platform, "db">,
  prefix: string,
  points: number,
  windowSeconds: number,
): Limit =>
  new RateLimiterPostgres({
    storeClient: platform.db,
    storeType: "knex",
    tableName: "rate_limits",
    tableCreated: true,
    keyPrefix: prefix,
    points,
    duration: windowSeconds,
  });

/** Takes one try from each limit. @returns milliseconds to wait when one of them is used up, else 0. */
export async function spend(...limits: [Limit, string][]): Promise<number> {
  const waits = await Promise.all(
    limits.map(([limiter, key]) =>
      limiter.consume(key).then(
        () => 0,
        (refused: RateLimiterRes | Error) => {
          if (refused instanceof Error) throw refused;
          return refused.msBeforeNext;
        },
      ),
    ),
  );
  return Math.max(...waits);
}

/** Too many: says when to come back, and shows what `show` sends. */
export function refuseFlood(res: Response, wait: number, show: () => void): void {
  res.status(429).set("Retry-After", String(Math.ceil(wait / 1000)));
  show();
}
