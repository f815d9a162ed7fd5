import type { Knex } from "knex";
import { json } from "../platform/database.ts";
import type { Measured } from "./types.ts";

/** Came back about the same within this time (MET-09). Days. */
export const recontactDays = 7;

export type Row = Measured & { id: number };

const score = (kind: string) =>
  `(select s.score from surveys s where s.conversation_id = c.id and s.kind = '${kind}' and s.score is not null order by s.id desc limit 1)`;

/** Columns of the facts: of the conversation as it is, of what it came by, and what was measured. */
const columns = {
  contact_id: "c.contact_id",
  isolated_inbox_id: "c.isolated_inbox_id",
  status: "c.status",
  priority: "c.priority",
  team_id: "c.team_id",
  assignee_id: "c.assignee_id",
  topic_id: "c.topic_id",
  outcome: "c.outcome",
  opened_at: "c.opened_at",
  resolved_at: "c.resolved_at",
  resolved_by_id: "c.resolved_by_id",
  case_id: "(select k.id from cases k where k.conversation_id = c.id order by k.id desc limit 1)",
  inbox_id: "d.inboxes[1]",
  inbox_ids: "d.inboxes",
  channel: "d.ways[1]",
  channels: "d.channels",
  csat: score("csat"),
  nps: score("nps"),
  confirmed: `${score("confirm")} = 1`,
  measured_at: "now()",
  first_agent_id: 'm."firstAgentId"',
  agent_ids: 'm."agentIds"',
  answered_by: 'm."answeredBy"',
  inbound: "m.inbound",
  outbound: "m.outbound",
  automatic: "m.automatic",
  questions: "m.questions",
  transfers: "m.transfers",
  reopenings: "m.reopenings",
  responses: 'm."responseCount"',
  first_response_seconds: 'm."firstSeconds"',
  first_response_business_seconds: 'm."firstBusinessSeconds"',
  handling_seconds: 'm."handlingSeconds"',
  resolution_seconds: 'm."resolutionSeconds"',
  resolution_business_seconds: 'm."resolutionBusinessSeconds"',
  first_sla: 'm."firstSla"',
  next_met: 'm."nextMet"',
  next_missed: 'm."nextMissed"',
  next_responses: 'm."nextResponses"',
  next_business_seconds: 'm."nextBusinessSeconds"',
  agent_next: 'm."agentNext"',
  agent_next_seconds: 'm."agentNextSeconds"',
  agent_next_met: 'm."agentNextMet"',
  agent_next_missed: 'm."agentNextMissed"',
  resolution_sla: 'm."resolutionSla"',
  said_again: 'm."saidAgain"',
  asked: "m.asked",
  asked_again: 'm."askedAgain"',
  abandoned: "m.abandoned",
};
const names = Object.keys(columns);

/** What is measured here, beside what the conversation says itself. */
export async function writeFacts(db: Knex, ids: readonly number[], measured: readonly Row[]): Promise<void> {
  await db.raw(
    `delete from conversation_facts f using conversations c
     where f.conversation_id = any(?::bigint[]) and c.id = f.conversation_id and c.merged_into_id is not null`,
    [[...ids]],
  );
  await db.raw(
    `insert into conversation_facts (conversation_id, ${names.join(", ")})
     select c.id, ${Object.values(columns).join(", ")}
     from jsonb_to_recordset(:rows::jsonb) as m(id bigint, "firstAgentId" bigint, "agentIds" bigint[], "answeredBy" text, inbound int, outbound int,
         automatic int, questions int, transfers int, reopenings int, "responseCount" int, "firstSeconds" int, "firstBusinessSeconds" int,
         "handlingSeconds" int, "resolutionSeconds" int, "resolutionBusinessSeconds" int, "firstSla" text, "nextMet" int, "nextMissed" int,
         "nextResponses" int, "nextBusinessSeconds" int, "agentNext" int[], "agentNextSeconds" int[], "agentNextMet" int[], "agentNextMissed" int[],
         "resolutionSla" text, "saidAgain" boolean, asked text[], "askedAgain" text[], abandoned text)
       join conversations c on c.id = m.id
       cross join lateral (select coalesce(array_agg(g.inbox_id order by g.first), '{}') as inboxes, coalesce(array_agg(distinct g.channel), '{}') as channels,
           array_agg(g.channel order by g.first) as ways
         from (select x.inbox_id, i.channel, min(x.id) as first from messages x join inboxes i on i.id = x.inbox_id
               where x.conversation_id = c.id and x.shown group by x.inbox_id, i.channel) g) d
     on conflict (conversation_id) do update set ${names.map((name) => `${name} = excluded.${name}`).join(", ")}`,
    {
      rows: json(
        measured.map(({ responses, ...one }) => ({
          ...one,
          responseCount: responses.length,
          firstSeconds: responses[0]?.seconds ?? null,
          firstBusinessSeconds: responses[0]?.businessSeconds ?? null,
        })),
      ),
    },
  );
}

