import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table purchases (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  external_id text not null check (length(external_id) between 1 and 120),
  number text not null default '',
  placed_at timestamptz,
  amount numeric(14, 2),
  currency text check (currency ~ '^[A-Z]{3}$'),
  status text not null default '',
  tracking_url text not null default '',
  delivery_window text not null default '',
  returned_at timestamptz,
  items jsonb not null default '[]',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (contact_id, external_id)
);
create index purchases_contact on purchases (contact_id, placed_at desc);
alter table contacts add column client_token uuid unique;
comment on column contacts.client_token is 'Of the request that made it: the same request again makes nothing.';
`);

export const down = (knex: Knex) =>
  knex.raw("drop table purchases; alter table contacts drop column client_token");
