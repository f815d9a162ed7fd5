import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw("create index audit_events_contact on audit_events (contact_id, id) where contact_id is not null");

export const down = (knex: Knex) => knex.raw("drop index audit_events_contact");
