import type { Request, Response } from "express";
import { Router } from "express";
import { z } from "zod";
import { discardMessage, retryMessage } from "../services/channels/retry.ts";
import { react } from "../services/conversations/react.ts";
import type { Message } from "../services/conversations/types.ts";
import { renderBubble } from "./live-message.ts";
import { fragment, redirect } from "./respond.ts";
import { idParam } from "./validate.ts";

const reactionForm = z.object({ emoji: z.string().max(32) });

/** What is done to one message. */
export const messages: Router = Router();

messages.post("/messages/:id/reaction", async (req, res) => {
  const { emoji } = reactionForm.parse(req.body ?? {});
  answer(req, res, await react(req.ctx, idParam(req.params), emoji));
});

messages.post("/messages/:id/retry", async (req, res) => {
  answer(req, res, await retryMessage(req.ctx, idParam(req.params)));
});

messages.post("/messages/:id/discard", async (req, res) => {
  answer(req, res, await discardMessage(req.ctx, idParam(req.params)));
});

function answer(req: Request, res: Response, message: Message): void {
  if (req.isFragment) fragment(res, renderBubble(req.render, req.viewer, message));
  else redirect(res, `/conversations/${message.conversationId}`);
}
