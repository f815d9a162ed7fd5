import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table audit_events (
  id bigint generated always as identity primary key,
  actor_kind text not null check (actor_kind in ('agent', 'system', 'anonymous')),
  actor_id bigint,
  source text not null check (source in ('web', 'api', 'cli', 'system')),
  act text not null,
  conversation_id bigint,
  contact_id bigint,
  message_id bigint,
  agent_id bigint,
  inbox_id bigint,
  data jsonb not null default '{}',
  created_at timestamptz not null,
  transaction_id xid8 not null default pg_current_xact_id()
);
create index audit_events_conversation on audit_events (conversation_id, id) where conversation_id is not null;
create index audit_events_actor on audit_events (actor_id, id desc) where actor_id is not null;

create table seals (
  id bigint generated always as identity primary key,
  previous_hash text not null,
  first_audit_event_id bigint not null,
  last_audit_event_id bigint not null,
  audit_events integer not null,
  first_message_id bigint not null,
  last_message_id bigint not null,
  messages integer not null,
  hash text not null unique,
  created_at timestamptz not null default now()
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger audit_events_append_only before update or delete or truncate on audit_events
  for each statement execute function refuse_change();
create trigger seals_append_only before update or delete or truncate on seals
  for each statement execute function refuse_change();
`);

export const down = (knex: Knex) => knex.raw("drop table seals, audit_events; drop function refuse_change()");
