import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { nudge } from "../services/alerts/alerts.ts";
import { assign } from "../services/conversations/assign.ts";
import { swap } from "../services/conversations/swap.ts";
import { Conflict } from "../services/platform/errors.ts";
import { getBoard } from "../services/routing/board.ts";
import { presentBoard } from "../views/board/present.ts";
import { startOfDay } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { requirePermission } from "./guards.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam, ids, optionalId } from "./validate.ts";

const assignmentForm = z.object({ agent_id: optionalId });

/** What waits now and who is there: for who supervises. */
export function boardRoutes(cursor: () => string): Router {
  const board = Router();
  board.use("/board", requirePermission("supervise"));

  board.get("/board", async (req, res) => {
    const at = cursor();
    const title = translateFor(req.viewer.locale)("board.title");
    res.send(req.render("board/show", { title, board: await load(req), cursor: at }));
  });

  board.get("/board/live", (req, res) => answer(req, res));

  board.post("/board/:id/assignment", async (req, res) => {
    const { agent_id: agentId } = assignmentForm.parse(req.body ?? {});
    if (agentId !== null) await assign(req.ctx, idParam(req.params), { agentId });
    await answer(req, res);
  });

  board.post("/board/swap", async (req, res) => {
    const [one, other, ...more] = ids.parse(req.body?.swap);
    if (one === undefined || other === undefined || more.length > 0) throw new Conflict("board.swap_two");
    await swap(req.ctx, one, other);
    await answer(req, res);
  });

  board.post("/board/:id/nudge", async (req, res) => {
    const name = await nudge(req.ctx, idParam(req.params));
    await answer(req, res, req.render("board/_told", { name }));
  });

  return board;
}

async function answer(req: Request, res: Response, ...more: string[]): Promise<void> {
  if (!req.isFragment) return redirect(res, "/board");
  fragment(res, req.render("board/_board", { board: await load(req) }), ...more);
}

async function load(req: Request) {
  const { viewer } = req;
  const teamId = optionalId.catch(null).parse(req.query.team);
  const since = new Date(startOfDay(viewer.now, viewer));
  return presentBoard(await getBoard(req.ctx, teamId, since), teamId, viewer);
}
