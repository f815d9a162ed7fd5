import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table seals add column audit_leaves bytea, add column message_leaves bytea, add column mac text, add column closed boolean not null default false;
comment on column seals.audit_leaves is 'Of each row its id (8 bytes) and the beginning of its digest (8 bytes), so that a changed one can be named.';
comment on column seals.mac is 'Keyed with the installation''s secret: whoever has only the database cannot seal again what they changed.';
comment on column seals.closed is 'Shown to somebody outside: it grows no more.';

create function refuse_change_but_growth() returns trigger language plpgsql as $$
begin
  if new.id = old.id and new.previous_hash = old.previous_hash and new.created_at = old.created_at
    and new.first_audit_event_id = old.first_audit_event_id and new.first_message_id = old.first_message_id
    and new.last_audit_event_id >= old.last_audit_event_id and new.last_message_id >= old.last_message_id
    and not exists (select 1 from seals s where s.id > old.id) then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
drop trigger seals_append_only on seals;
create trigger seals_append_only before delete or truncate on seals for each statement execute function refuse_change();
create trigger seals_only_grow before update on seals for each row execute function refuse_change_but_growth();
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop trigger seals_only_grow on seals;
drop function refuse_change_but_growth();
drop trigger seals_append_only on seals;
create trigger seals_append_only before update or delete or truncate on seals for each statement execute function refuse_change();
alter table seals drop column audit_leaves, drop column message_leaves, drop column mac, drop column closed;
`);
