import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table exports (
  id bigint generated always as identity primary key,
  agent_id bigint not null references agents,
  kind text not null check (kind in ('conversations', 'messages')),
  params jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  total integer not null,
  written integer not null default 0,
  storage_key text,
  bytes bigint,
  lease_ends_at timestamptz,
  run integer not null default 0,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index exports_waiting on exports (id) where state in ('waiting', 'running');
create index exports_agent on exports (agent_id, id desc);
comment on table exports is 'Tables of many rows, written in the background; their files go after a week.';
comment on column exports.run is 'Counts who writes it: of two, the one with the older number stops.';
`);

export const down = (knex: Knex) => knex.raw("drop table exports");
