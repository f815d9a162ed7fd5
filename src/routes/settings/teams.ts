import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { listAgents } from "../../services/agents/queries.ts";
import { listCalendars } from "../../services/business-hours/queries.ts";
import { Invalid } from "../../services/platform/errors.ts";
import { archiveTeam, listWholeTeams, saveTeam, type Team } from "../../services/routing/save-team.ts";
import { strategies } from "../../services/routing/types.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, ids, optionalId, parseForm, text } from "../validate.ts";

const teamForm = z.object({
  name: text(400),
  strategy: z.enum(strategies),
  business_hours_id: optionalId,
  member: ids,
});

/** Who answers together, and how what is theirs is given out. */
export const teams: Router = Router();
teams.use("/settings/teams", requirePermission("teams.manage"));

teams.get("/settings/teams", (req, res) => page(req, res));

teams.post("/settings/teams", (req, res) => save(req, res, null));

teams.post("/settings/teams/:id", (req, res) => save(req, res, idParam(req.params)));

teams.post("/settings/teams/:id/archiving", async (req, res) => {
  await archiveTeam(req.ctx, idParam(req.params));
  redirect(res, "/settings/teams");
});

async function save(req: Request, res: Response, id: number | null): Promise<void> {
  const form = teamForm.safeParse(req.body ?? {});
  try {
    const { name, strategy, business_hours_id: businessHoursId, member } = parseForm(teamForm, req.body);
    await saveTeam(req.ctx, id, { name, strategy, businessHoursId, memberIds: member });
    redirect(res, "/settings/teams");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const typed = form.success ? form.data : null;
    await page(req, res.status(422), {
      team: {
        id: id ?? 0,
        name: typed?.name ?? "",
        strategy: typed?.strategy ?? "least_loaded",
        businessHoursId: typed?.business_hours_id ?? null,
        memberIds: typed?.member ?? [],
      },
      errors: errorWords(error, req.viewer),
    });
  }
}

async function page(
  req: Request,
  res: Response,
  faulty?: { team: Team; errors: Record<string, string> },
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const [all, agents, calendars] = await Promise.all([
    listWholeTeams(req.ctx),
    listAgents(req.ctx),
    listCalendars(req.ctx),
  ]);
  const active = agents.filter(({ deactivatedAt }) => !deactivatedAt);
  const draft: Team = { id: 0, name: "", strategy: "least_loaded", businessHoursId: null, memberIds: [] };
  const shown = [...all, draft].map((one) => {
    const team = faulty?.team.id === one.id ? faulty.team : one;
    return {
      id: team.id,
      name: team.name,
      members: active.map(({ id, name }) => ({
        value: String(id),
        name,
        isChosen: team.memberIds.includes(id),
      })),
      strategies: strategies.map((value) => ({
        value,
        name: t(`strategy.${value}`),
        isChosen: value === team.strategy,
      })),
      calendars: calendars.map(({ id, name }) => ({
        value: String(id),
        name,
        isChosen: id === team.businessHoursId,
      })),
      error: faulty?.team.id === one.id ? (Object.values(faulty.errors)[0] ?? "") : "",
    };
  });
  res.send(req.render("settings/teams/index", { title: t("teams.title"), teams: shown }));
}
