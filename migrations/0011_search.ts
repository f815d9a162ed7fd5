import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table notes add column search tsvector generated always as (to_tsvector('public.hilo', left(text, 8000))) stored;
create index notes_search on notes using gin (search);
create index cases_title on cases using gin (plain(title) gin_trgm_ops);
create index companies_name on companies using gin (plain(name) gin_trgm_ops);
create index contacts_company on contacts (company_id) where company_id is not null;
create index attachments_name on attachments using gin (plain(file_name) gin_trgm_ops) where file_name <> '' and contact_id is not null;
create index purchases_number on purchases using gin (lower(number) gin_trgm_ops);
create index purchases_external on purchases using gin (lower(external_id) gin_trgm_ops);
`);

export const down = (knex: Knex) =>
  knex.raw(`drop index purchases_external, purchases_number, attachments_name, contacts_company, companies_name, cases_title,
    notes_search; alter table notes drop column search`);
