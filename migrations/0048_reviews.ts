import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table review_criteria (
  id bigint generated always as identity primary key,
  position integer not null,
  question text not null check (length(question) between 1 and 200),
  weight integer not null default 1 check (weight between 1 and 5),
  archived_at timestamptz,
  created_at timestamptz not null default now()
);
create table reviews (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations on delete cascade,
  reviewer_id bigint not null references agents,
  agent_id bigint references agents,
  picked_by text not null check (picked_by in ('random', 'low', 'missed', 'reopened', 'transferred', 'repeated', 'hand')),
  scores jsonb not null default '{}',
  score numeric(5, 2) check (score between 0 and 100),
  comment text not null default '' check (length(comment) <= 4000),
  needs_coaching boolean not null default false,
  coached_at timestamptz,
  answer text not null default '' check (length(answer) <= 4000),
  answered_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (conversation_id, reviewer_id),
  check (finished_at is not null or score is null)
);
create index reviews_agent on reviews (agent_id, finished_at desc) where finished_at is not null;
create index reviews_reviewer on reviews (reviewer_id, id desc);
create index reviews_coaching on reviews (id) where needs_coaching and coached_at is null;
comment on column reviews.scores is 'From 1 to 5 by id of the criterion; what does not apply is not there.';
comment on column reviews.score is 'Weighted share of the possible, in percent; null: nothing applied, or not finished.';
comment on column reviews.agent_id is 'Whom it is about: who resolved it, else who answered first; null: no person did.';
insert into review_criteria (position, question, weight) values
  (1, 'Saludó y se presentó', 1), (2, 'Entendió el problema sin hacer repetir', 2), (3, 'Resolvió lo que el cliente pedía', 3),
  (4, 'Ortografía y trato', 1), (5, 'Dejó constancia: tema, nota o caso', 1);
update roles set permissions = permissions || '{reviews.score}' where name in ('supervisor', 'admin') and built_in;
`);

export const down = (knex: Knex) =>
  knex.raw(
    "update roles set permissions = array_remove(permissions, 'reviews.score'); drop table reviews; drop table review_criteria;",
  );
