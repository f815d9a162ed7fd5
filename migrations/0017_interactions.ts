import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table interactions (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  kind text not null check (kind in ('call', 'meeting', 'visit', 'page', 'download', 'event', 'product_use', 'other')),
  at timestamptz not null,
  seconds integer check (seconds between 0 and 604800),
  summary text not null default '' check (length(summary) <= 2000),
  url text not null default '' check (length(url) <= 500),
  participants text not null default '' check (length(participants) <= 500),
  agreements text not null default '' check (length(agreements) <= 2000),
  next_step text not null default '' check (length(next_step) <= 300),
  external_id text check (length(external_id) between 1 and 120),
  agent_id bigint references agents,
  client_token uuid unique,
  created_at timestamptz not null default now()
);
create unique index interactions_external on interactions (contact_id, external_id) where external_id is not null;
create index interactions_contact on interactions (contact_id, at desc, id desc);
comment on table interactions is 'What happened with a customer outside the channels: calls, meetings, pages seen, events.';
comment on index interactions_external is 'The same event told twice is one.';
`);

export const down = (knex: Knex) => knex.raw("drop table interactions");
