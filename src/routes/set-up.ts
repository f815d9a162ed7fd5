import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { findSession } from "../services/agents/queries.ts";
import { checkSetUpToken, completeSetUp } from "../services/agents/set-up.ts";
import { canLoadDemo, loadDemo } from "../services/demo/load.ts";
import { Invalid, NotFound } from "../services/platform/errors.ts";
import { translateFor } from "../views/i18n.ts";
import type { FindDemo } from "./demo/demo.ts";
import { enter } from "./enter.ts";
import { redirect } from "./respond.ts";
import { fieldErrors } from "./validate.ts";

/** Whether Intl knows the zone. */
export const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone !== "";
  } catch {
    return false;
  }
};

export const timeZones = Intl.supportedValuesOf("timeZone");

const setUpForm = z.object({
  firmName: z.string().trim().min(1).max(120),
  locale: z.enum(["es", "en"]),
  timeZone: z.string().max(80).refine(isTimeZone, "set_up.time_zone_unknown"),
  country: z
    .string()
    .regex(/^[A-Za-z]{2}$/)
    .toUpperCase(),
  answersAtNight: z
    .literal("1")
    .optional()
    .transform((value) => value === "1"),
  name: z.string().trim().min(1).max(120),
  email: z.email("agents.email_invalid").max(254),
  password: z.string().min(10, "agents.password_length").max(256, "agents.password_length"),
});

/** The first start: behind a one-time link, and gone once there is an agent. */
export function setUpRoutes(findDemo: FindDemo): Router {
  const setUp = Router();

  setUp.get("/set-up/:token", async (req, res) => {
    await checkSetUpToken(req.ctx, tokenOf(req));
    page(
      req,
      res,
      {
        firmName: "",
        locale: req.viewer.locale,
        timeZone: req.viewer.timeZone,
        country: "MX",
        answersAtNight: "1",
        name: "",
        email: "",
      },
      {},
    );
  });

  setUp.post("/set-up/:token", async (req, res) => {
    const token = tokenOf(req);
    await checkSetUpToken(req.ctx, token);
    const form = setUpForm.safeParse(req.body);
    if (!form.success) return page(req, res.status(422), given(req.body), fieldErrors(form.error));
    try {
      const agentId = await completeSetUp(req.ctx, token, form.data);
      const session = await findSession(req.ctx.db, agentId);
      if (!session) throw new NotFound();
      await enter(req, session);
      redirect(res, "/set-up-done");
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      page(req, res.status(422), given(req.body), error.fields);
    }
  });

  setUp.get("/set-up-done", async (req, res) => {
    if (req.ctx.actor.kind !== "agent") throw new NotFound();
    const [demo, canLoad] = await Promise.all([findDemo(), canLoadDemo(req.ctx)]);
    const title = translateFor(req.viewer.locale)("set_up.done");
    res.set("Cache-Control", "no-store");
    res.send(req.render("set-up/next", { title, hasDemo: demo !== null, canLoadDemo: canLoad }));
  });

  setUp.post("/set-up-done/demo", async (req, res) => {
    // Pressed twice: the first press is at it, or was.
    if ((await findDemo()) === null) await loadDemo(req.ctx);
    redirect(res, "/set-up-done");
  });

  function page(
    req: Request,
    res: Response,
    form: Record<string, string>,
    errors: Record<string, string>,
  ): void {
    const t = translateFor(req.viewer.locale);
    const words = Object.fromEntries(Object.entries(errors).map(([field, key]) => [field, t(key)]));
    res.set("Cache-Control", "no-store").set("Referrer-Policy", "no-referrer");
    res.send(
      req.render("set-up/new", {
        title: t("set_up.title"),
        token: tokenOf(req),
        form,
        errors: words,
        timeZones,
      }),
    );
  }

  return setUp;
}

const tokenOf = (req: Request): string => String(req.params.token ?? "").slice(0, 100);

/** What was typed, for the form that comes back; passwords are typed again. */
export function given(body: unknown): Record<string, string> {
  if (!body || typeof body !== "object") return {};
  return Object.fromEntries(
    Object.entries(body).flatMap(([field, value]) =>
      typeof value === "string" && !/password|secret|token/i.test(field)
        ? [[field, value.slice(0, 1000)]]
        : [],
    ),
  );
}
