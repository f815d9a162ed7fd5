import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table agent_links (
  id bigint generated always as identity primary key,
  agent_id bigint not null references agents,
  kind text not null check (kind in ('invitation', 'reset')),
  token_hash text not null unique,
  sealed_token text,
  created_by_id bigint references agents,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz
);
create unique index agent_links_one on agent_links (agent_id) where used_at is null;
create index agent_links_to_mail on agent_links (id) where sealed_token is not null;
comment on table agent_links is 'Links that let somebody choose a password, once.';
comment on column agent_links.sealed_token is 'Encrypted until the mail has gone; null when no mail is wanted.';
comment on index agent_links_one is 'A new link ends the one before it.';

alter table sessions
  add column public_id uuid not null default gen_random_uuid() unique,
  add column agent_id bigint generated always as ((sess #>> '{passport,user,id}')::bigint) stored,
  add column created_at timestamptz not null default now(),
  add column last_seen_at timestamptz not null default now();
create index sessions_agent on sessions (agent_id) where agent_id is not null;
comment on column sessions.public_id is 'Names a session on a page; its sid is the key to it.';
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop table agent_links;
alter table sessions drop column public_id, drop column agent_id, drop column created_at, drop column last_seen_at;
`);
