import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table topics (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 80),
  steps text[] not null default '{}' check (cardinality(steps) <= 20),
  archived_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index topics_name on topics (plain(name));
comment on column topics.steps is 'What a case of this topic usually needs, in order: copied into each new case.';

create table cases (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  conversation_id bigint not null references conversations,
  isolated_inbox_id bigint references inboxes,
  topic_id bigint references topics,
  title text not null check (length(title) between 1 and 160),
  status text not null default 'open' check (status in ('open', 'resolved')),
  state_note text not null default '' check (length(state_note) <= 300),
  solution text not null default '' check (length(solution) <= 2000),
  opened_at timestamptz not null,
  opened_by_id bigint references agents,
  resolved_at timestamptz,
  resolved_by_id bigint references agents,
  client_token uuid unique,
  created_at timestamptz not null default now(),
  check ((status = 'resolved') = (resolved_at is not null))
);
create index cases_contact on cases (contact_id, opened_at desc, id desc);
create index cases_open on cases (contact_id) where status = 'open';
create index cases_recurrence on cases (contact_id, topic_id, opened_at) where topic_id is not null;
comment on table cases is 'What a customer waits for until it is solved, over any number of conversations.';
comment on column cases.conversation_id is 'Where it was opened.';
comment on column cases.isolated_inbox_id is 'Of the conversation where it was opened: only its team knows of it.';
comment on column cases.state_note is 'Where it stands, in words.';

create table case_steps (
  id bigint generated always as identity primary key,
  case_id bigint not null references cases on delete cascade,
  position integer not null,
  title text not null check (length(title) between 1 and 160),
  done_at timestamptz,
  done_by_id bigint references agents,
  unique (case_id, position),
  check (done_at is not null or done_by_id is null)
);

alter table contacts
  add column location text not null default '' check (length(location) <= 160),
  add column preferred_channel text not null default '' check (length(preferred_channel) <= 60),
  add column preferred_hours text not null default '' check (length(preferred_hours) <= 120),
  add column do_not_call boolean not null default false;
comment on column contacts.preferred_channel is 'As a person says it: correo, WhatsApp.';
`);

export const down = (knex: Knex) =>
  knex.raw(`drop table case_steps, cases, topics; alter table contacts drop column location, drop column preferred_channel,
    drop column preferred_hours, drop column do_not_call`);
