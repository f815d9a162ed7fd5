import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table api_tokens
  add column scopes text[],
  add column read_only boolean not null default false,
  add column expires_at timestamptz,
  add column created_by_id bigint references agents;
create index api_tokens_agent on api_tokens (agent_id);
comment on column api_tokens.scopes is 'Permissions of its agent that it has too; null: all of them.';
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop index api_tokens_agent;
alter table api_tokens drop column scopes, drop column read_only, drop column expires_at, drop column created_by_id;
`);
