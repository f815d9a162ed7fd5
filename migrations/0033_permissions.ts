import type { Knex } from "knex";

/** Each of the eight old permissions becomes those that it stood for, in built-in roles and in a firm's own. */
export const up = (knex: Knex) =>
  knex.raw(`
with stands_for (old, new) as (values
  ('converse', '{conversations.see_all,conversations.reply,conversations.note,conversations.take,conversations.assign,
    conversations.classify,conversations.resolve,contacts.edit,contacts.phones,contacts.merge,purchases.see,purchases.edit,
    cases.edit,interactions.edit}'::text[]),
  ('supervise', '{supervise,approvals.decide}'),
  ('report', '{reports.see}'),
  ('configure', '{firm.manage,agents.manage,roles.manage,tokens.manage,teams.manage,inboxes.manage,deliveries.manage,
    routing.manage,sla.manage,hours.manage,automation.manage,topics.manage,fields.manage,tags.manage}'),
  ('audit', '{audit.see,audit.export}'),
  ('import', '{contacts.import}'),
  ('export', '{contacts.export}'),
  ('erase', '{contacts.erase,retention.manage}'))
update roles r set permissions = coalesce((select array_agg(distinct one) from stands_for s, unnest(s.new) one
  where s.old = any(r.permissions)), '{}');
comment on column roles.permissions is 'Names of services/agents/policy.ts.';
`);

export const down = (knex: Knex) =>
  knex.raw(`
with stands_for (old, new) as (values
  ('converse', 'conversations.reply'), ('supervise', 'supervise'), ('report', 'reports.see'), ('configure', 'firm.manage'),
  ('audit', 'audit.see'), ('import', 'contacts.import'), ('export', 'contacts.export'), ('erase', 'contacts.erase'))
update roles r set permissions = coalesce((select array_agg(s.old) from stands_for s where s.new = any(r.permissions)), '{}');
comment on column roles.permissions is null;
`);
