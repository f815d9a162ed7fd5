import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table record_types (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 60),
  archived_at timestamptz,
  created_at timestamptz not null default now()
);
create unique index record_types_name on record_types (plain(name));
comment on table record_types is 'What a trade keeps about its customers beside purchases: appointments, visits, policies.';

create table custom_fields (
  id bigint generated always as identity primary key,
  record_type_id bigint references record_types,
  key text not null check (key ~ '^[a-z][a-z0-9_]{0,39}$'),
  label text not null check (length(label) between 1 and 60),
  kind text not null check (kind in ('text', 'number', 'date', 'datetime', 'choice', 'boolean')),
  options text[] not null default '{}' check (cardinality(options) <= 50),
  place text check (place in ('title', 'date', 'state')),
  position integer not null default 0,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  check ((kind = 'choice') = (cardinality(options) > 0)),
  check (place is null or record_type_id is not null)
);
create unique index custom_fields_key on custom_fields (coalesce(record_type_id, 0), key);
create unique index custom_fields_place on custom_fields (record_type_id, place) where place is not null and archived_at is null;
comment on column custom_fields.record_type_id is 'Whose field it is; null is a field of every customer''s card.';
comment on column custom_fields.key is 'Its name in stored values and in the API: never changes.';
comment on column custom_fields.place is 'Which field is a record''s title, its date, its state.';

create table records (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  record_type_id bigint not null references record_types,
  external_id text not null check (length(external_id) between 1 and 120),
  title text not null check (length(title) between 1 and 200),
  at timestamptz not null,
  state text not null default '' check (length(state) <= 200),
  values jsonb not null default '{}',
  created_by_id bigint references agents,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (contact_id, record_type_id, external_id)
);
create index records_contact on records (contact_id, at desc, id desc);
create index records_type on records (record_type_id);
create index records_title on records using gin (plain(title) gin_trgm_ops);
comment on column records.at is 'Its date field, or when it was made: its place in the timeline.';
comment on column records.values is 'Of all its fields, by key.';
`);

export const down = (knex: Knex) => knex.raw("drop table records, custom_fields, record_types");
