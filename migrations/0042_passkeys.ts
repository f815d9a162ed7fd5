import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table passkeys (
  id bigint generated always as identity primary key,
  agent_id bigint not null references agents on delete cascade,
  credential_id text not null unique,
  public_key bytea not null,
  counter bigint not null default 0,
  transports text[] not null default '{}',
  name text not null check (length(name) between 1 and 80),
  created_at timestamptz not null default now(),
  last_used_at timestamptz
);
create index passkeys_agent on passkeys (agent_id);
comment on column passkeys.credential_id is 'Base64url, as the browser names it.';
comment on column passkeys.counter is 'Of the authenticator: it never goes back, or the key was copied. Zero where it does not count.';
`);

export const down = (knex: Knex) => knex.raw("drop table passkeys");
