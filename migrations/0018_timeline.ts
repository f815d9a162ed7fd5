import type { Knex } from "knex";

/** One index for each kind of a customer's timeline, in its order. */
export const up = (knex: Knex) =>
  knex.raw(`
create index purchases_timeline on purchases (contact_id, (coalesce(placed_at, created_at)) desc, id desc);
drop index purchases_contact;
create index notes_timeline on notes (contact_id, created_at desc, id desc);
drop index notes_contact;
create index commitments_timeline on commitments (contact_id, promised_at desc, id desc);
create index audit_events_card on audit_events (contact_id, created_at desc, id desc)
  where act in ('contact.created', 'contact.changed', 'contact.merged', 'contact.unmerged', 'contact.separated');
comment on index audit_events_card is 'Changes of a card, for its timeline.';
`);

export const down = (knex: Knex) =>
  knex.raw(`drop index audit_events_card; drop index commitments_timeline; drop index notes_timeline; drop index purchases_timeline;
    create index notes_contact on notes (contact_id, created_at desc);
    create index purchases_contact on purchases (contact_id, placed_at desc)`);
