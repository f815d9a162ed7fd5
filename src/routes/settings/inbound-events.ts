import { type Request, Router } from "express";
import {
  getInboundEvent,
  type InboundEventRow,
  listInboundEvents,
  replayInboundEvent,
} from "../../services/channels/inbound-events.ts";
import { dayAndClock, exact } from "../../views/format.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { idParam, optionalId } from "../validate.ts";

const pageSize = 50;

/** What arrived and was not understood. */
export const inboundEvents: Router = Router();
inboundEvents.use("/settings/inbound-events", requirePermission("deliveries.manage"));

inboundEvents.get("/settings/inbound-events", async (req, res) => {
  const before = optionalId.catch(null).parse(req.query.before);
  const found = await listInboundEvents(req.ctx, { state: "quarantined", before, limit: pageSize + 1 });
  const shown = found.slice(0, pageSize);
  const last = shown.at(-1);
  res.send(
    req.render("settings/inbound-events/index", {
      title: translateFor(req.viewer.locale)("settings.quarantine"),
      state: "quarantined",
      events: shown.map((event) => ({ ...event, ...times(req, event) })),
      next: found.length > pageSize && last ? `/settings/inbound-events?before=${last.id}` : null,
    }),
  );
});

inboundEvents.get("/settings/inbound-events/:id", async (req, res) => {
  const event = await getInboundEvent(req.ctx, idParam(req.params));
  const title = translateFor(req.viewer.locale)("quarantine.event", { id: event.id });
  res.send(req.render("settings/inbound-events/show", { title, event: { ...event, ...times(req, event) } }));
});

inboundEvents.post("/settings/inbound-events/:id/replay", async (req, res) => {
  await replayInboundEvent(req.ctx, idParam(req.params));
  redirect(res, "/settings/inbound-events");
});

function times({ viewer }: Request, event: InboundEventRow) {
  return { when: dayAndClock(event.receivedAt, viewer.now, viewer), exact: exact(event.receivedAt, viewer) };
}
