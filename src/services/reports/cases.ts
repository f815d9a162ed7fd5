import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { type Slice, within } from "./slice.ts";

/** Of the cases of one topic that were resolved in a period. */
export interface CaseEffort {
  topicId: number | null;
  topic: string | null;
  cases: number;
  /** How often the contact came about a case until it was resolved, on average. */
  contacts: number;
  /** Median seconds from opening to resolution, by the calendar. */
  seconds: number;
}

/** How often people had to come until a case was settled: their conversations from its opening on, of any topic but another one. */
export function measureCases(ctx: Reader, slice: Slice): Promise<CaseEffort[]> {
  // By when the case ended, whenever its conversation began, and by what the case was about.
  const seen = within(ctx.actor, { ...slice, topicId: null }, new Date(0));
  return rows(
    ctx.db,
    `with settled as (
       select k.id, k.topic_id, k.opened_at, k.resolved_at,
         (select count(*) from conversation_facts o where o.contact_id = k.contact_id and o.isolated_inbox_id is not distinct from k.isolated_inbox_id
            and (o.conversation_id = k.conversation_id or o.opened_at > k.opened_at and o.opened_at < k.resolved_at
              and (o.topic_id is null or k.topic_id is null or o.topic_id = k.topic_id))) as contacts
       from cases k join conversations c on c.id = k.conversation_id
         join conversation_facts f on f.conversation_id = coalesce(c.merged_into_id, c.id)
       where k.resolved_at >= :settledFrom and k.resolved_at < :until and ${seen.sql}
         and (:caseTopicId::bigint is null or k.topic_id is not distinct from nullif(:caseTopicId::bigint, 0)))
     select s.topic_id as "topicId", t.name as topic, count(*)::int as cases, avg(s.contacts)::float8 as contacts,
       percentile_cont(0.5) within group (order by extract(epoch from s.resolved_at - s.opened_at)::float8) as seconds
     from settled s left join topics t on t.id = s.topic_id group by 1, 2 order by cases desc, topic limit 200`,
    { ...seen.bindings, settledFrom: slice.from, caseTopicId: slice.topicId },
  );
}
