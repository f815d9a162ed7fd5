import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table conversations (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  isolated_inbox_id bigint references inboxes,
  status text not null default 'open' check (status in ('open', 'pending', 'snoozed', 'resolved')),
  priority text not null default 'normal' check (priority in ('low', 'normal', 'high', 'urgent')),
  topic text not null default '',
  team_id bigint references teams,
  assignee_id bigint references agents,
  waiting_since timestamptz,
  first_response_at timestamptz,
  last_activity_at timestamptz not null,
  last_inbound_at timestamptz,
  last_inbox_id bigint references inboxes,
  last_identity_id bigint references contact_identities,
  preview text not null default '',
  preview_kind text not null default 'text',
  preview_author text not null default 'contact' check (preview_author in ('contact', 'agent', 'bot', 'phone')),
  unread_count integer not null default 0 check (unread_count >= 0),
  snoozed_until timestamptz,
  opened_at timestamptz not null,
  resolved_at timestamptz,
  resolved_by_id bigint references agents,
  created_at timestamptz not null default now(),
  check ((status = 'resolved') = (resolved_at is not null)),
  check ((status = 'snoozed') = (snoozed_until is not null))
);
-- At most one unresolved conversation per contact and isolated inbox (or none).
create unique index conversations_one_unresolved on conversations (contact_id, coalesce(isolated_inbox_id, 0))
  where status <> 'resolved';
create index conversations_contact on conversations (contact_id, opened_at desc);
create index conversations_activity on conversations (last_activity_at desc, id desc);
create index conversations_unresolved on conversations (last_activity_at desc, id desc) where status <> 'resolved';
create index conversations_assignee on conversations (assignee_id, last_activity_at desc, id desc) where status <> 'resolved';
create index conversations_queue on conversations (waiting_since, id) where status = 'open' and assignee_id is null;
create index conversations_status on conversations (status, last_activity_at desc, id desc);
create index conversations_snoozed on conversations (snoozed_until) where status = 'snoozed';
create index conversations_isolated on conversations (isolated_inbox_id) where isolated_inbox_id is not null;

create table conversation_tags (
  conversation_id bigint not null references conversations on delete cascade,
  tag_id bigint not null references tags on delete cascade,
  primary key (conversation_id, tag_id)
);

create table assignments (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations,
  assignee_id bigint references agents,
  team_id bigint references teams,
  assigned_by_id bigint references agents,
  reason text not null,
  created_at timestamptz not null default now()
);
create index assignments_conversation on assignments (conversation_id, id);

create table notes (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  conversation_id bigint references conversations,
  agent_id bigint references agents,
  text text not null check (length(text) between 1 and 10000),
  pinned boolean not null default false,
  client_token uuid unique,
  created_at timestamptz not null default now()
);
create index notes_conversation on notes (conversation_id, created_at, id);
create index notes_contact on notes (contact_id, created_at desc);
comment on table notes is 'Internal. A table of its own, so that no forgotten filter can send one.';

create table drafts (
  conversation_id bigint not null references conversations on delete cascade,
  agent_id bigint not null references agents on delete cascade,
  kind text not null check (kind in ('reply', 'note')),
  text text not null check (length(text) <= 10000),
  updated_at timestamptz not null,
  primary key (conversation_id, agent_id, kind)
);

create unlogged table viewers (
  stream_id uuid primary key,
  conversation_id bigint not null,
  agent_id bigint not null,
  typing_until timestamptz,
  seen_at timestamptz not null
);
create index viewers_conversation on viewers (conversation_id);
comment on table viewers is 'Who has a conversation open right now, in any process. Unlogged: worth nothing after a crash.';
`);

export const down = (knex: Knex) =>
  knex.raw("drop table viewers, drafts, notes, assignments, conversation_tags, conversations");
