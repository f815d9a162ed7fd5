import { randomBytes } from "node:crypto";
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import { ZodError } from "zod";
import { ApprovalNeeded } from "../services/agents/approvals.ts";
import { isTransient, isUnstorable } from "../services/platform/database.ts";
import {
  Conflict,
  Forbidden,
  Invalid,
  NotFound,
  ServiceError,
  TooMany,
} from "../services/platform/errors.ts";
import { isTextKey, translateFor } from "../views/i18n.ts";
import { identifyNobody } from "./identify.ts";
import { fragment, leave } from "./respond.ts";
import { fieldErrors } from "./validate.ts";

/** What went wrong, in HTTP and in words. The only place that knows both. */
interface Problem {
  status: number;
  key: string;
  values: Record<string, string | number>;
  fields: Record<string, string>;
  /** Only for bugs and outages: what the log line and the person's screen share. */
  reference: string | null;
}

function problemOf(error: unknown): Problem {
  const plain = { values: {}, fields: {}, reference: null };
  if (error instanceof ZodError) return problemOf(new Invalid(fieldErrors(error)));
  if (error instanceof Invalid)
    return { ...plain, status: 422, key: error.key, values: error.values, fields: error.fields };
  if (error instanceof ServiceError) {
    const status =
      error instanceof NotFound
        ? 404
        : error instanceof Forbidden
          ? 403
          : error instanceof Conflict
            ? 409
            : error instanceof TooMany
              ? 429
              : 400;
    return { ...plain, status, key: error.key, values: error.values };
  }
  if (isUnstorable(error)) return { ...plain, status: 422, key: "error.invalid" };
  const { status, type } = (error ?? {}) as { status?: number; type?: string };
  if (type === "entity.too.large") return { ...plain, status: 413, key: "error.too_large" };
  if (status !== undefined && status >= 400 && status < 500)
    return { ...plain, status, key: "error.bad_request" };
  const reference = randomBytes(4).toString("hex");
  if (isTransient(error)) return { ...plain, status: 503, key: "error.unavailable", reference };
  return { ...plain, status: 500, key: "error.internal", reference };
}

const words = (locale: "es" | "en") => (key: string, values: Record<string, string | number>) =>
  translateFor(locale)(isTextKey(key) ? key : "error.invalid", values);

/** Programs and browsers get the same problem in their own form. */
export const errorHandler: ErrorRequestHandler = (error, req, res, _next) => {
  // Whoever asked hung up in the middle of an answer: nobody is left to tell, and nothing is wrong.
  if ((error as { code?: string } | null)?.code === "ERR_STREAM_PREMATURE_CLOSE" && res.headersSent) return;
  const problem = problemOf(error);
  if (problem.reference) {
    req.ctx?.logger.error(
      { err: error, reference: problem.reference, method: req.method, route: req.route?.path },
      "a request failed",
    );
  }
  if (error instanceof ApprovalNeeded && !res.headersSent && !req.path.startsWith("/api/"))
    return leave(req, res, "/approvals?asked=1");
  if (res.headersSent) {
    res.destroy();
    return;
  }
  res.status(problem.status);
  if (problem.status === 503) res.set("Retry-After", "5");
  if (error instanceof TooMany) res.set("Retry-After", String(error.seconds));
  if (req.path.startsWith("/api/")) {
    const say = words("en");
    res.type("application/problem+json").json({
      type: `about:blank#${problem.key}`,
      title: say(problem.key, problem.values),
      status: problem.status,
      detail: say(problem.key, problem.values),
      ...(Object.keys(problem.fields).length > 0
        ? {
            errors: Object.fromEntries(
              Object.entries(problem.fields).map(([field, key]) => [field, say(key, problem.values)]),
            ),
          }
        : {}),
      ...(problem.reference ? { reference: problem.reference } : {}),
    });
    return;
  }
  if (!req.nonce || req.path.startsWith("/webhooks/")) {
    res.type("text").send(String(problem.status));
    return;
  }
  if (!req.render) identifyNobody(req);
  const say = words(req.viewer.locale);
  const detail =
    Object.values(problem.fields)
      .map((key) => say(key, problem.values))
      .join(" ") || say(problem.key, problem.values);
  const data = { status: problem.status, detail, reference: problem.reference };
  if (req.isFragment) {
    res.set("HX-Retarget", "#notice").set("HX-Reswap", "innerHTML");
    fragment(res, req.render("errors/_notice", data));
    return;
  }
  res.send(req.render("errors/show", { title: String(problem.status), ...data }));
};

export const notFoundHandler: RequestHandler = (_req: Request) => {
  throw new NotFound();
};
