import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table agents
  alter column availability set default 'offline',
  drop constraint agents_max_waiting_check, add constraint agents_max_waiting_check check (max_waiting between 0 and 1000),
  drop constraint agents_max_open_check, add constraint agents_max_open_check check (max_open between 0 and 1000),
  add column availability_changed_at timestamptz not null default now(),
  add column availability_source text not null default 'hand' check (availability_source in ('hand', 'inactivity', 'schedule')),
  add column away_reason text not null default '' check (length(away_reason) <= 120),
  add column back_at timestamptz,
  add column last_seen_at timestamptz,
  add column last_assigned_at timestamptz,
  add column last_reply_at timestamptz,
  add column receives boolean not null default false,
  add column business_hours_id bigint references business_hours;
comment on column agents.receives is 'Whether conversations are given to them by Hilo.';
comment on column agents.business_hours_id is 'Their own hours: outside of them they are offline. Null: they say it themselves.';
update agents a set receives = true from roles r where r.id = a.role_id and not 'supervise' = any(r.permissions);

create table agent_skills (
  agent_id bigint not null references agents on delete cascade,
  skill text not null check (length(skill) between 1 and 60),
  primary key (agent_id, skill)
);
comment on table agent_skills is 'What an agent can do that a rule may ask for: a language, a product. Lower case, without accents.';

alter table teams add column strategy text not null default 'least_loaded'
    check (strategy in ('least_loaded', 'round_robin', 'longest_idle', 'manual')),
  add column archived_at timestamptz;
alter table firm
  add column strategy text not null default 'least_loaded'
    check (strategy in ('least_loaded', 'round_robin', 'longest_idle', 'manual')),
  add column pilot_percent integer not null default 100 check (pilot_percent between 0 and 100),
  add column last_agent_first boolean not null default true,
  add column inactive_minutes integer not null default 15 check (inactive_minutes between 0 and 1440),
  add column absence_minutes integer check (absence_minutes between 0 and 1440) default 10,
  add column transfer_needs_note boolean not null default false,
  add column frequent_conversations integer not null default 3 check (frequent_conversations >= 0),
  add column frequent_returns integer not null default 2 check (frequent_returns >= 0),
  add column priority_tag text not null default 'prioridad' check (length(priority_tag) <= 60);
comment on column firm.strategy is 'How conversations of no team are given out; manual: by people.';
comment on column firm.inactive_minutes is 'Away after this long without a sign of life; 0: never.';
comment on column firm.absence_minutes is 'What waits with an absent agent goes to the queue after this long; null: it stays.';
comment on column firm.frequent_conversations is 'More than this many in 30 days make a priority; 0: never. Returns: in 90 days.';

create index assignments_given on assignments (created_at) where assignee_id is not null;

create table assignment_rules (
  id bigint generated always as identity primary key,
  name text not null check (length(name) between 1 and 80),
  position integer not null,
  conditions jsonb not null check (jsonb_typeof(conditions) = 'object'),
  actions jsonb not null check (jsonb_typeof(actions) = 'object'),
  created_at timestamptz not null default now()
);
create unique index assignment_rules_name on assignment_rules (plain(name));

alter table conversations add column skill text check (length(skill) <= 60),
  add column rule_id bigint references assignment_rules on delete set null;
drop index conversations_queue;
-- Every list is of one status or of what is not resolved: nothing asked for all of them, and each message paid for it.
drop index conversations_activity;
-- The queue: what matters most, then who waits longest.
create index conversations_queue on conversations
    ((case priority when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end), waiting_since, id)
  where status = 'open' and assignee_id is null;

insert into sla_policies (name, position, conditions, targets) values
  ('Urgente', 10, '{"priorities": ["urgent"]}', '{"first_response": {"inside": 60, "outside": 1800},
    "next_response": {"inside": 60, "outside": 1800}, "movement": {"inside": 300, "outside": null},
    "reassignment": {"inside": 600, "outside": null}, "resolution": null}'),
  ('Prioridad alta', 20, '{"priorities": ["high"]}', '{"first_response": {"inside": 90, "outside": 1800},
    "next_response": {"inside": 90, "outside": 1800}, "movement": {"inside": 600, "outside": null},
    "reassignment": {"inside": 1200, "outside": null}, "resolution": null}');

create table alerts (
  id bigint generated always as identity primary key,
  agent_id bigint not null references agents on delete cascade,
  conversation_id bigint not null references conversations,
  kind text not null check (kind in ('stalled', 'reassigned', 'nobody', 'neglected', 'nudge', 'low_score')),
  by_id bigint references agents,
  created_at timestamptz not null default now(),
  seen_at timestamptz
);
create index alerts_agent on alerts (agent_id, id desc);
create index alerts_unseen on alerts (agent_id) where seen_at is null;
create index alerts_conversation on alerts (conversation_id);
comment on table alerts is 'What somebody has to look at, told to each who has to.';
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop table alerts, agent_skills;
alter table conversations drop column skill, drop column rule_id;
drop table assignment_rules;
create index conversations_activity on conversations (last_activity_at desc, id desc);
drop index conversations_queue;
create index conversations_queue on conversations (waiting_since, id) where status = 'open' and assignee_id is null;
drop index assignments_given;
delete from sla_policies where not is_default;
alter table firm drop column strategy, drop column pilot_percent, drop column last_agent_first, drop column inactive_minutes,
  drop column absence_minutes, drop column transfer_needs_note, drop column frequent_conversations, drop column frequent_returns,
  drop column priority_tag;
alter table teams drop column strategy, drop column archived_at;
alter table agents drop column availability_changed_at, drop column availability_source, drop column away_reason,
  drop column back_at, drop column last_seen_at, drop column last_assigned_at, drop column last_reply_at,
  drop column receives, drop column business_hours_id, alter column availability set default 'online';
`);
