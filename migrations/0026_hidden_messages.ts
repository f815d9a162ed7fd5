import type { Knex } from "knex";

/** Reactions, edits and revocations are few and shown nowhere; whatever moves a customer's messages moves them too. */
export const up = (knex: Knex) =>
  knex.raw(`
create index messages_hidden_contact on messages (contact_id) where not shown;
create index messages_hidden_conversation on messages (conversation_id) where not shown;
create index purchases_items on purchases using gin (plain(items::text) gin_trgm_ops) where items <> '[]';
comment on index purchases_items is 'Purchases are found by what was bought.';
`);

export const down = (knex: Knex) =>
  knex.raw("drop index purchases_items, messages_hidden_conversation, messages_hidden_contact");
