import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table companies (
  id bigint generated always as identity primary key,
  name text not null unique check (length(name) between 1 and 160),
  created_at timestamptz not null default now()
);

create table contacts (
  id bigint generated always as identity primary key,
  name text not null default '' check (length(name) <= 200),
  name_source text not null default 'provider' check (name_source in ('provider', 'agent')),
  company_id bigint references companies,
  job_title text not null default '',
  email text not null default '',
  phone text not null default '',
  phone_match_key text,
  language text not null default '',
  custom jsonb not null default '{}',
  first_seen_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);
create index contacts_name on contacts using gin (plain(name) gin_trgm_ops);
create index contacts_email on contacts (lower(email)) where email <> '';
create index contacts_email_part on contacts using gin (lower(email) gin_trgm_ops) where email <> '';
create index contacts_phone on contacts (phone_match_key) where phone_match_key is not null;
comment on column contacts.name_source is 'A name that an agent typed is never overwritten by the provider''s.';

create table contact_identities (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  channel text not null check (channel in ('whatsapp')),
  external_id text not null check (length(external_id) between 1 and 200),
  kind text not null check (kind in ('phone', 'user_id')),
  phone_match_key text,
  display text not null default '',
  send_alternate text,
  verified_at timestamptz,
  created_at timestamptz not null default now(),
  unique (channel, external_id)
);
create index contact_identities_contact on contact_identities (contact_id);
create index contact_identities_phone on contact_identities (phone_match_key) where phone_match_key is not null;
create index contact_identities_key_digits on contact_identities using gin (phone_match_key gin_trgm_ops);
create index contact_identities_digits on contact_identities using gin (external_id gin_trgm_ops);
comment on column contact_identities.external_id is 'The provider''s id byte for byte: replies go to it.';
comment on column contact_identities.phone_match_key is 'Canonical digits, only to recognise the same person in another spelling.';
comment on column contact_identities.send_alternate is 'The other spelling, once the provider has accepted it where it refused the first.';

create table service_windows (
  identity_id bigint not null references contact_identities on delete cascade,
  inbox_id bigint not null references inboxes,
  ends_at timestamptz not null,
  send_tokens double precision not null default 45,
  send_tokens_at timestamptz not null default now(),
  primary key (identity_id, inbox_id)
);
comment on table service_windows is 'Until when one address may write freely to one identity, and how fast: both are limits of the pair, not of the person.';

create table tags (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 60),
  created_at timestamptz not null default now()
);
create unique index tags_name on tags (plain(name));
create table contact_tags (
  contact_id bigint not null references contacts on delete cascade,
  tag_id bigint not null references tags on delete cascade,
  primary key (contact_id, tag_id)
);
create index contact_tags_tag on contact_tags (tag_id);
`);

export const down = (knex: Knex) =>
  knex.raw("drop table contact_tags, tags, service_windows, contact_identities, contacts, companies");
