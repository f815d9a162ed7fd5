import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { getAgent, listTeams } from "../../services/agents/queries.ts";
import { listCalendars } from "../../services/business-hours/queries.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { getWork, saveWork } from "../../services/routing/save-work.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, ids, optionalId, parseForm, text, typed } from "../validate.ts";

const cap = text(6)
  .regex(/^\d{1,4}$/, "work.cap")
  .transform(Number);
const workForm = z.object({
  receives: z.literal("1").optional(),
  max_waiting: cap,
  max_open: cap,
  skills: text(2000).default(""),
  team: ids,
  business_hours_id: optionalId,
});

/** What one agent is given: teams, skills, caps and hours. */
export const agentWork: Router = Router();
agentWork.use("/settings/agents/:id/work", requirePermission("routing.manage"));

agentWork.get("/settings/agents/:id/work", (req, res) => page(req, res, {}));

agentWork.post("/settings/agents/:id/work", async (req, res) => {
  const id = idParam(req.params);
  try {
    const form = parseForm(workForm, req.body);
    await saveWork(req.ctx, id, {
      receives: form.receives === "1",
      maxWaiting: form.max_waiting,
      maxOpen: form.max_open,
      skills: form.skills.split(","),
      teamIds: form.team,
      businessHoursId: form.business_hours_id,
    });
    redirect(res, "/settings/agents");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), { form: typed(req.body), errors: errorWords(error, req.viewer) });
  }
});

async function page(
  req: Request,
  res: Response,
  given: { form?: Record<string, string>; errors?: Record<string, string> },
): Promise<void> {
  const id = idParam(req.params);
  const [agent, work, teams, calendars] = await Promise.all([
    getAgent(req.ctx, id),
    getWork(req.ctx, id),
    listTeams(req.ctx),
    listCalendars(req.ctx),
  ]);
  const { form, errors = {} } = given;
  const sentTeams = ids.catch([]).parse((req.body as { team?: unknown } | undefined)?.team);
  res.send(
    req.render("settings/agents/work", {
      title: agent.name,
      agentId: id,
      errors,
      receives: form ? form.receives === "1" : work.receives,
      maxWaiting: form?.max_waiting ?? String(work.maxWaiting),
      maxOpen: form?.max_open ?? String(work.maxOpen),
      skills: form?.skills ?? work.skills.join(", "),
      teams: teams.map((one) => ({
        value: String(one.id),
        name: one.name,
        isChosen: (form ? sentTeams : work.teamIds).includes(one.id),
      })),
      calendars: calendars.map((one) => ({
        value: String(one.id),
        name: one.name,
        isChosen:
          String(one.id) === (form ? (form.business_hours_id ?? "") : String(work.businessHoursId ?? "")),
      })),
    }),
  );
}
