import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table tags add column colour text not null default 'none'
  check (colour in ('none', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet', 'pink'));
`);

export const down = (knex: Knex) => knex.raw("alter table tags drop column colour");
