import { may } from "../agents/policy.ts";
import { visibleTo } from "../conversations/policy.ts";
import { getConversation } from "../conversations/queries.ts";
import type { Context, Reader } from "../platform/context.ts";
import { changed, json, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { conditions } from "../reports/conversations.ts";
import { countable } from "../reports/slice.ts";
import { type Criterion, listCriteria } from "./criteria.ts";

/** By what conversations are picked: at random, or at random among those where something went wrong. */
export const pickRules = ["random", "low", "missed", "reopened", "transferred", "repeated"] as const;
export type PickRule = (typeof pickRules)[number];

export interface Review {
  id: number;
  conversationId: number;
  contactName: string;
  topic: string | null;
  reviewerId: number;
  reviewerName: string;
  agentId: number | null;
  agentName: string | null;
  pickedBy: PickRule | "hand";
  /** By id of the criterion, 1 to 5. */
  scores: Record<string, number>;
  /** Percent; null: not finished, or nothing applied. */
  score: number | null;
  comment: string;
  needsCoaching: boolean;
  coachedAt: Date | null;
  answer: string;
  answeredAt: Date | null;
  createdAt: Date;
  finishedAt: Date | null;
}

/**
 * `visible` is SQL. Whom a review is about keeps what was said of them, without the customer's name once they see them no more. Who is to
 * review the same conversation is told nothing by what a colleague found.
 */
export const reviewColumns = (visible: string) => {
  const isBlind = `(v.reviewer_id <> :me and exists (select 1 from reviews o where o.conversation_id = v.conversation_id
    and o.reviewer_id = :me and o.finished_at is null))`;
  const open = (column: string, nothing: string) => `case when ${isBlind} then ${nothing} else ${column} end`;
  return `v.id, v.conversation_id as "conversationId", case when ${visible} then p.name else '' end as "contactName",
    case when ${visible} then t.name end as topic, v.reviewer_id as "reviewerId", r.name as "reviewerName",
    v.agent_id as "agentId", a.name as "agentName", v.picked_by as "pickedBy", ${open("v.scores", "'{}'::jsonb")} as scores,
    ${open("v.score::float8", "null")} as score, ${open("v.comment", "''")} as comment, v.needs_coaching as "needsCoaching",
    v.coached_at as "coachedAt", v.answer, v.answered_at as "answeredAt", v.created_at as "createdAt", v.finished_at as "finishedAt"`;
};
export const reviewJoins = `join conversations c on c.id = v.conversation_id join contacts p on p.id = c.contact_id left join topics t on t.id = c.topic_id
  join agents r on r.id = v.reviewer_id left join agents a on a.id = v.agent_id`;

const mostPicked = 20;

/**
 * Picks conversations that ended lately for the actor to review; what they have reviewed is not picked again, what they
 * answered themselves never.
 *
 * @param days how far back. @param agentId of one person, or of anybody. @returns how many were found.
 */
export function pickReviews(
  ctx: Context,
  rule: PickRule,
  { n, days, agentId }: { n: number; days: number; agentId: number | null },
): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== "agent" || !may(actor, "reviews.score")) throw new Forbidden();
  const counted = countable(actor);
  const visible = visibleTo(actor);
  return transact(ctx, async (tx) => {
    const picked = await rows<{ id: number }>(
      tx.db,
      `insert into reviews (conversation_id, reviewer_id, agent_id, picked_by)
       select f.conversation_id, :reviewer, coalesce(f.resolved_by_id, f.first_agent_id), :rule from conversation_facts f
         join conversations c on c.id = f.conversation_id
       where f.status = 'resolved' and f.outbound > 0 and f.resolved_at > :now::timestamptz - make_interval(days => :days)
         and not :reviewer = any(f.people_ids)
         and (:agentId::bigint is null or coalesce(f.resolved_by_id, f.first_agent_id) = :agentId::bigint)
         and not exists (select 1 from reviews o where o.conversation_id = f.conversation_id and o.reviewer_id = :reviewer)
         and ${rule === "random" ? "true" : conditions[rule]} and ${counted.sql} and ${visible.sql}
       order by random() limit :n on conflict do nothing returning id`,
      {
        ...counted.bindings,
        ...visible.bindings,
        reviewer: actor.id,
        rule,
        now: tx.now(),
        days,
        agentId,
        n: Math.min(n, mostPicked),
      },
    );
    if (picked.length > 0) tx.record(null, { act: "review.picked", data: { rule, n: picked.length } });
    return picked.length;
  });
}

