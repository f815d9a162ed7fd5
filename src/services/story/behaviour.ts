import { purchasesSeen } from "../contacts/shown.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { asJson, row } from "../platform/database.ts";

/** How a customer behaves, computed from what is stored when it is asked. */
export interface Behaviour {
  /** Of what they wrote, by the hour of the day in the given zone: 24 counts. */
  hours: number[];
  /** Conversations begun in each of the last months that had any, oldest first: `2026-11`. */
  months: { month: string; conversations: number }[];
  /** By which doors they wrote, and what their cases were about, the most frequent first. */
  inboxes: { name: string; times: number }[];
  topics: { name: string; times: number }[];
  /** What they bought most often, the most frequent first. */
  products: { name: string; times: number }[];
}

/** The newest messages tell how people write now, and cost the same for a customer of ten years. */
const newestMessages = 500;
const mostMonths = 12;
const mostProducts = 3;

/** The caller has loaded the contact; only conversations that the actor sees count. */
export async function getBehaviour(ctx: Reader, contactId: number, timeZone: string): Promise<Behaviour> {
  const visible = visibleTo(ctx.actor);
  const found = await row<{
    hours: { hour: number; n: number }[] | null;
    months: Behaviour["months"] | null;
    products: Behaviour["products"] | null;
    inboxes: Behaviour["inboxes"] | null;
    topics: Behaviour["topics"] | null;
  }>(
    ctx.db,
    `with seen as materialized (select c.id, c.opened_at, c.merged_into_id from conversations c where c.contact_id = :contactId and ${visible.sql}),
     newest as (select m.sent_at, m.inbox_id from messages m where m.contact_id = :contactId and m.shown and m.author_kind = 'contact'
       and m.conversation_id in (select id from seen) order by m.sent_at desc, m.id desc limit ${newestMessages})
     select ${asJson("select extract(hour from sent_at at time zone :timeZone)::int as hour, count(*)::int as n from newest group by 1")} as hours,
       ${asJson(`select * from (select to_char(opened_at at time zone :timeZone, 'YYYY-MM') as month, count(*)::int as conversations
         from seen where merged_into_id is null group by 1 order by 1 desc limit ${mostMonths}) latest order by month`)} as months,
       ${asJson("select i.name, count(*)::int as times from newest n join inboxes i on i.id = n.inbox_id group by i.id order by 2 desc, 1 limit 3")} as inboxes,
       ${asJson(`select t.name, count(*)::int as times from cases k join topics t on t.id = k.topic_id
         where k.contact_id = :contactId and k.conversation_id in (select id from seen) group by t.id order by 2 desc, 1 limit 3`)} as topics,
       ${asJson(`select item ->> 'name' as name, count(*)::int as times
         from purchases u cross join jsonb_array_elements(u.items) item
         where u.contact_id = :contactId and u.returned_at is null and item ->> 'name' <> '' and ${purchasesSeen(ctx.actor)}
         group by 1 order by 2 desc, 1 limit ${mostProducts}`)} as products`,
    { ...visible.bindings, contactId, timeZone },
  );
  const hours = Array.from({ length: 24 }, () => 0);
  for (const { hour, n } of found?.hours ?? []) hours[hour] = n;
  return {
    hours,
    months: found?.months ?? [],
    inboxes: found?.inboxes ?? [],
    topics: found?.topics ?? [],
    products: found?.products ?? [],
  };
}
