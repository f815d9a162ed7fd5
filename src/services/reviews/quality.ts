import { may } from "../agents/policy.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Forbidden } from "../platform/errors.ts";
import type { Slice } from "../reports/slice.ts";
import { type Review, reviewColumns, reviewJoins } from "./reviews.ts";

export interface QualityRow {
  /** Of the agent, the question, the reviewer; null of a week. */
  id: number | null;
  name: string;
  reviews: number;
  /** Percent on average; of a criterion from 1 to 5. Null: nothing was scored. */
  score: number | null;
}

export interface Quality {
  weeks: (QualityRow & { monday: string })[];
  agents: QualityRow[];
  criteria: QualityRow[];
  /** How far apart reviewers of the same conversation were, by reviewer: over or under the others, in points. */
  reviewers: (QualityRow & { apart: number | null })[];
}

/** Reviews that were finished in a period, of what the actor sees: the end of a statement over `reviews v`. @throws Forbidden. */
function finishedIn({ actor }: Reader, slice: Slice) {
  if (!may(actor, "reviews.score")) throw new Forbidden();
  const visible = visibleTo(actor);
  return {
    sql: `v.finished_at >= :from and v.finished_at < :until and ${visible.sql} and (:agentId::bigint is null or v.agent_id = :agentId::bigint)
      and (:teamId::bigint is null or c.team_id = :teamId::bigint) and (:inboxId::bigint is null or c.last_inbox_id = :inboxId::bigint)
      and (:topicId::bigint is null or c.topic_id is not distinct from nullif(:topicId::bigint, 0))`,
    visible: visible.sql,
    bindings: {
      ...visible.bindings,
      from: slice.from,
      until: slice.until,
      agentId: slice.agentId,
      teamId: slice.teamId,
      inboxId: slice.inboxId,
      topicId: slice.topicId,
    },
  };
}

/** How it goes, who, where, and whether reviewers mean the same. @throws Forbidden. */
export async function measureQuality(ctx: Reader, slice: Slice): Promise<Quality> {
  const { sql, bindings } = finishedIn(ctx, slice);
  const finished = `reviews v join conversations c on c.id = v.conversation_id where ${sql}`;
  const ask = <T>(sql: string, more = {}) => rows<T>(ctx.db, sql, { ...bindings, ...more });
  const [weeks, agents, criteria, reviewers] = await Promise.all([
    ask<Quality["weeks"][number]>(
      `select to_char(date_trunc('week', v.finished_at at time zone :zone), 'YYYY-MM-DD') as monday, null as id, '' as name, count(*)::int as reviews,
         avg(v.score)::float8 as score from ${finished} group by 1 order by 1`,
      { zone: slice.timeZone },
    ),
    ask<QualityRow>(
      `select a.id, a.name, g.reviews, g.score from (select v.agent_id, count(*)::int as reviews, avg(v.score)::float8 as score from ${finished} group by 1) g
       join agents a on a.id = g.agent_id order by g.score nulls last, a.name`,
    ),
    ask<QualityRow>(
      `select k.id, k.question as name, g.reviews, g.score from (
         select s.key::bigint as id, count(*)::int as reviews, avg(s.value::text::int)::float8 as score
         from (select v.scores from ${finished}) v cross join jsonb_each(v.scores) s group by 1) g
       join review_criteria k on k.id = g.id order by g.score, k.question`,
    ),
    ask<Quality["reviewers"][number]>(
      `select a.id, a.name, g.reviews, g.score, g.apart from (
         select v.reviewer_id, count(*)::int as reviews, avg(v.score)::float8 as score,
           avg(v.score - (select avg(o.score) from reviews o where o.conversation_id = v.conversation_id and o.reviewer_id <> v.reviewer_id and o.score is not null))::float8 as apart
         from ${finished} group by 1) g
       join agents a on a.id = g.reviewer_id order by a.name`,
    ),
  ]);
  return { weeks, agents, criteria, reviewers };
}

/** The very reviews of a period, the last finished first. @param of one reviewer; those that answered one question. @throws Forbidden. */
export function listReviewed(
  ctx: Reader,
  slice: Slice,
  of: { reviewerId: number | null; criterionId: number | null },
  page: { before: { openedAt: Date; id: number } | null; limit: number },
): Promise<Review[]> {
  const { sql, visible, bindings } = finishedIn(ctx, slice);
  return rows(
    ctx.db,
    `select ${reviewColumns(visible)} from reviews v ${reviewJoins} where ${sql}
       and (:reviewerId::bigint is null or v.reviewer_id = :reviewerId::bigint)
       and (:criterionId::text is null or jsonb_exists(v.scores, :criterionId::text))
       and (:beforeAt::timestamptz is null or (v.finished_at, v.id) < (:beforeAt::timestamptz, :beforeId::bigint))
     order by v.finished_at desc, v.id desc limit :limit`,
    {
      ...bindings,
      me: ctx.actor.kind === "agent" ? ctx.actor.id : 0,
      reviewerId: of.reviewerId,
      criterionId: of.criterionId === null ? null : String(of.criterionId),
      beforeAt: page.before?.openedAt ?? null,
      beforeId: page.before?.id ?? null,
      limit: page.limit,
    },
  );
}
