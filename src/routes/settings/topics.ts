import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { archiveTopic, listTopics, saveTopic } from "../../services/cases/topics.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { fieldErrors, idParam, text } from "../validate.ts";

const topicForm = z.object({ name: text(400), steps: text(8000).default("") });

/** What cases are about, with their steps. */
export const topics: Router = Router();
topics.use("/settings/topics", requirePermission("topics.manage"));

topics.get("/settings/topics", (req, res) => page(req, res));

topics.post("/settings/topics", (req, res) => save(req, res, null));

topics.post("/settings/topics/:id", (req, res) => save(req, res, idParam(req.params)));

topics.post("/settings/topics/:id/archiving", async (req, res) => {
  await archiveTopic(req.ctx, idParam(req.params));
  redirect(res, "/settings/topics");
});

async function save(req: Request, res: Response, id: number | null): Promise<void> {
  const form = topicForm.safeParse(req.body ?? {});
  try {
    if (!form.success) throw new Invalid(fieldErrors(form.error));
    await saveTopic(req.ctx, id, { name: form.data.name, steps: form.data.steps.split("\n") });
    redirect(res, "/settings/topics");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const t = translateFor(req.viewer.locale);
    const fields = Object.fromEntries(
      Object.entries(error.fields).map(([field, key]) => [field, t(key, error.values)]),
    );
    const typed = form.success ? form.data : { name: "", steps: "" };
    await page(req, res.status(422), { id: id ?? 0, fields, typed });
  }
}

async function page(
  req: Request,
  res: Response,
  faulty?: { id: number; fields: Record<string, string>; typed: { name: string; steps: string } },
): Promise<void> {
  const all = await listTopics(req.ctx);
  const shown = [
    ...all.map((one) => ({ ...one, steps: one.steps.join("\n") })),
    { id: 0, name: "", steps: "" },
  ];
  const typed = shown.map((one) => (one.id === faulty?.id ? { ...one, ...faulty.typed } : one));
  res.send(
    req.render("settings/topics/index", {
      title: translateFor(req.viewer.locale)("topics.title"),
      topics: typed.filter(({ id }) => id !== 0),
      draft: typed.find(({ id }) => id === 0) ?? { id: 0, name: "", steps: "" },
      errors: { id: faulty?.id ?? -1, fields: faulty?.fields ?? {} },
    }),
  );
}
