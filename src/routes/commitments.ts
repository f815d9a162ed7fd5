import { Router } from "express";
import { listOpenCommitments } from "../services/commitments/commitments.ts";
import { presentCommitment } from "../views/conversations/context.ts";
import { translateFor } from "../views/i18n.ts";

/** Everything that was promised and is not kept yet: one's own, or everybody's. */
export const commitments: Router = Router();

commitments.get("/commitments", async (req, res) => {
  const all = req.query.who === "all";
  const t = translateFor(req.viewer.locale);
  const found = await listOpenCommitments(req.ctx, all ? null : req.viewer.agentId);
  res.send(
    req.render("commitments/index", {
      title: t("commitments.title"),
      filters: [
        { name: t("commitments.mine"), href: "/commitments", isCurrent: !all },
        { name: t("commitments.everybodys"), href: "/commitments?who=all", isCurrent: all },
      ],
      commitments: found.map((one) => ({
        ...presentCommitment(one, req.viewer),
        name: one.contactName || t("contact.unnamed"),
        href:
          one.conversationId === null ? `/contacts/${one.contactId}` : `/conversations/${one.conversationId}`,
      })),
    }),
  );
});
