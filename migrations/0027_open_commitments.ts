import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create index commitments_due on commitments (due_on, id) where done_at is null;
comment on index commitments_due is 'All that is still promised, the nearest due first.';
`);

export const down = (knex: Knex) => knex.raw("drop index commitments_due");
