import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table single_sign_on (
  id boolean primary key default true check (id),
  name text not null check (length(name) between 1 and 40),
  issuer text not null check (issuer like 'https://_%' or issuer like 'http://_%'),
  client_id text not null check (client_id <> ''),
  client_secret text not null check (client_secret <> ''),
  groups_claim text not null check (groups_claim <> ''),
  domains text[] not null default '{}',
  default_role_id bigint references roles on delete set null,
  enabled boolean not null,
  check (default_role_id is null or domains <> '{}')
);
comment on table single_sign_on is 'At most one row. What is incomplete cannot be kept: it could let anybody in.';
comment on column single_sign_on.client_secret is 'Encrypted with the installation''s key.';
comment on column single_sign_on.domains is 'Only addresses of these domains come in; empty: of any.';
create table sso_groups (
  position integer primary key,
  group_name text not null unique check (group_name <> ''),
  role_id bigint not null references roles on delete cascade
);
create index sso_groups_role on sso_groups (role_id);
create index single_sign_on_role on single_sign_on (default_role_id);
comment on table sso_groups is 'Who is in a group has its role; of several the first counts.';
alter table agents add column sso_issuer text, add column sso_subject text,
  add constraint agents_sso_whole check ((sso_issuer is null) = (sso_subject is null));
create unique index agents_sso on agents (sso_issuer, sso_subject);
`);

export const down = (knex: Knex) =>
  knex.raw(
    "drop table sso_groups; drop table single_sign_on; alter table agents drop column sso_issuer, drop column sso_subject;",
  );
