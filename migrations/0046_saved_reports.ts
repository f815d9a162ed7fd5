import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table saved_reports (
  id bigint generated always as identity primary key,
  agent_id bigint not null references agents,
  name text not null check (length(name) between 1 and 80),
  report text not null,
  query text not null check (length(query) <= 1000),
  is_shared boolean not null default false,
  is_weekly boolean not null default false,
  created_at timestamptz not null default now(),
  unique (agent_id, name)
);
create table report_mails (
  saved_report_id bigint not null references saved_reports on delete cascade,
  monday date not null,
  sent_at timestamptz not null default now(),
  primary key (saved_report_id, monday)
);
comment on table report_mails is 'Each week''s mail goes once: claimed before it is sent.';
`);

export const down = (knex: Knex) => knex.raw("drop table report_mails; drop table saved_reports;");
