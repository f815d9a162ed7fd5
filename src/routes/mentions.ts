import { Router } from "express";
import { listMentions, seeMentions } from "../services/conversations/mentions.ts";
import { dayAndClock, exact } from "../views/format.ts";
import { translateFor } from "../views/i18n.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam } from "./validate.ts";

const shown = 100;

/** Notes in which colleagues called an agent by name. */
export const mentions: Router = Router();

mentions.get("/mentions", async (req, res) => {
  const t = translateFor(req.viewer.locale);
  const found = await listMentions(req.ctx, shown);
  res.send(
    req.render("mentions/index", {
      title: t("mentions.title"),
      hasUnseen: found.some(({ seenAt }) => seenAt === null),
      mentions: found.map((one) => ({
        id: one.noteId,
        name: one.contactName || t("contact.unnamed"),
        text: one.text,
        by: one.by ?? t("agent.gone"),
        when: dayAndClock(one.at, req.viewer.now, req.viewer),
        exact: exact(one.at, req.viewer),
        isUnseen: one.seenAt === null,
      })),
    }),
  );
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
  redirect(res, "/mentions");
});
