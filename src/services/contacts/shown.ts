import { may } from "../agents/policy.ts";
import type { Actor } from "../platform/context.ts";

/** A phone, or an address that holds one, as an actor may see it. */
export const shownPhone = (actor: Actor, sql: string): string =>
  may(actor, "contacts.phones") ? sql : `masked_phone(${sql})`;

/** How a contact `p` without a name is told apart, by the identity `i` they write from. */
export const shownAddress = (actor: Actor): string =>
  shownPhone(actor, "coalesce(nullif(i.display, ''), p.phone)");

/** What a change of a card was, without what the actor may not see of it. */
export const shownChange = (actor: Actor, sql: string): string =>
  may(actor, "contacts.phones") ? sql : `(${sql} - 'phone')`;

/** A condition: what was bought is for those who may see it. */
export const purchasesSeen = (actor: Actor): "true" | "false" =>
  may(actor, "purchases.see") ? "true" : "false";
