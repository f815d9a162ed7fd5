import type { Knex } from "knex";

export const up = (knex: Knex) =>
  knex.raw(`
alter table firm add column high_value_amount numeric(14, 2) not null default 1000 check (high_value_amount > 0);
comment on column firm.high_value_amount is 'Who bought for more than this in 30 days, in any one currency, is shown as of high value.';
alter table companies add column industry text not null default '' check (length(industry) <= 80),
  add column size text not null default '' check (length(size) <= 40);
comment on column companies.size is 'As people say it: 20 personas, 11-50.';
`);

export const down = (knex: Knex) =>
  knex.raw(
    "alter table companies drop column industry, drop column size; alter table firm drop column high_value_amount",
  );
