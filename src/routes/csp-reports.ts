import express, { Router } from "express";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { z } from "zod";
import type { Platform } from "../services/platform/context.ts";

/** Lines of the log that reports may fill in a minute: a page that breaks the policy tells of it each time. */
const perMinute = 20;

const report = z.object({
  "csp-report": z.object({
    "effective-directive": z.string().max(100).default(""),
    "blocked-uri": z.string().max(2000).default(""),
    "source-file": z.string().max(2000).default(""),
  }),
});

/** What browsers say was stopped on our pages: an injection that was tried, or a mistake of ours. Open to anybody. */
export function cspReports({ logger }: Pick<Platform, "logger">): Router {
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  const router = Router();
  router.post(
    "/csp-reports",
    express.json({ type: ["application/csp-report", "application/json"], limit: "8kb" }),
    async (req, res) => {
      const known = report.safeParse(req.body);
      const mayLog = await limiter.consume("all").then(
        () => true,
        () => false,
      );
      if (known.success && mayLog) {
        const told = known.data["csp-report"];
        // Of addresses only where they lead: what stands behind may be somebody's.
        const place = (address: string) => URL.parse(address)?.origin ?? address.slice(0, 40);
        logger.warn(
          {
            directive: told["effective-directive"],
            blocked: place(told["blocked-uri"]),
            source: place(told["source-file"]),
          },
          "a browser stopped something on a page",
        );
      }
      res.status(204).end();
    },
  );
  return router;
}
