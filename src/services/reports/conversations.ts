import { shownAddress } from "../contacts/shown.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { Visibility } from "../inboxes/policy.ts";
import type { Actor, Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { firstContactSql, repeatedSql } from "./measures.ts";
import { type Slice, within } from "./slice.ts";

/** What a figure is made of: conditions on `conversation_facts f`. */
export const conditions = {
  all: "true",
  resolved: "f.status = 'resolved'",
  unresolved: "f.status <> 'resolved'",
  answered: "f.first_response_seconds is not null",
  worked: "f.outbound > 0",
  answered_again: "f.next_responses > 0",
  missed: "(f.first_sla = 'missed' or f.next_missed > 0 or f.resolution_sla = 'missed')",
  first_missed: "f.first_sla = 'missed'",
  next_missed: "f.next_missed > 0",
  resolution_missed: "f.resolution_sla = 'missed'",
  reopened: "f.reopenings > 0",
  first_contact: firstContactSql,
  recontacted: "f.recontact_at is not null",
  repeated: repeatedSql,
  transferred: "f.transfers > 0",
  rated: "f.csat is not null",
  low: "f.csat < (select low_score from firm)",
  recommended: "f.nps is not null",
  won: "f.outcome = 'won'",
  lost: "f.outcome = 'lost'",
  by_bot: "f.answered_by = 'bot' and f.status = 'resolved'",
  abandoned: "f.abandoned is not null",
  saturation: "f.abandoned = 'saturation'",
  frustration: "f.abandoned = 'frustration'",
  // By when the case ended, whenever its conversation began, and by what the case was about.
  case_settled: `exists (select 1 from cases k join conversations o on o.id = k.conversation_id
    where coalesce(o.merged_into_id, o.id) = f.conversation_id and k.resolved_at >= :settledFrom and k.resolved_at < :until
      and (:caseTopicId::bigint is null or k.topic_id is not distinct from nullif(:caseTopicId::bigint, 0)))`,
} as const;
export type Condition = keyof typeof conditions;

const their = (list: string) => `f.${list}[array_position(f.agent_ids, :ownAgentId::bigint)]`;
/** The same of what one person did in them. */
const ownConditions: Partial<Record<Condition, string>> = {
  answered_again: `${their("agent_next")} > 0`,
  missed: `(f.first_sla = 'missed' and f.first_agent_id = :ownAgentId::bigint or f.resolution_sla = 'missed' and f.resolved_by_id = :ownAgentId::bigint
    or ${their("agent_next_missed")} > 0)`,
};

/** The conversations behind a figure that a reader could open: a condition on `conversation_facts f` and `conversations c`. */
export function behind(actor: Actor, slice: Slice, is: Condition): Visibility {
  const visible = visibleTo(actor);
  const seen =
    is === "case_settled" ? within(actor, { ...slice, topicId: null }, new Date(0)) : within(actor, slice);
  const own = slice.ownAgentId ? ownConditions[is] : undefined;
  return {
    sql: `${seen.sql} and ${visible.sql} and ${own ?? conditions[is]}`,
    bindings: {
      ...seen.bindings,
      ...visible.bindings,
      ...(own ? { ownAgentId: slice.ownAgentId } : {}),
      ...(is === "case_settled" ? { settledFrom: slice.from, caseTopicId: slice.topicId } : {}),
    },
  };
}

/** A conversation with its facts, as a list shows it. Seconds. */
export interface FactRow {
  id: number;
  contactName: string;
  /** A phone, as far as the reader may see it. */
  contactDisplay: string;
  openedAt: Date;
  status: string;
  topic: string | null;
  agents: string[];
  transfers: number;
  reopenings: number;
  firstResponseBusiness: number | null;
  resolutionBusiness: number | null;
  firstSla: "met" | "missed" | null;
  nextMissed: number;
  resolutionSla: "met" | "missed" | null;
  csat: number | null;
  isRepeated: boolean;
  recontactAt: Date | null;
  abandoned: "saturation" | "frustration" | null;
  answeredBy: "person" | "bot" | "nobody";
}

export interface FactCursor {
  openedAt: Date;
  id: number;
}

/** The conversations behind a figure, newest first; only those that the reader could open. */
export function listFacts(
  ctx: Reader,
  slice: Slice,
  condition: Condition,
  page: { before: FactCursor | null; limit: number },
): Promise<FactRow[]> {
  const seen = behind(ctx.actor, slice, condition);
  return rows(
    ctx.db,
    `select f.conversation_id as id, p.name as "contactName", ${shownAddress(ctx.actor)} as "contactDisplay", f.opened_at as "openedAt", f.status,
       t.name as topic, coalesce((select array_agg(a.name order by a.name) from agents a where a.id = any(f.agent_ids)), '{}') as agents,
       f.transfers, f.reopenings, f.first_response_business_seconds as "firstResponseBusiness",
       f.resolution_business_seconds as "resolutionBusiness", f.first_sla as "firstSla", f.next_missed as "nextMissed",
       f.resolution_sla as "resolutionSla", f.csat, ${repeatedSql} as "isRepeated", f.recontact_at as "recontactAt", f.abandoned,
       f.answered_by as "answeredBy"
     from conversation_facts f join conversations c on c.id = f.conversation_id join contacts p on p.id = f.contact_id
       left join contact_identities i on i.id = c.last_identity_id left join topics t on t.id = f.topic_id
     where ${seen.sql}
       and (:beforeAt::timestamptz is null or (f.opened_at, f.conversation_id) < (:beforeAt::timestamptz, :beforeId::bigint))
     order by f.opened_at desc, f.conversation_id desc limit :limit`,
    {
      ...seen.bindings,
      beforeAt: page.before?.openedAt ?? null,
      beforeId: page.before?.id ?? null,
      limit: page.limit,
    },
  );
}
