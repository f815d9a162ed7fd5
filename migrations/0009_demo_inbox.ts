import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table inboxes add column demo boolean not null default false;
comment on column inboxes.demo is 'Its provider is Hilo itself: what is sent leaves no machine, and a simulated phone writes to it.';
create unique index inboxes_demo on inboxes (demo) where demo and deactivated_at is null;
comment on index inboxes_demo is 'At most one demo.';
update inboxes set demo = true where external_id = '100200300400500' and account_id = '200300400500600';
`);

export const down = (knex: Knex) => knex.raw("alter table inboxes drop column demo");
