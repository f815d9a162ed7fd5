import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { shownChange } from "./shown.ts";

/** Who changed which fields of a card, and from what. */
export interface ContactChange {
  id: number;
  actorName: string | null;
  at: Date;
  fields: Record<string, { from: unknown; to: unknown }>;
}

const most = 10;

/** The newest changes of a card. The caller has loaded the contact. */
export function listContactChanges(ctx: Reader, contactId: number): Promise<ContactChange[]> {
  return rows(
    ctx.db,
    `select e.id, a.name as "actorName", e.created_at as at, ${shownChange(ctx.actor, "e.data")} as fields
     from audit_events e left join agents a on a.id = e.actor_id
     where e.contact_id in (select id from contacts where id = :contactId or merged_into_id = :contactId) and e.act = 'contact.changed' order by e.id desc limit ${most}`,
    { contactId },
  );
}
