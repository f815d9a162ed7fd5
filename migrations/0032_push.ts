import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table push_keys (
  id boolean primary key default true check (id),
  public_key text not null,
  private_key text not null
);
comment on column push_keys.private_key is 'Encrypted with the key that is not in the database.';

create table push_subscriptions (
  id bigint generated always as identity primary key,
  agent_id bigint not null references agents on delete cascade,
  endpoint text not null unique check (length(endpoint) <= 1000),
  p256dh text not null check (length(p256dh) <= 200),
  auth text not null check (length(auth) <= 100),
  created_at timestamptz not null default now()
);
create index push_subscriptions_agent on push_subscriptions (agent_id);
comment on table push_subscriptions is 'Browsers that are told of alerts while no page is open.';
alter table alerts add column pushed_at timestamptz;
create index alerts_unpushed on alerts (id) where pushed_at is null and seen_at is null;
`);

export const down = (knex: Knex) =>
  knex.raw("alter table alerts drop column pushed_at; drop table push_subscriptions, push_keys");
