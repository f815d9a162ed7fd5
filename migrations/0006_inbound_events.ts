import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table inbound_events (
  id bigint generated always as identity primary key,
  channel text not null,
  body bytea not null,
  secret_fingerprint text not null,
  state text not null default 'received' check (state in ('received', 'done', 'quarantined')),
  error text,
  unused text[] not null default '{}',
  received_at timestamptz not null default now(),
  done_at timestamptz
);
create index inbound_events_received on inbound_events (id) where state = 'received';
create index inbound_events_quarantined on inbound_events (id desc) where state = 'quarantined';
create index inbound_events_done on inbound_events (done_at) where state = 'done';
comment on table inbound_events is 'What a provider sent, byte for byte, before we understand it.';
comment on column inbound_events.unused is 'Parts that are kept here and that nothing uses yet, by field name.';

create table idempotency_keys (
  agent_id bigint not null references agents,
  key text not null check (length(key) between 1 and 200),
  request_hash text not null,
  status integer,
  answer jsonb,
  created_at timestamptz not null default now(),
  primary key (agent_id, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);
`);

export const down = (knex: Knex) => knex.raw("drop table idempotency_keys, inbound_events");
