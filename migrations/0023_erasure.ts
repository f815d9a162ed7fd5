import type { Knex } from "knex";

/**
 * A person can be erased, and old data goes, while the chain of seals still proves everything else: of an erased row the
 * digest that was sealed stays, and nothing that it was made of.
 */
export const up = (knex: Knex) =>
  knex.raw(`
alter table contacts add column erased_at timestamptz, add column do_not_contact boolean not null default false;
comment on column contacts.do_not_contact is 'Answered when they write, never written to otherwise.';

alter table messages add column erased_digest bytea,
  add constraint messages_erased_is_empty check (erased_digest is null
    or (text = '' and content = '{}' and edited_text is null and identity_id is null and delivery_error is null));
comment on column messages.erased_digest is 'SHA-256 of what was sealed of it, once its content was erased.';

alter table audit_events add column erased_digest bytea,
  add constraint audit_events_erased_is_empty check (erased_digest is null or data = '{}');
comment on column audit_events.erased_digest is 'SHA-256 of what was sealed of it, once its data was erased.';

drop trigger audit_events_append_only on audit_events;
create trigger audit_events_append_only before delete or truncate on audit_events
  for each statement execute function refuse_change();
create function refuse_change_but_erasure() returns trigger language plpgsql as $$
begin
  if old.erased_digest is null and new.erased_digest is not null and new.data = '{}'
    and (to_jsonb(new) - 'data' - 'erased_digest') = (to_jsonb(old) - 'data' - 'erased_digest') then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger audit_events_only_erased before update on audit_events
  for each row execute function refuse_change_but_erasure();

create table retention_rules (
  kind text primary key check (kind in ('messages', 'files', 'interactions')),
  months integer not null check (months between 1 and 240),
  applied_before timestamptz
);
comment on column retention_rules.applied_before is 'What is older than this is gone.';
`);

export const down = (knex: Knex) =>
  knex.raw(`drop table retention_rules; drop trigger audit_events_only_erased on audit_events; drop function refuse_change_but_erasure();
    drop trigger audit_events_append_only on audit_events;
    create trigger audit_events_append_only before update or delete or truncate on audit_events for each statement execute function refuse_change();
    alter table audit_events drop column erased_digest; alter table messages drop column erased_digest;
    alter table contacts drop column erased_at, drop column do_not_contact`);
