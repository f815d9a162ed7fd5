import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table firm add column approval_acts text[] not null default '{}';
comment on column firm.approval_acts is 'What waits for a second person; names of services/agents/approvals.ts.';

create table approvals (
  id bigint generated always as identity primary key,
  act text not null,
  params jsonb not null,
  asked_by_id bigint not null references agents,
  asked_at timestamptz not null default now(),
  decided_by_id bigint references agents,
  decided_at timestamptz,
  is_given boolean,
  used_at timestamptz,
  check (decided_by_id is null or decided_by_id <> asked_by_id),
  check ((decided_at is null) = (is_given is null)),
  check (used_at is null or is_given)
);
create unique index approvals_open on approvals (asked_by_id, act, params) where decided_at is null;
create index approvals_pending on approvals (asked_at) where decided_at is null;
create index approvals_asked on approvals (asked_by_id, id desc);
comment on table approvals is 'Sensitive acts that one person asked for and another decides; a given one is good for one act.';
comment on index approvals_open is 'The same asked again is the same question.';
`);

export const down = (knex: Knex) =>
  knex.raw("drop table approvals; alter table firm drop column approval_acts");
