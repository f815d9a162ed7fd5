import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
create table business_hours (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 80),
  time_zone text not null check (length(time_zone) between 1 and 80),
  week jsonb not null check (jsonb_typeof(week) = 'array' and jsonb_array_length(week) = 7),
  -- Changes with whatever changes what is open, so that what was counted by it is counted anew.
  version integer not null default 1,
  created_at timestamptz not null default now()
);
create unique index business_hours_name on business_hours (plain(name));
comment on column business_hours.week is
  'Monday first: of each day a list of [from, to] in minutes after its midnight; above 1440 it ends on the next day.';

create table holidays (
  id bigint generated always as identity primary key,
  business_hours_id bigint not null references business_hours on delete cascade,
  on_date date not null,
  name text not null check (length(name) between 1 and 120),
  spans jsonb not null default '[]' check (jsonb_typeof(spans) = 'array'),
  created_at timestamptz not null default now(),
  -- A day is one exception, not two that contradict each other.
  unique (business_hours_id, on_date)
);
comment on column holidays.spans is 'What is open on that day in place of the week''s hours; empty: closed.';

insert into business_hours (name, time_zone, week)
  select 'Horario de atención', time_zone,
    '[[[540,1080]],[[540,1080]],[[540,1080]],[[540,1080]],[[540,1080]],[],[]]' from firm;
alter table firm add column business_hours_id bigint references business_hours;
update firm set business_hours_id = (select min(id) from business_hours);
alter table firm alter column business_hours_id set not null;
alter table teams add column business_hours_id bigint references business_hours;
`);

export const down = (knex: Knex) =>
  knex.raw(`
alter table teams drop column business_hours_id;
alter table firm drop column business_hours_id;
drop table holidays, business_hours;
`);