/** One conversation by hand, also one that a colleague reviewed: so reviewers find out how far apart they are. @throws Conflict for one's own work. */
export function addReview(ctx: Context, conversationId: number): Promise<number> {
  const { actor } = ctx;
  if (actor.kind !== "agent" || !may(actor, "reviews.score")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    await getConversation(tx, conversationId);
    const made = await row<{ id: number }>(
      tx.db,
      `insert into reviews (conversation_id, reviewer_id, agent_id, picked_by)
       select c.id, :reviewer, coalesce(f.resolved_by_id, f.first_agent_id, c.assignee_id), 'hand'
       from conversations c left join conversation_facts f on f.conversation_id = c.id where c.id = :conversationId
         and not :reviewer = any(coalesce(f.agent_ids, '{}')) and coalesce(f.resolved_by_id, f.first_agent_id, c.assignee_id, 0) <> :reviewer
       on conflict (conversation_id, reviewer_id) do update set picked_by = reviews.picked_by returning id`,
      { reviewer: actor.id, conversationId },
    );
    if (!made) throw new Conflict("reviews.own");
    return made.id;
  });
}

/** A review, for who scores or whom it is about; both must still see the conversation. @throws NotFound. */
export async function getReview(ctx: Reader, id: number): Promise<Review> {
  const { actor } = ctx;
  const visible = visibleTo(actor);
  const found = await row<Review>(
    ctx.db,
    `select ${reviewColumns(visible.sql)} from reviews v ${reviewJoins} where v.id = :id and (:scores or v.agent_id = :me and v.finished_at is not null) and (${visible.sql} or v.agent_id = :me)`,
    {
      ...visible.bindings,
      id,
      scores: may(actor, "reviews.score"),
      me: actor.kind === "agent" ? actor.id : 0,
    },
  );
  if (!found) throw new NotFound();
  return found;
}

/** What the actor has to review, and what was reviewed; `about`: what was said of one person. The newest first. */
export function listReviews(
  ctx: Reader,
  which: "waiting" | "done" | "coaching" | "about_me",
): Promise<Review[]> {
  const { actor } = ctx;
  if (actor.kind !== "agent") return Promise.resolve([]);
  if (which !== "about_me" && !may(actor, "reviews.score")) throw new Forbidden();
  const visible = visibleTo(actor);
  const wanted = {
    waiting: "v.finished_at is null and v.reviewer_id = :me",
    done: "v.finished_at is not null",
    coaching: "v.finished_at is not null and v.needs_coaching and v.coached_at is null",
    about_me: "v.finished_at is not null and v.agent_id = :me",
  }[which];
  return rows(
    ctx.db,
    `select ${reviewColumns(visible.sql)} from reviews v ${reviewJoins} where ${wanted} and (${visible.sql} or v.agent_id = :me) order by coalesce(v.finished_at, v.created_at) desc, v.id desc limit 100`,
    { ...visible.bindings, me: actor.id },
  );
}

/** What colleagues said of the same conversation; shown to whoever has said theirs. */
export async function listOtherReviews(ctx: Reader, review: Review): Promise<Review[]> {
  if (review.finishedAt === null || !may(ctx.actor, "reviews.score")) return [];
  const { actor } = ctx;
  const visible = visibleTo(actor);
  return rows(
    ctx.db,
    `select ${reviewColumns(visible.sql)} from reviews v ${reviewJoins} where v.conversation_id = :conversationId and v.id <> :id and v.finished_at is not null
       and ${visible.sql} order by v.finished_at`,
    {
      ...visible.bindings,
      conversationId: review.conversationId,
      id: review.id,
      me: actor.kind === "agent" ? actor.id : 0,
    },
  );
}

