import type { NextFunction, Request, Response } from "express";
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import type { Platform } from "../services/platform/context.ts";
import { TooMany } from "../services/platform/errors.ts";

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
    // Whoever is over it already is refused without asking the database: a flood is cheap to us.
    inMemoryBlockOnConsumed: points + 1,
  });

/**
 * Takes one try from each limit in turn, none after one that is used up: put first what a flood uses up first.
 *
 * @returns milliseconds to wait when one of them is used up, else 0.
 */
export async function spend(...limits: [Limit, string][]): Promise<number> {
  for (const [limiter, key] of limits) {
    try {
      await limiter.consume(key);
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      return refused.msBeforeNext;
    }
  }
  return 0;
}

/** Too many: says when to come back, and shows what `show` sends. */
export async function refuseFlood(
  res: Response,
  wait: number,
  show: () => void | Promise<void>,
): Promise<void> {
  res.status(429).set("Retry-After", String(Math.ceil(wait / 1000)));
  await show();
}

/**
 * So many requests of one person, or of one program, in a while: counted in this process, which is what they would wear
 * out. Mounted behind whatever says who asks.
 *
 * @param keyOf whom it is counted for; by itself the agent.
 */
export function perAgent(
  points: number,
  seconds: number,
  keyOf: (req: Request) => string = ({ ctx }) => (ctx.actor.kind === "agent" ? String(ctx.actor.id) : ""),
) {
  const limiters = new WeakMap<object, RateLimiterMemory>();
  const limiterOf = (app: object) => {
    const known = limiters.get(app) ?? new RateLimiterMemory({ points, duration: seconds });
    limiters.set(app, known);
    return known;
  };
  return async (req: Request, _res: Response, next: NextFunction): Promise<void> => {
    try {
      await limiterOf(req.app).consume(keyOf(req));
    } catch (refused) {
      if (refused instanceof RateLimiterRes) throw new TooMany(Math.ceil(refused.msBeforeNext / 1000));
      throw refused;
    }
    next();
  };
}

/** Everything that takes much out at once: no day's work needs more. */
export const exportLimit = perAgent(200, 3600);
