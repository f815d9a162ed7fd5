import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table audit_events add column address text;
comment on column audit_events.address is 'Where the act came from: an IP address; null for what Hilo does by itself, and for what was noted before this column.';
create index audit_events_act on audit_events (act, id desc);
`);

export const down = (knex: Knex) =>
  knex.raw("drop index audit_events_act; alter table audit_events drop column address");
