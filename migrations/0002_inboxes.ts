import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table inboxes (
  id bigint generated always as identity primary key,
  channel text not null check (channel in ('whatsapp')),
  name text not null check (length(name) between 1 and 80),
  external_id text not null,
  account_id text not null default '',
  address text not null default '',
  settings jsonb not null default '{}',
  secrets text,
  app_secret_fingerprint text,
  verify_token_hash text,
  team_id bigint references teams,
  isolated boolean not null default false,
  paused_until timestamptz,
  authorization_lost_at timestamptz,
  last_webhook_at timestamptz,
  last_error text,
  last_error_at timestamptz,
  send_tokens double precision not null default 80,
  send_tokens_at timestamptz not null default now(),
  deactivated_at timestamptz,
  created_at timestamptz not null default now(),
  check (not isolated or team_id is not null)
);
create unique index inboxes_address on inboxes (channel, external_id) where deactivated_at is null;
comment on column inboxes.external_id is 'How deliveries name it: WhatsApp''s phone_number_id.';
comment on column inboxes.account_id is 'WhatsApp Business Account id: names the inbox in account fields.';
comment on column inboxes.secrets is 'Encrypted JSON; the key lies outside the database.';
comment on column inboxes.isolated is 'Conversations of its own, which only its team sees.';
comment on column inboxes.send_tokens is 'Token bucket of the provider''s messages per second.';
`);

export const down = (knex: Knex) => knex.raw("drop table inboxes");
