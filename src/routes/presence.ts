import { Router } from "express";
import { z } from "zod";
import { setAvailability } from "../services/agents/availability.ts";
import { Invalid } from "../services/platform/errors.ts";
import { fragment, redirect } from "./respond.ts";
import { ownPath } from "./sessions.ts";
import { localTime, parseForm, text } from "./validate.ts";

const availabilityForm = z.object({
  availability: z.enum(["online", "away", "offline"]),
  reason: text(400).default(""),
  /** `14:30`, today or, when that is past, tomorrow. */
  back_at: text(5).default(""),
});

/** Whether one is there: said by hand, or by being at the keyboard. */
export const presence: Router = Router();

// Being asked for is the sign of life; `noteSignsOfLife` has taken it.
presence.post("/presence", (_req, res) => {
  res.status(204).end();
});

presence.post("/presence/availability", async (req, res) => {
  const { availability, reason, back_at } = parseForm(availabilityForm, req.body);
  const { viewer } = req;
  let backAt: Date | null = null;
  if (availability === "away" && back_at !== "") {
    const now = Temporal.Instant.fromEpochMilliseconds(viewer.now.getTime()).toZonedDateTimeISO(
      viewer.timeZone,
    );
    const typed = localTime(`${now.toPlainDate()}T${back_at}`, viewer);
    if (!typed) throw new Invalid({ back_at: "availability.back_time" });
    backAt = typed > viewer.now ? typed : new Date(typed.getTime() + 86_400_000);
  }
  await setAvailability(req.ctx, availability, { reason, backAt });
  if (!req.isFragment)
    return redirect(res, ownPath(new URL(req.get("referer") ?? "/inbox", "http://own.invalid").pathname));
  viewer.availability = availability;
  fragment(res, req.render("layouts/_here", {}));
});
