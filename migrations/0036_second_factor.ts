import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table agents
  add column totp_secret text,
  add column totp_pending text,
  add column totp_last_step bigint;
comment on column agents.totp_secret is 'Encrypted; null: no second factor.';
comment on column agents.totp_pending is 'Encrypted; shown as a QR code and not yet confirmed by a code.';
comment on column agents.totp_last_step is 'Of the newest code that was taken: none is taken twice.';
alter table roles add column requires_second_factor boolean not null default false;

create table recovery_codes (
  id bigint generated always as identity primary key,
  agent_id bigint not null references agents on delete cascade,
  code_hash text not null,
  used_at timestamptz,
  unique (agent_id, code_hash)
);
comment on table recovery_codes is 'Each opens the door once to whoever has lost the second factor.';
`);

export const down = (knex: Knex) =>
  knex.raw(`
drop table recovery_codes;
alter table roles drop column requires_second_factor;
alter table agents drop column totp_secret, drop column totp_pending, drop column totp_last_step;
`);
