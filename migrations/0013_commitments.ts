import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table commitments (
  id bigint generated always as identity primary key,
  contact_id bigint not null references contacts,
  conversation_id bigint not null references conversations,
  isolated_inbox_id bigint references inboxes,
  text text not null check (length(text) between 1 and 300),
  due_on date,
  promised_at timestamptz not null,
  promised_by_id bigint references agents,
  done_at timestamptz,
  done_by_id bigint references agents,
  created_at timestamptz not null default now(),
  check (done_at is not null or done_by_id is null)
);
create index commitments_open on commitments (contact_id, due_on, id) where done_at is null;
comment on table commitments is 'What was promised to a customer; it stands over every conversation until it is done.';
comment on column commitments.isolated_inbox_id is 'Of the conversation where it was promised: only its team knows of it.';
comment on column commitments.due_on is 'A day in the zone of the firm; null is soon.';
`);

export const down = (knex: Knex) => knex.raw("drop table commitments");
