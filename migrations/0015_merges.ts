import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table contacts add column merged_into_id bigint references contacts,
  add constraint contacts_merged_into_another check (merged_into_id <> id);
comment on column contacts.merged_into_id is 'Who this contact turned out to be: what they had is theirs now.';
create index contacts_merged on contacts (merged_into_id) where merged_into_id is not null;

alter table conversations add column merged_into_id bigint references conversations,
  add constraint conversations_merged_is_resolved check (merged_into_id is null or (merged_into_id <> id and status = 'resolved'));
comment on column conversations.merged_into_id is 'Where it goes on since its contact was merged: its messages are there.';
create index conversations_merged on conversations (merged_into_id) where merged_into_id is not null;

create table contact_merges (
  id bigint generated always as identity primary key,
  kept_id bigint not null references contacts,
  merged_id bigint not null references contacts,
  merged_at timestamptz not null,
  merged_by_id bigint references agents,
  undone_at timestamptz,
  undone_by_id bigint references agents,
  snapshots jsonb not null default '[]',
  check (kept_id <> merged_id),
  check (undone_at is not null or undone_by_id is null)
);
create unique index contact_merges_standing on contact_merges (merged_id) where undone_at is null;
create index contact_merges_kept on contact_merges (kept_id, id desc);
comment on table contact_merges is 'Who was found to be whom, so that it can be undone.';
comment on index contact_merges_standing is 'Nobody is merged into two people.';
comment on column contact_merges.snapshots is 'Rows that the merge rewrote, before and after: {table, id, before, after}.';

create table contact_merge_moves (
  merge_id bigint not null references contact_merges on delete cascade,
  table_name text not null,
  conversation_id bigint,
  row_ids bigint[] not null
);
create index contact_merge_moves_merge on contact_merge_moves (merge_id);
comment on table contact_merge_moves is 'Rows that changed their contact, and messages that changed their conversation with it.';
comment on column contact_merge_moves.conversation_id is 'The conversation whose messages these were, where they moved to another.';

create table contact_distinctions (
  lower_id bigint not null references contacts on delete cascade,
  higher_id bigint not null references contacts on delete cascade,
  agent_id bigint references agents,
  created_at timestamptz not null default now(),
  primary key (lower_id, higher_id),
  check (lower_id < higher_id)
);
comment on table contact_distinctions is 'Contacts that look alike and are two people, as somebody said.';
`);

export const down = (knex: Knex) =>
  knex.raw(`drop table contact_distinctions, contact_merge_moves, contact_merges;
    alter table conversations drop column merged_into_id; alter table contacts drop column merged_into_id`);
