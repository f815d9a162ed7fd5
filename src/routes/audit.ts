import { Router } from "express";
import { type AuditEvent, listAuditEvents } from "../services/audit/queries.ts";
import { dayAndClock, exact } from "../views/format.ts";
import { isTextKey, type Translate, translateFor } from "../views/i18n.ts";
import type { AuditRow } from "../views/views.ts";
import { requirePermission } from "./guards.ts";
import { optionalId } from "./validate.ts";

const pageSize = 100;

/** Who did what, for those who may know. */
export const audit: Router = Router();

audit.get("/audit", requirePermission("audit.see"), async (req, res) => {
  const before = optionalId.catch(null).parse(req.query.before);
  const found = await listAuditEvents(req.ctx, { before, limit: pageSize + 1 });
  const shown = found.slice(0, pageSize);
  const { viewer } = req;
  const t = translateFor(viewer.locale);
  const events: AuditRow[] = shown.map((event) => ({
    ...event,
    when: dayAndClock(event.createdAt, viewer.now, viewer),
    exact: exact(event.createdAt, viewer),
    actor: event.actorName ?? (event.actorKind === "system" ? t("agent.hilo") : "—"),
    actName: isTextKey(`act.${event.act}`) ? t(`act.${event.act}`) : event.act,
    subject: subjects(event, t),
    details: Object.keys(event.data).length > 0 ? JSON.stringify(event.data) : "",
  }));
  const last = shown.at(-1);
  const next = found.length > pageSize && last ? `/audit?before=${last.id}` : null;
  res.send(req.render("audit/index", { title: t("nav.audit"), events, next }));
});

function subjects(event: AuditEvent, t: Translate): AuditRow["subject"] {
  const found: AuditRow["subject"] = [];
  if (event.conversationId)
    found.push({
      label: t("audit.conversation", { id: event.conversationId }),
      href: `/conversations/${event.conversationId}`,
    });
  else if (event.contactId)
    found.push({ label: t("audit.contact", { id: event.contactId }), href: `/contacts/${event.contactId}` });
  if (event.agentName) found.push({ label: event.agentName, href: null });
  if (event.inboxId)
    found.push({
      label: t("audit.inbox", { id: event.inboxId }),
      href: `/settings/inboxes/${event.inboxId}`,
    });
  return found;
}
