import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table imports (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('contacts', 'purchases')),
  agent_id bigint not null references agents,
  file_name text not null default '',
  storage_key text,
  encoding text not null check (encoding in ('utf-8', 'utf-16le', 'windows-1252')),
  delimiter text not null check (length(delimiter) = 1),
  header text[] not null,
  mapping text[] not null default '{}',
  on_duplicate text not null default 'update' check (on_duplicate in ('update', 'skip')),
  state text not null default 'mapping' check (state in ('mapping', 'checking', 'checked', 'importing', 'done', 'failed', 'cancelled')),
  position bigint not null default 0,
  total bigint,
  created bigint not null default 0,
  updated bigint not null default 0,
  skipped bigint not null default 0,
  faulty bigint not null default 0,
  fault jsonb,
  lease_ends_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz
);
create index imports_due on imports (id) where state in ('checking', 'importing');
comment on column imports.mapping is 'For each column of the file the field that it fills, empty for none.';
comment on column imports.position is 'Rows that are done: where it goes on after a stop.';
comment on column imports.total is 'Rows of the file, known once it was checked.';

create table import_faults (
  import_id bigint not null references imports on delete cascade,
  row_number bigint not null,
  column_name text not null,
  reason text not null,
  value text not null,
  primary key (import_id, row_number, column_name)
);
comment on column import_faults.row_number is 'As a spreadsheet counts: the header is row 1.';
`);

export const down = (knex: Knex) => knex.raw("drop table import_faults, imports");
