import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table sessions add column ended_at timestamptz;
comment on column sessions.ended_at is 'Ended by somebody: a request that is still under way does not bring it back.';
create function keep_ended() returns trigger language plpgsql as $$
begin
  if old.ended_at is not null then return null; end if;
  return new;
end $$;
create trigger sessions_keep_ended before update on sessions for each row execute function keep_ended();

create or replace function refuse_change_but_growth() returns trigger language plpgsql as $$
begin
  if new.id = old.id and new.previous_hash = old.previous_hash and new.created_at = old.created_at and not old.closed
    and new.first_audit_event_id = old.first_audit_event_id and new.first_message_id = old.first_message_id
    and new.last_audit_event_id >= old.last_audit_event_id and new.last_message_id >= old.last_message_id
    and not exists (select 1 from seals s where s.id > old.id) then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create index seals_audit_events on seals (last_audit_event_id);
create index seals_messages on seals (last_message_id);
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop index seals_audit_events;
drop index seals_messages;
drop trigger sessions_keep_ended on sessions;
drop function keep_ended();
alter table sessions drop column ended_at;
`);
