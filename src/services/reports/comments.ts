import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { type Slice, within } from "./slice.ts";

/** What somebody said beside their score. */
export interface Comment {
  conversationId: number;
  kind: "csat" | "nps";
  score: number;
  comment: string;
  topic: string | null;
  agent: string | null;
  answeredAt: Date;
}

/** The newest comments of a slice. @param isLow only beside scores under the firm's limit. */
export function listComments(ctx: Reader, slice: Slice, isLow: boolean, limit: number): Promise<Comment[]> {
  const seen = within(ctx.actor, slice);
  const visible = visibleTo(ctx.actor);
  return rows(
    ctx.db,
    `select s.conversation_id as "conversationId", s.kind, s.score, s.comment, t.name as topic, a.name as agent, s.answered_at as "answeredAt"
     from conversation_facts f join surveys s on s.conversation_id = f.conversation_id join conversations c on c.id = f.conversation_id
       left join topics t on t.id = f.topic_id left join agents a on a.id = s.agent_id
     where ${seen.sql} and ${visible.sql} and s.comment <> '' and s.score is not null and s.kind <> 'confirm'
       and (not :isLow or s.kind = 'csat' and s.score < (select low_score from firm) or s.kind = 'nps' and s.score <= 6)
     order by s.answered_at desc, s.id desc limit :limit`,
    { ...seen.bindings, ...visible.bindings, isLow, limit },
  );
}

/** How many gave each score. */
export function countScores(
  ctx: Reader,
  slice: Slice,
): Promise<{ kind: "csat" | "nps"; score: number; n: number }[]> {
  const seen = within(ctx.actor, slice);
  return rows(
    ctx.db,
    `select k.kind, k.score, count(*)::int as n from conversation_facts f
       cross join lateral (values ('csat', f.csat), ('nps', f.nps)) k(kind, score)
     where ${seen.sql} and k.score is not null group by 1, 2 order by 1, 2`,
    seen.bindings,
  );
}
