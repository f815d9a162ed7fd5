import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table conversations add column topic_id bigint references topics;
update conversations c set topic_id = t.id from topics t where c.topic <> '' and plain(t.name) = plain(c.topic);
alter table conversations drop column topic;
alter table conversations add column flagged_at timestamptz;
comment on column conversations.flagged_at is 'The red flag: unanswered for 24 hours. An answer takes it down.';

create table sla_policies (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 80),
  position integer not null default 0,
  -- The one without conditions, which takes what no other policy took.
  is_default boolean not null default false,
  conditions jsonb not null default '{}' check (jsonb_typeof(conditions) = 'object'),
  targets jsonb not null check (jsonb_typeof(targets) = 'object'),
  business_hours_id bigint references business_hours,
  archived_at timestamptz,
  created_at timestamptz not null default now(),
  check (not (is_default and archived_at is not null))
);
create unique index sla_policies_name on sla_policies (plain(name)) where archived_at is null;
create unique index sla_policies_one_default on sla_policies (is_default) where is_default;
comment on column sla_policies.business_hours_id is 'Null: the calendar of the conversation''s team, else the firm''s.';
comment on column sla_policies.targets is 'By name of the target: {inside, outside} in seconds; outside null: counted from the next opening.';
insert into sla_policies (name, is_default, position, targets) values ('General', true, 1000000,
  '{"first_response": {"inside": 300, "outside": 1800}, "next_response": {"inside": 300, "outside": 1800},
    "movement": {"inside": 600, "outside": null}, "reassignment": {"inside": 1200, "outside": null}, "resolution": null}');

create table sla_clocks (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations,
  target text not null check (target in ('first_response', 'next_response', 'resolution')),
  policy_id bigint not null references sla_policies,
  business_hours_id bigint references business_hours on delete set null,
  calendar_version integer not null,
  in_business_time boolean not null,
  target_seconds integer check (target_seconds > 0),
  counted_seconds double precision not null default 0 check (counted_seconds >= 0),
  started_at timestamptz not null,
  resumed_at timestamptz,
  due_at timestamptz,
  breached_at timestamptz,
  met_at timestamptz,
  ended_at timestamptz,
  cycle integer not null default 0,
  alert_at timestamptz,
  reassign_at timestamptz,
  flag_at timestamptz,
  alert_from timestamptz,
  reassign_from timestamptz,
  -- When the tick has to look at it next.
  next_at timestamptz generated always as
    (least(case when breached_at is null and resumed_at is not null then due_at end, alert_at, reassign_at, flag_at)) stored,
  created_at timestamptz not null default now(),
  check (met_at is null or ended_at is not null),
  check (ended_at is not null or business_hours_id is not null),
  check (ended_at is null or resumed_at is null and alert_at is null and reassign_at is null and flag_at is null)
);
-- A conversation has at most one response clock and one resolution clock running.
create unique index sla_clocks_running on sla_clocks (conversation_id, (target = 'resolution')) where ended_at is null;
create index sla_clocks_next on sla_clocks (next_at) where next_at is not null;
-- Today's first responses, for the board.
create index sla_clocks_responses on sla_clocks (met_at) where target = 'first_response' and met_at is not null;
create index sla_clocks_conversation on sla_clocks (conversation_id, id);
comment on column sla_clocks.target_seconds is 'Null: the policy sets no target; the ladder of waiting runs all the same.';
comment on column sla_clocks.resumed_at is 'Since when it counts; null while it is paused and when it has ended.';
comment on column sla_clocks.counted_seconds is 'What had counted before it was resumed.';
comment on column sla_clocks.cycle is 'How often somebody moved it: each movement starts the ladder anew.';

create table escalations (
  id bigint generated always as identity primary key,
  conversation_id bigint not null references conversations,
  clock_id bigint not null references sla_clocks,
  cycle integer not null,
  step text not null check (step in ('breach', 'alert', 'reassign', 'flag')),
  created_at timestamptz not null default now(),
  -- Each step happens once, whatever number of processes looks.
  unique (clock_id, cycle, step)
);
create index escalations_conversation on escalations (conversation_id, id);
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop table escalations, sla_clocks, sla_policies;
alter table conversations drop column flagged_at, drop column topic_id, add column topic text not null default '';
`);