export interface Scoring {
  /** By id of the criterion, 1 to 5; null: it does not apply. Every question has an answer. */
  scores: Record<string, number | null>;
  comment: string;
  needsCoaching: boolean;
}

/** Scores the whole of a conversation; may be changed until the agent answers. @throws NotFound; Invalid; Conflict. */
export async function finishReview(ctx: Context, id: number, scoring: Scoring): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== "agent" || !may(actor, "reviews.score")) throw new Forbidden();
  if (scoring.comment.length > 4000) throw new Invalid({ comment: "error.field" });
  await transact(ctx, async (tx) => {
    const criteria = await listCriteria(tx);
    if (criteria.some(({ id: one }) => scoring.scores[one] === undefined))
      throw new Invalid({ scores: "reviews.all_questions" });
    const scores = Object.fromEntries(
      criteria.flatMap((one) => {
        const given = scoring.scores[one.id] ?? null;
        return given === null ? [] : [[one.id, given] as const];
      }),
    );
    if (Object.values(scores).some((one) => !Number.isInteger(one) || one < 1 || one > 5))
      throw new Invalid({ scores: "error.field" });
    const kept = await row<{ conversationId: number; agentId: number | null }>(
      tx.db,
      `update reviews set scores = :scores::jsonb, score = :score, comment = :comment, needs_coaching = :needsCoaching, finished_at = :now,
         coached_at = case when :needsCoaching then coached_at end
       where id = :id and reviewer_id = :me and answered_at is null returning conversation_id as "conversationId", agent_id as "agentId"`,
      {
        id,
        me: actor.id,
        scores: json(scores),
        score: scoreOf(criteria, scores),
        comment: scoring.comment.trim(),
        needsCoaching: scoring.needsCoaching,
        now: tx.now(),
      },
    );
    if (!kept) throw new Conflict("reviews.answered");
    await getConversation(tx, kept.conversationId);
    tx.record(null, {
      act: "review.finished",
      conversationId: kept.conversationId,
      agentId: kept.agentId,
      data: { reviewId: id },
    });
  });
}

/** Pure. Weighted share of what was possible, in percent; null when nothing applied. */
export function scoreOf(criteria: readonly Criterion[], scores: Record<string, number>): number | null {
  const given = criteria.filter(({ id }) => scores[id] !== undefined);
  const weights = given.reduce((sum, { weight }) => sum + weight, 0);
  const reached = given.reduce((sum, { id, weight }) => sum + weight * (((scores[id] ?? 1) - 1) / 4), 0);
  return weights === 0 ? null : Math.round((10_000 * reached) / weights) / 100;
}

/** What the person it is about says to it, once. @throws NotFound, Conflict. */
export async function answerReview(ctx: Context, id: number, answer: string): Promise<void> {
  const { actor } = ctx;
  const text = answer.trim();
  if (text === "" || text.length > 4000) throw new Invalid({ answer: "reviews.answer_length" });
  const review = await getReview(ctx, id);
  if (actor.kind !== "agent" || review.agentId !== actor.id) throw new NotFound();
  await transact(ctx, async (tx) => {
    const kept = await changed(
      tx.db,
      "update reviews set answer = :text, answered_at = :now where id = :id and answered_at is null",
      { id, text, now: tx.now() },
    );
    if (kept === 0) throw new Conflict("reviews.answered");
    tx.record(null, {
      act: "review.answered",
      conversationId: review.conversationId,
      agentId: actor.id,
      data: { reviewId: id },
    });
  });
}

/** It was talked over with the agent. @throws NotFound. */
export async function noteCoached(ctx: Context, id: number): Promise<void> {
  if (!may(ctx.actor, "reviews.score")) throw new Forbidden();
  const review = await getReview(ctx, id);
  if (ctx.actor.kind === "agent" && review.agentId === ctx.actor.id) throw new Conflict("reviews.own");
  await transact(ctx, async (tx) => {
    await tx.db.raw("update reviews set coached_at = ? where id = ? and needs_coaching", [tx.now(), id]);
    tx.record(null, { act: "review.coached", agentId: review.agentId, data: { reviewId: id } });
  });
}