/** What a conversation says itself is true of one that was erased, too. */
export async function followErased(db: Knex, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  const own = Object.entries(columns).filter(([, sql]) => sql.startsWith("c."));
  await db.raw(
    `update conversation_facts f set ${own.map(([name, sql]) => `${name} = ${sql}`).join(", ")}
     from conversations c where c.id = f.conversation_id and f.conversation_id = any(?::bigint[])`,
    [[...ids]],
  );
}

/** Those that are as they were stay untouched: a long conversation goes on with one row more. */
export async function writeResponses(db: Knex, measured: readonly Row[]): Promise<void> {
  const all = measured.flatMap(({ id, responses }) => responses.map((one, n) => ({ id, n, ...one })));
  await db.raw(
    `with r as materialized (select id, n, to_timestamp("askedAt" / 1000) as asked_at, to_timestamp("answeredAt" / 1000) as answered_at,
         "agentId" as agent_id, "isFirst" as is_first, seconds, "businessSeconds" as business_seconds
       from jsonb_to_recordset(:rows::jsonb) as r(id bigint, n int, "askedAt" float8, "answeredAt" float8, "agentId" bigint, "isFirst" boolean,
         seconds int, "businessSeconds" int)),
     gone as (delete from response_facts f where f.conversation_id = any(:ids::bigint[])
       and not exists (select 1 from r where r.id = f.conversation_id and r.n = f.n))
     insert into response_facts as f (conversation_id, n, asked_at, answered_at, agent_id, is_first, seconds, business_seconds)
     select * from r on conflict (conversation_id, n) do update set asked_at = excluded.asked_at, answered_at = excluded.answered_at,
       agent_id = excluded.agent_id, is_first = excluded.is_first, seconds = excluded.seconds, business_seconds = excluded.business_seconds
     where (f.asked_at, f.answered_at, f.is_first, f.seconds, f.business_seconds, f.agent_id) is distinct from
         (excluded.asked_at, excluded.answered_at, excluded.is_first, excluded.seconds, excluded.business_seconds, excluded.agent_id)`,
    { rows: json(all), ids: measured.map(({ id }) => id) },
  );
}

/** What depends on the contact's other conversations: whether they came back, and what they had told us before. */
export async function lookAround(db: Knex, ids: readonly number[]): Promise<void> {
  await db.raw(
    `with near as materialized (select distinct f.conversation_id from conversation_facts x join conversation_facts f using (contact_id)
         where x.conversation_id = any(:ids::bigint[]) and (f.conversation_id = x.conversation_id
           or f.resolved_at between x.opened_at - interval '${recontactDays} days' and x.opened_at
           or f.asked <> '{}' and f.opened_at >= x.opened_at)),
       seen as (select f.conversation_id,
         (select min(n.opened_at) from conversation_facts n where n.contact_id = f.contact_id and n.conversation_id <> f.conversation_id
            and n.topic_id is not distinct from f.topic_id and n.opened_at >= f.resolved_at
            and n.opened_at < f.resolved_at + interval '${recontactDays} days'
            and n.isolated_inbox_id is not distinct from f.isolated_inbox_id) as back_at,
         case when f.asked = '{}' then '{}' else array(select distinct d from conversation_facts b cross join unnest(b.asked) d where b.contact_id = f.contact_id
            and (b.opened_at, b.conversation_id) < (f.opened_at, f.conversation_id) and d = any(f.asked)
            and b.isolated_inbox_id is not distinct from f.isolated_inbox_id order by d) end as known
       from conversation_facts f join near using (conversation_id))
     update conversation_facts f set recontact_at = s.back_at, known_before = s.known from seen s
     where s.conversation_id = f.conversation_id
       and (f.recontact_at is distinct from s.back_at or f.known_before is distinct from s.known)`,
    { ids },
  );
}
