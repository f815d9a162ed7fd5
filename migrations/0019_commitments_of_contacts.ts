import type { Knex } from "knex";

/** A promise made in a meeting or on a call belongs to no conversation. */
export const up = (knex: Knex) =>
  knex.raw("alter table commitments alter column conversation_id drop not null");

export const down = (knex: Knex) =>
  knex.raw(
    "delete from commitments where conversation_id is null; alter table commitments alter column conversation_id set not null",
  );
