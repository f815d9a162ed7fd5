import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { openCase } from "../services/cases/open-case.ts";
import { describeCase, reopenCase, resolveCase } from "../services/cases/status.ts";
import { addStep, setStep } from "../services/cases/steps.ts";
import { promise, settleCommitment } from "../services/commitments/commitments.ts";
import { getConversation } from "../services/conversations/queries.ts";
import { fragment, leave, redirect } from "./respond.ts";
import { idParam, optionalId, parseForm, text, uuid } from "./validate.ts";
import { renderHead } from "./workspace.ts";

const caseForm = z.object({ title: text(400).default(""), topic_id: optionalId, client_token: uuid });
const stateForm = z.object({ state_note: text(1000) });
const stepForm = z.object({ title: text(400) });
const doneForm = z.object({ done: z.enum(["0", "1"]) });
const solutionForm = z.object({ solution: text(4000).default("") });
const promiseForm = z.object({ text: text(1000), due_on: text(20).default("") });
/** The conversation whose page the form stands on; none on a customer's page. */
const fromForm = z.object({ conversation_id: optionalId, from: z.literal("commitments").optional() });

/** What customers wait for: cases and promises. */
export const cases: Router = Router();

cases.post("/conversations/:id/cases", async (req, res) => {
  const id = idParam(req.params);
  const form = parseForm(caseForm, req.body);
  // A topic's button names the case; words that were left in the field are for another one.
  const title = form.topic_id === null ? form.title : "";
  await openCase(req.ctx, id, { title, topicId: form.topic_id, clientToken: form.client_token });
  if (!req.isFragment) return redirect(res, `/conversations/${id}`);
  fragment(res, await renderHead(req, await getConversation(req.ctx, id)));
});

cases.post("/cases/:id", async (req, res) => {
  const { state_note } = parseForm(stateForm, req.body);
  await answer(req, res, await describeCase(req.ctx, idParam(req.params), state_note));
});

cases.post("/cases/:id/steps", async (req, res) => {
  const { title } = parseForm(stepForm, req.body);
  await answer(req, res, await addStep(req.ctx, idParam(req.params), title));
});

cases.post("/cases/:id/steps/:step", async (req, res) => {
  const { done } = parseForm(doneForm, req.body);
  const id = idParam(req.params);
  await answer(req, res, await setStep(req.ctx, id, idParam(req.params, "step"), done === "1"));
});

cases.post("/cases/:id/resolution", async (req, res) => {
  const { solution } = parseForm(solutionForm, req.body);
  await answer(req, res, await resolveCase(req.ctx, idParam(req.params), solution));
});

cases.post("/cases/:id/reopening", async (req, res) => {
  await answer(req, res, await reopenCase(req.ctx, idParam(req.params)));
});

cases.post("/conversations/:id/commitments", async (req, res) => {
  const id = idParam(req.params);
  const { text: words, due_on } = parseForm(promiseForm, req.body);
  await promise(req.ctx, id, { text: words, dueOn: due_on || null });
  if (!req.isFragment) return redirect(res, `/conversations/${id}`);
  fragment(res, await renderHead(req, await getConversation(req.ctx, id)));
});

cases.post("/commitments/:id", async (req, res) => {
  const { done } = parseForm(doneForm, req.body);
  await answer(req, res, await settleCommitment(req.ctx, idParam(req.params), done === "1"));
});

/** Back to where the form stood. */
async function answer(req: Request, res: Response, done: { contactId: number }): Promise<void> {
  const from = fromForm.safeParse(req.body ?? {});
  const id = from.success ? from.data.conversation_id : null;
  if (from.success && from.data.from) return redirect(res, "/commitments");
  if (id === null) return leave(req, res, `/contacts/${done.contactId}`);
  const conversation = await getConversation(req.ctx, id);
  if (!req.isFragment) return redirect(res, `/conversations/${id}`);
  fragment(res, await renderHead(req, conversation));
}
