import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table notes add column wrap_up jsonb;
comment on column notes.wrap_up is 'A note in parts: problem, action, nextStep, dueOn; its text holds them all for search.';

create table note_mentions (
  note_id bigint not null references notes on delete cascade,
  agent_id bigint not null references agents on delete cascade,
  created_at timestamptz not null,
  seen_at timestamptz,
  primary key (note_id, agent_id)
);
create index note_mentions_agent on note_mentions (agent_id, created_at desc, note_id desc);
create index note_mentions_unseen on note_mentions (agent_id) where seen_at is null;
comment on table note_mentions is 'Whom a note calls by @name, and whether they have looked.';
`);

export const down = (knex: Knex) =>
  knex.raw("drop table note_mentions; alter table notes drop column wrap_up");
