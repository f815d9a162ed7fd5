import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create index attachments_same on attachments (contact_id, sha256) where sha256 is not null;
comment on index attachments_same is 'The same file sent twice is shown once.';
`);

export const down = (knex: Knex) => knex.raw("drop index attachments_same");
