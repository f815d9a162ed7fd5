import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create extension if not exists pg_trgm;
create extension if not exists unaccent;

-- unaccent() is only stable; the names and texts that we index need an immutable one.
create function plain(text) returns text language sql immutable strict parallel safe
  as $$ select lower(public.unaccent('public.unaccent'::regdictionary, $1)) $$;

create text search configuration hilo (copy = pg_catalog.spanish);
alter text search configuration hilo
  alter mapping for hword, hword_part, word with public.unaccent, spanish_stem;

create table firm (
  id boolean primary key default true check (id),
  name text not null default '' check (length(name) <= 120),
  locale text not null default 'es' check (locale in ('es', 'en')),
  time_zone text not null default 'America/Mexico_City',
  country text not null default 'MX' check (country ~ '^[A-Z]{2}$'),
  reopen_seconds integer not null default 86400 check (reopen_seconds >= 0),
  set_up_at timestamptz,
  set_up_token_hash text
);
comment on table firm is 'One row: the firm that runs this Hilo.';
insert into firm default values;

create table roles (
  id bigint generated always as identity primary key,
  name text not null unique,
  permissions text[] not null,
  built_in boolean not null default false,
  created_at timestamptz not null default now()
);
insert into roles (name, built_in, permissions) values
  ('agent', true, '{converse}'),
  ('supervisor', true, '{converse,supervise,report}'),
  ('admin', true, '{converse,supervise,report,configure,audit}');

create table agents (
  id bigint generated always as identity primary key,
  email text not null check (email = lower(email) and length(email) <= 254),
  name text not null check (length(name) between 1 and 120),
  password_hash text,
  role_id bigint not null references roles,
  locale text not null default 'es' check (locale in ('es', 'en')),
  time_zone text not null default 'America/Mexico_City',
  availability text not null default 'online' check (availability in ('online', 'away', 'offline')),
  max_waiting integer not null default 5 check (max_waiting > 0),
  max_open integer not null default 12 check (max_open > 0),
  session_version integer not null default 0,
  deactivated_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index agents_email on agents (email);

create table teams (
  id bigint generated always as identity primary key,
  name text not null unique check (length(name) between 1 and 80),
  created_at timestamptz not null default now()
);
create table team_members (
  team_id bigint not null references teams on delete cascade,
  agent_id bigint not null references agents on delete cascade,
  primary key (team_id, agent_id)
);
create index team_members_agent on team_members (agent_id);

create table sessions (
  sid text primary key,
  sess jsonb not null,
  expire timestamptz not null
);
create index sessions_expire on sessions (expire);

create table rate_limits (
  key text primary key,
  points integer not null default 0,
  expire bigint
);
comment on table rate_limits is 'Kept by rate-limiter-flexible: failed sign-ins, counted for all processes.';

create table api_tokens (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 80),
  agent_id bigint not null references agents,
  token_hash text not null unique,
  last_used_at timestamptz,
  revoked_at timestamptz,
  created_at timestamptz not null default now()
);
comment on column api_tokens.token_hash is 'SHA-256: the token itself is shown once and kept nowhere.';
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop table api_tokens, rate_limits, sessions, team_members, teams, agents, roles, firm;
drop text search configuration hilo;
drop function plain(text);
`);
