import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table fact_marks (conversation_id bigint not null);
comment on table fact_marks is 'Conversations whose facts are to be measured anew; written by whatever changes them, in its transaction.';
alter table fact_marks set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

create table conversation_facts (
  conversation_id bigint primary key,
  contact_id bigint not null,
  isolated_inbox_id bigint,
  status text not null,
  priority text not null,
  team_id bigint,
  assignee_id bigint,
  topic_id bigint,
  case_id bigint,
  inbox_id bigint,
  inbox_ids bigint[] not null,
  channel text,
  channels text[] not null,
  opened_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by_id bigint,
  first_agent_id bigint,
  agent_ids bigint[] not null,
  answered_by text not null check (answered_by in ('person', 'bot', 'nobody')),
  inbound integer not null,
  outbound integer not null,
  automatic integer not null,
  questions integer not null,
  transfers integer not null,
  reopenings integer not null,
  responses integer not null,
  first_response_seconds integer,
  first_response_business_seconds integer,
  handling_seconds integer not null,
  resolution_seconds integer,
  resolution_business_seconds integer,
  first_sla text check (first_sla in ('met', 'missed')),
  next_met integer not null,
  next_missed integer not null,
  resolution_sla text check (resolution_sla in ('met', 'missed')),
  csat integer,
  nps integer,
  confirmed boolean,
  said_again boolean not null,
  asked text[] not null,
  asked_again text[] not null,
  known_before text[] not null default '{}',
  abandoned text check (abandoned in ('saturation', 'frustration')),
  recontact_at timestamptz,
  measured_at timestamptz not null default now()
);
create index conversation_facts_opened on conversation_facts (opened_at, conversation_id);
create index conversation_facts_contact on conversation_facts (contact_id, opened_at);
create index conversation_facts_agents on conversation_facts using gin (agent_ids);
comment on table conversation_facts is 'What reports count, one row for each conversation; measured from what happened, never changed by hand. Without a foreign key: its check would hold conversations from whoever works on them.';
comment on column conversation_facts.asked is 'What we asked for and the contact answered: name, phone, email, order, address.';
comment on column conversation_facts.asked_again is 'What we asked for though it had been answered in this conversation.';
comment on column conversation_facts.known_before is 'What we asked for though the contact had answered it in an earlier conversation.';
comment on column conversation_facts.recontact_at is 'When the same contact came back about the same topic within seven days of the resolution.';

create table response_facts (
  conversation_id bigint not null,
  n integer not null,
  asked_at timestamptz not null,
  answered_at timestamptz not null,
  agent_id bigint,
  is_first boolean not null,
  seconds integer not null,
  business_seconds integer not null,
  primary key (conversation_id, n)
);
create index response_facts_asked on response_facts (asked_at);
comment on column response_facts.n is 'Which wait of the conversation: two can begin in one moment, for providers count whole seconds.';
comment on table response_facts is 'Each time a contact waited and a person answered; agent_id is null when the firm''s own phone did.';
create index surveys_comments on surveys (answered_at desc, id desc) where comment <> '' and score is not null and kind <> 'confirm';
insert into fact_marks select id from conversations;
`);

export const down = (knex: Knex) =>
  knex.raw(
    "drop index surveys_comments; drop table response_facts; drop table conversation_facts; drop table fact_marks;",
  );
