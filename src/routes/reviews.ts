import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { may } from "../services/agents/policy.ts";
import { listAgents } from "../services/agents/queries.ts";
import { Invalid, NotFound } from "../services/platform/errors.ts";
import { addCriterion, archiveCriterion, listCriteria } from "../services/reviews/criteria.ts";
import {
  addReview,
  answerReview,
  finishReview,
  getReview,
  listOtherReviews,
  listReviews,
  noteCoached,
  pickReviews,
  pickRules,
} from "../services/reviews/reviews.ts";
import { readTranscript } from "../services/reviews/transcript.ts";
import { translateFor } from "../views/i18n.ts";
import { presentLine, presentReview } from "../views/reviews/present.ts";
import { requirePermission } from "./guards.ts";
import { redirect } from "./respond.ts";
import { ticked } from "./settings/roles.ts";
import { errorWords, idParam, optionalId, parseForm, text, typed } from "./validate.ts";

const pickForm = z.object({
  rule: z.enum(pickRules),
  n: z.coerce.number().int().min(1).max(20),
  days: z.coerce.number().int().min(1).max(365),
  agent: optionalId,
});
const criterionForm = z.object({ question: text(1000), weight: z.coerce.number().int().min(1).max(5) });

/** Whole conversations, scored by the firm's own form; what was said of one's own work. */
export const reviews: Router = Router();

reviews.get("/reviews/mine", async (req, res) => {
  const found = await listReviews(req.ctx, "about_me");
  const title = translateFor(req.viewer.locale)("reviews.mine");
  res.send(
    req.render("reviews/mine", { title, reviews: found.map((one) => presentReview(one, req.viewer)) }),
  );
});

reviews.get("/reviews", requirePermission("reviews.score"), async (req, res) => {
  const [waiting, done, coaching, agents] = await Promise.all([
    listReviews(req.ctx, "waiting"),
    listReviews(req.ctx, "done"),
    listReviews(req.ctx, "coaching"),
    listAgents(req.ctx),
  ]);
  const t = translateFor(req.viewer.locale);
  const shown = (all: typeof waiting) => all.map((one) => presentReview(one, req.viewer));
  const picked = Number(req.query.picked);
  res.send(
    req.render("reviews/index", {
      title: t("reviews.title"),
      said:
        Number.isInteger(picked) && req.query.picked !== undefined
          ? t(picked === 0 ? "reviews.picked_none" : "reviews.picked", { n: picked })
          : "",
      waiting: shown(waiting),
      done: shown(done),
      coaching: shown(coaching),
      rules: pickRules.map((value) => ({
        value,
        name: t(`reviews.rule.${value}`),
        isChosen: value === "random",
      })),
      agents: agents.map(({ id, name }) => ({ value: String(id), name, isChosen: false })),
    }),
  );
});

reviews.post("/reviews/picks", requirePermission("reviews.score"), async (req, res) => {
  const { rule, n, days, agent } = parseForm(pickForm, req.body);
  const picked = await pickReviews(req.ctx, rule, { n, days, agentId: agent });
  redirect(res, `/reviews?picked=${picked}`);
});

reviews.get("/reviews/criteria", requirePermission("reviews.score"), (req, res) =>
  criteriaPage(req, res, {}),
);

reviews.post("/reviews/criteria", requirePermission("reviews.score"), async (req, res) => {
  try {
    const { question, weight } = parseForm(criterionForm, req.body);
    await addCriterion(req.ctx, question, weight);
    redirect(res, "/reviews/criteria");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await criteriaPage(req, res.status(422), errorWords(error, req.viewer));
  }
});

reviews.post("/reviews/criteria/:id/archiving", requirePermission("reviews.score"), async (req, res) => {
  await archiveCriterion(req.ctx, idParam(req.params));
  redirect(res, "/reviews/criteria");
});

async function criteriaPage(req: Request, res: Response, errors: Record<string, string>): Promise<void> {
  const title = translateFor(req.viewer.locale)("reviews.criteria");
  res.send(req.render("reviews/criteria", { title, criteria: await listCriteria(req.ctx), errors }));
}

reviews.post("/conversations/:id/reviews", requirePermission("reviews.score"), async (req, res) => {
  redirect(res, `/reviews/${await addReview(req.ctx, idParam(req.params))}`);
});

reviews.get("/reviews/:id", (req, res) => page(req, res, ""));

reviews.post("/reviews/:id", requirePermission("reviews.score"), async (req, res) => {
  const body = (req.body ?? {}) as Record<string, unknown>;
  const scores = Object.entries(body).flatMap(([name, value]): [string, number | null][] => {
    const [, id] = /^score_(\d{1,15})$/.exec(name) ?? [];
    if (!id || typeof value !== "string" || !/^[1-5]?$/.test(value)) return [];
    return [[id, value === "" ? null : Number(value)]];
  });
  const id = idParam(req.params);
  try {
    const form = parseForm(z.object({ comment: text(4000).default(""), coaching: ticked }), body);
    await finishReview(req.ctx, id, {
      scores: Object.fromEntries(scores),
      comment: form.comment,
      needsCoaching: form.coaching,
    });
    redirect(res, `/reviews/${id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const { scores: words, comment } = errorWords(error, req.viewer);
    await page(req, res.status(422), words ?? comment ?? "", typed(body));
  }
});

reviews.post("/reviews/:id/answer", async (req, res) => {
  const id = idParam(req.params);
  try {
    await answerReview(req.ctx, id, parseForm(z.object({ answer: text(5000) }), req.body).answer);
    redirect(res, `/reviews/${id}`);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), errorWords(error, req.viewer).answer ?? "");
  }
});

reviews.post("/reviews/:id/coaching", requirePermission("reviews.score"), async (req, res) => {
  await noteCoached(req.ctx, idParam(req.params));
  redirect(res, "/reviews");
});

/** @param given what was typed, to be shown again beside what is wrong with it. */
async function page(
  req: Request,
  res: Response,
  error: string,
  given: Record<string, string> = {},
): Promise<void> {
  const review = await getReview(req.ctx, idParam(req.params));
  const [transcript, criteria, others] = await Promise.all([
    // Whom it is about may not see the conversation any more; what was said of them they may.
    readTranscript(req.ctx, review.conversationId).catch((error: unknown) => {
      if (error instanceof NotFound) return { lines: [] };
      throw error;
    }),
    listCriteria(req.ctx),
    listOtherReviews(req.ctx, review),
  ]);
  const t = translateFor(req.viewer.locale);
  const me = req.viewer.agentId;
  const shown = presentReview(review, req.viewer);
  res.send(
    req.render("reviews/show", {
      title: t("reviews.one", { name: shown.contact }),
      review: shown,
      isMine: review.reviewerId === me,
      isAboutMe: review.agentId === me,
      canScore: may(req.ctx.actor, "reviews.score") && review.reviewerId === me && review.answeredAt === null,
      canAdd: may(req.ctx.actor, "reviews.score") && review.reviewerId !== me && review.agentId !== me,
      criteria: criteria.map((one) => {
        const typedScore = given[`score_${one.id}`];
        const kept = review.finishedAt ? (review.scores[one.id] ?? 0) : null;
        // 0: it does not apply.
        return { ...one, given: typedScore === undefined ? kept : Number(typedScore) };
      }),
      comment: given.comment ?? review.comment,
      others: others.map((one) => presentReview(one, req.viewer)),
      lines: transcript.lines.map((line) => presentLine(line, req.viewer)),
      error,
    }),
  );
}
