import type { Knex } from "knex";

/** Postgres walks a row from its first column on: what has one length and is seldom null is passed at once, so it comes first; a third of a page's time. */
export const up = async (knex: Knex) => {
  await knex.raw(`
alter table conversation_facts rename to conversation_facts_before;
create table conversation_facts (
  conversation_id bigint not null,
  contact_id bigint not null,
  opened_at timestamptz not null,
  measured_at timestamptz not null default now(),
  inbound integer not null,
  outbound integer not null,
  automatic integer not null,
  questions integer not null,
  transfers integer not null,
  reopenings integer not null,
  responses integer not null,
  handling_seconds integer not null,
  next_met integer not null,
  next_missed integer not null,
  next_responses integer not null default 0,
  next_business_seconds integer not null default 0,
  promises_met integer not null generated always as
    (next_met + (first_sla is not distinct from 'met')::int + (resolution_sla is not distinct from 'met')::int) stored,
  promises_missed integer not null generated always as
    (next_missed + (first_sla is not distinct from 'missed')::int + (resolution_sla is not distinct from 'missed')::int) stored,
  said_again boolean not null,
  had_to_repeat boolean not null generated always as (said_again or asked_again <> '{}' or known_before <> '{}') stored,
  is_resolved boolean not null generated always as (status = 'resolved') stored,
  resolved_at timestamptz,
  first_agent_id bigint,
  sole_agent_id bigint generated always as (case
    when agent_ids = array[coalesce(resolved_by_id, agent_ids[1])] and agent_next = array[next_responses] and agent_next_seconds = array[next_business_seconds]
      and agent_next_met = array[next_met] and agent_next_missed = array[next_missed] then agent_ids[1] end) stored,
  inbox_id bigint,
  topic_id bigint,
  resolved_by_id bigint,
  first_response_business_seconds integer,
  resolution_business_seconds integer,
  first_response_seconds integer,
  resolution_seconds integer,
  team_id bigint,
  csat integer,
  nps integer,
  recontact_at timestamptz,
  isolated_inbox_id bigint,
  assignee_id bigint,
  case_id bigint,
  confirmed boolean,
  status text not null,
  first_sla text check (first_sla in ('met', 'missed')),
  resolution_sla text check (resolution_sla in ('met', 'missed')),
  abandoned text check (abandoned in ('saturation', 'frustration')),
  answered_by text not null check (answered_by in ('person', 'bot', 'nobody')),
  outcome text,
  channel text,
  priority text not null,
  people_ids bigint[] not null generated always as
    (case when resolved_by_id is null or resolved_by_id = any(agent_ids) then agent_ids else agent_ids || resolved_by_id end) stored,
  agent_next integer[] not null default '{}',
  agent_next_seconds integer[] not null default '{}',
  agent_next_met integer[] not null default '{}',
  agent_next_missed integer[] not null default '{}',
  agent_ids bigint[] not null,
  inbox_ids bigint[] not null,
  channels text[] not null,
  asked text[] not null,
  asked_again text[] not null,
  known_before text[] not null default '{}'
);`);
  const kept = `conversation_id, contact_id, opened_at, measured_at, inbound, outbound, automatic, questions, transfers, reopenings, responses,
    handling_seconds, next_met, next_missed, said_again, status, resolved_at, recontact_at, first_response_business_seconds, resolution_business_seconds,
    first_response_seconds, resolution_seconds, csat, nps, confirmed, topic_id, team_id, inbox_id, first_agent_id, resolved_by_id, isolated_inbox_id,
    assignee_id, case_id, first_sla, resolution_sla, abandoned, answered_by, outcome, channel, priority, agent_ids, inbox_ids, channels, asked,
    asked_again, known_before`;
  // What was measured of people who were erased cannot be measured again.
  await knex.raw(`
insert into conversation_facts (${kept}) select ${kept} from conversation_facts_before;
with old as (select f.conversation_id, f.agent_ids, f.next_met, f.next_missed from conversation_facts f
    where exists (select 1 from messages m where m.conversation_id = f.conversation_id and m.shown and m.erased_digest is not null)),
  later as (select o.conversation_id, r.agent_id, count(*)::int as n, sum(r.business_seconds)::int as seconds
    from old o join response_facts r using (conversation_id) where not r.is_first group by 1, 2)
update conversation_facts f set
  next_responses = coalesce((select sum(n) from later l where l.conversation_id = f.conversation_id), 0),
  next_business_seconds = coalesce((select sum(seconds) from later l where l.conversation_id = f.conversation_id), 0),
  agent_next = array(select coalesce(l.n, 0) from unnest(f.agent_ids) with ordinality a(id, place)
    left join later l on l.conversation_id = f.conversation_id and l.agent_id = a.id order by a.place),
  agent_next_seconds = array(select coalesce(l.seconds, 0) from unnest(f.agent_ids) with ordinality a(id, place)
    left join later l on l.conversation_id = f.conversation_id and l.agent_id = a.id order by a.place),
  agent_next_met = case when cardinality(f.agent_ids) = 1 then array[f.next_met] else array_fill(0, array[cardinality(f.agent_ids)]) end,
  agent_next_missed = case when cardinality(f.agent_ids) = 1 then array[f.next_missed] else array_fill(0, array[cardinality(f.agent_ids)]) end
from old o where o.conversation_id = f.conversation_id;
drop table conversation_facts_before;
alter table conversation_facts add primary key (conversation_id);
create index conversation_facts_opened on conversation_facts (opened_at, conversation_id);
create index conversation_facts_contact on conversation_facts (contact_id, opened_at);
create index conversation_facts_people on conversation_facts using gin (people_ids);
comment on table conversation_facts is 'What reports count, one row for each conversation; measured from what happened, never changed by hand. Without a foreign key: its check would hold conversations from whoever works on them.';
comment on column conversation_facts.asked is 'What we asked for and the contact answered: name, phone, email, order, address.';
comment on column conversation_facts.asked_again is 'What we asked for though it had been answered in this conversation.';
comment on column conversation_facts.known_before is 'What we asked for though the contact had answered it in an earlier conversation.';
comment on column conversation_facts.recontact_at is 'When the same contact came back about the same topic within seven days of the resolution.';
comment on column conversation_facts.next_responses is 'How often a person answered after the first time; next_business_seconds is what those took together.';
comment on column conversation_facts.people_ids is 'Who answered, as agent_ids, and at the end who resolved it without a word.';
comment on column conversation_facts.sole_agent_id is 'Who did everything that a person did in it: what is counted of the conversation is counted of them. Null: more than one did.';
comment on column conversation_facts.agent_next is 'The same of each of agent_ids, in their order: how many answers after the first, their seconds, and the targets of those that they met and missed.';
insert into fact_marks select id from conversations;`);
};

export const down = (knex: Knex) =>
  knex.raw(
    `alter table conversation_facts drop column sole_agent_id, drop column people_ids, drop column is_resolved, drop column had_to_repeat,
       drop column promises_met, drop column promises_missed;
     alter table conversation_facts drop column next_responses, drop column next_business_seconds, drop column agent_next,
       drop column agent_next_seconds, drop column agent_next_met, drop column agent_next_missed;
     create index conversation_facts_agents on conversation_facts using gin (agent_ids);`,
  );
