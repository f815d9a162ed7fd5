import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create function masked_phone(phone text) returns text language sql immutable parallel safe
  return case when coalesce(phone, '') = '' then phone else '••• ' || right(phone, 4) end;
comment on function masked_phone is 'What somebody who may not see phones sees of one: enough to tell two apart.';
`);

export const down = (knex: Knex) => knex.raw("drop function masked_phone(text)");
