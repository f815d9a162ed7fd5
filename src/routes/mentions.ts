import { Router } from "express";
import { countApprovals } from "../services/agents/approvals.ts";
import { listAlerts, markAlertsSeen } from "../services/alerts/alerts.ts";
import { listMentions, seeMentions } from "../services/conversations/mentions.ts";
import { NotFound } from "../services/platform/errors.ts";
import { dayAndClock, exact } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam } from "./validate.ts";

const shown = 100;

/** What an agent is told: notes in which colleagues called them by name, and what waits too long. */
export const mentions: Router = Router();

mentions.get("/mentions", async (req, res) => {
  const t = translateFor(req.viewer.locale);
  const [asked, called, alerts] = await Promise.all([
    countApprovals(req.ctx),
    listMentions(req.ctx, shown),
    listAlerts(req.ctx, { before: null, limit: shown }),
  ]);
  const times = (at: Date) => ({
    at,
    when: dayAndClock(at, req.viewer.now, req.viewer),
    exact: exact(at, req.viewer),
  });
  const notices = [
    ...called.map((one) => ({
      action: `/mentions/${one.noteId}`,
      icon: "at-sign",
      title: one.by ?? t("agent.gone"),
      name: one.contactName || t("contact.unnamed"),
      text: one.text,
      isUnseen: one.seenAt === null,
      ...times(one.at),
    })),
    ...alerts.map((one) => ({
      action: `/alerts/${one.id}`,
      icon: "bell",
      title: t(`alert.${one.kind}`, { by: one.by ?? t("agent.hilo") }),
      name: one.contactName || one.contactDisplay || t("contact.unnamed"),
      text: "",
      isUnseen: one.seenAt === null,
      ...times(one.at),
    })),
  ].sort((a, b) => b.at.getTime() - a.at.getTime());
  const hasUnseen = notices.some(({ isUnseen }) => isUnseen);
  res.send(req.render("mentions/index", { title: t("mentions.title"), hasUnseen, notices, asked }));
});

/** Opening one is looking at it. */
mentions.post("/alerts/:id", async (req, res) => {
  const id = idParam(req.params);
  const [one] = await listAlerts(req.ctx, { before: id + 1, limit: 1 });
  if (one?.id !== id) throw new NotFound();
  await markAlertsSeen(req.ctx, one.conversationId);
  redirect(res, `/conversations/${one.conversationId}`);
});

mentions.get("/mentions/badge", (req, res) => {
  fragment(res, req.render("mentions/_badge", {}));
});

/** Opening one is looking at it. */
mentions.post("/mentions/:id", async (req, res) => {
  const id = idParam(req.params);
  const one = (await listMentions(req.ctx, shown)).find(({ noteId }) => noteId === id);
  await seeMentions(req.ctx, id);
  redirect(
    res,
    one?.conversationId ? `/conversations/${one.conversationId}` : `/contacts/${one?.contactId ?? ""}`,
  );
});

mentions.post("/mentions", async (req, res) => {
  await seeMentions(req.ctx, null);
  await markAlertsSeen(req.ctx, null);
  redirect(res, "/mentions");
});
