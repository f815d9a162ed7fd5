import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table conversations add column outcome text check (outcome in ('won', 'lost'));
alter table conversation_facts add column outcome text;
comment on column conversations.outcome is 'What came of it where something was to be sold or booked; null: nothing was, or nobody said.';
`);

export const down = (knex: Knex) =>
  knex.raw(
    "alter table conversation_facts drop column outcome; alter table conversations drop column outcome;",
  );
