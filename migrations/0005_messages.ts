import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table messages (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations,
  contact_id bigint not null references contacts,
  inbox_id bigint not null references inboxes,
  identity_id bigint references contact_identities,
  direction text not null check (direction in ('inbound', 'outbound')),
  kind text not null check (kind in ('text', 'image', 'video', 'audio', 'document', 'sticker', 'location', 'contacts',
    'choice', 'form', 'order', 'system', 'welcome', 'unsupported', 'reaction', 'edit', 'revoke')),
  shown boolean not null generated always as (kind not in ('reaction', 'edit', 'revoke')) stored,
  text text not null default '',
  content jsonb not null default '{}',
  reply_to_id bigint references messages,
  external_id text,
  client_token uuid unique,
  author_kind text not null check (author_kind in ('contact', 'agent', 'bot', 'phone')),
  author_agent_id bigint references agents,
  delivery text check (delivery in ('queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown')),
  delivery_error jsonb,
  discarded_at timestamptz,
  due_at timestamptz,
  attempts integer not null default 0,
  lease_ends_at timestamptz,
  edited_text text,
  edited_at timestamptz,
  revoked_at timestamptz,
  sent_at timestamptz not null,
  created_at timestamptz not null default now(),
  search tsvector generated always as (to_tsvector('public.hilo', left(text, 8000))) stored,
  check ((direction = 'inbound') = (delivery is null)),
  check ((author_kind = 'agent') = (author_agent_id is not null))
);
-- One row per provider id: the same delivery again changes nothing.
create unique index messages_external on messages (inbox_id, external_id) where external_id is not null;
create index messages_thread on messages (conversation_id, sent_at desc, id desc) where shown;
create index messages_contact on messages (contact_id, sent_at desc, id desc) where shown;
create index messages_unfinished on messages (conversation_id, id) where delivery in ('queued', 'sending');
create index messages_due on messages (inbox_id, due_at) where delivery = 'queued';
create index messages_leased on messages (lease_ends_at) where delivery = 'sending';
create index messages_search on messages using gin (search) where shown;
comment on column messages.sent_at is 'The provider''s time.';
comment on column messages.text is 'As it first came: an edit is a row of its own and shows in edited_text.';
comment on column messages.content is 'What the kind needs beyond text; shapes in services/conversations/types.ts.';

create table message_reactions (
  message_id bigint not null references messages on delete cascade,
  author_kind text not null check (author_kind in ('contact', 'firm')),
  emoji text not null check (length(emoji) <= 32),
  agent_id bigint references agents,
  sent_at timestamptz not null,
  primary key (message_id, author_kind)
);
comment on table message_reactions is 'What shows now; an empty emoji was taken back. Each change is also a message of kind reaction.';

create table attachments (
  id bigint generated always as identity primary key,
  public_id text not null unique default replace(gen_random_uuid()::text, '-', ''),
  message_id bigint references messages,
  contact_id bigint references contacts,
  uploaded_by_id bigint references agents,
  kind text not null check (kind in ('image', 'video', 'audio', 'document', 'sticker')),
  file_name text not null default '',
  media_type text not null default 'application/octet-stream',
  bytes bigint,
  sha256 text,
  width integer,
  height integer,
  storage_key text,
  thumbnail_key text,
  provider_media_id text,
  state text not null check (state in ('pending', 'fetching', 'stored', 'failed')),
  error text,
  attempts integer not null default 0,
  due_at timestamptz,
  lease_ends_at timestamptz,
  created_at timestamptz not null default now(),
  check (state <> 'stored' or storage_key is not null)
);
create index attachments_message on attachments (message_id);
create index attachments_contact on attachments (contact_id, id desc);
create index attachments_due on attachments (due_at) where state in ('pending', 'fetching');
comment on column attachments.public_id is 'How addresses name it: not guessable; the session is checked all the same.';

create table early_events (
  id bigint generated always as identity primary key,
  inbox_id bigint not null references inboxes,
  external_id text not null,
  event jsonb not null,
  created_at timestamptz not null default now()
);
create index early_events_target on early_events (inbox_id, external_id);
comment on table early_events is 'Statuses, reactions, edits and revocations of a message that has not arrived yet.';
`);

export const down = (knex: Knex) =>
  knex.raw("drop table early_events, attachments, message_reactions, messages");
