import type { Knex } from "knex";

/** The same cell that `views/csv.ts` writes, for tables of millions of rows: they leave as text, and no row becomes an object on its way. */
export const up = (knex: Knex) =>
  knex.raw(String.raw`
create function csv_cell(value text, delimiter text) returns text language plpgsql immutable parallel safe as $$
begin
  if value is null then return ''; end if;
  -- What would be taken for a formula gets an apostrophe before it; a plain number is none.
  if value ~ '^\s*[=+\-@\t\r|%]' and value !~ '^[+-]{0,1}\d[\d\s.,]*$' then value := '''' || value; end if;
  if strpos(value, delimiter) > 0 or value ~ '["\r\n]' then return '"' || replace(value, '"', '""') || '"'; end if;
  return value;
end $$;
alter table exports drop constraint exports_kind_check, add constraint exports_kind_check check (kind in ('conversations', 'messages', 'responses'));
`);

export const down = (knex: Knex) =>
  knex.raw(
    `drop function csv_cell; delete from exports where kind = 'responses';
     alter table exports drop constraint exports_kind_check, add constraint exports_kind_check check (kind in ('conversations', 'messages'));`,
  );
