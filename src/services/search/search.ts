import { visibleTo as visibleContacts } from "../contacts/policy.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";

export interface FoundContact {
  id: number;
  name: string;
  phone: string;
  conversationId: number | null;
}

export interface FoundMessage {
  id: number;
  conversationId: number;
  contactName: string;
  contactDisplay: string;
  /** Words that matched stand between U+E000 and U+E001. */
  excerpt: string;
  sentAt: Date;
}

export interface Found {
  contacts: FoundContact[];
  messages: FoundMessage[];
}

const most = 20;

/**
 * People by name (accents and case aside) or phone, and messages by their words, in Spanish stems; `"exact words"`
 * as in any search box. Only what the actor may see.
 */
export async function search(ctx: Reader, text: string): Promise<Found> {
  const query = text.toWellFormed().replaceAll("\0", "").trim().slice(0, 200);
  if (query.length < 2) return { contacts: [], messages: [] };
  const [contacts, messages] = await Promise.all([searchContacts(ctx, query), searchMessages(ctx, query)]);
  return { contacts, messages };
}

function searchContacts(ctx: Reader, query: string): Promise<FoundContact[]> {
  const visible = visibleContacts(ctx.actor);
  const digits = query.replaceAll(/\D/g, "");
  const byPhone = digits.length >= 3 && /^[\d\s()+.-]+$/.test(query);
  const pattern = (part: string) => `%${part.replaceAll(/[\\%_]/g, "\\$&")}%`;
  const candidates = byPhone
    ? `select contact_id as id from contact_identities where external_id like :pattern
       union select contact_id from contact_identities where phone_match_key like :pattern limit 200`
    : `(select id from contacts where plain(name) like plain(:pattern) limit 200)`;
  return rows(
    ctx.db,
    `select p.id, p.name, coalesce(nullif(p.phone, ''), (select display from contact_identities where contact_id = p.id order by kind limit 1), '') as phone,
       (select id from conversations c where c.contact_id = p.id order by opened_at desc limit 1) as "conversationId"
     from contacts p where p.id in (${candidates}) and ${visible.sql} order by p.id desc limit ${most}`,
    { ...visible.bindings, pattern: pattern(byPhone ? digits : query) },
  );
}

/** How far back each look reaches, by message ids: the newest are wanted, and a common word has very many. */
const reaches = [20_000, Number.POSITIVE_INFINITY];

/** Floors are rounded down to this, so that the same statement serves many searches. */
const floorStep = 2_000;

/** The newest matches, with wider and wider looks until there are enough. */
async function searchMessages(ctx: Reader, query: string): Promise<FoundMessage[]> {
  const newest = await row<{ id: number }>(ctx.db, "select max(id) as id from messages");
  let found: FoundMessage[] = [];
  for (const reach of reaches) {
    const floor = Math.max(0, Math.floor(((newest?.id ?? 0) - reach) / floorStep) * floorStep);
    found = await searchAbove(ctx, query, floor);
    if (found.length === most || floor === 0) break;
  }
  return found;
}

/** The floor stands in the text: only then does Postgres know how little it cuts off, and joins both indexes. */
function searchAbove(ctx: Reader, query: string, floor: number): Promise<FoundMessage[]> {
  const visible = visibleTo(ctx.actor);
  return rows(
    ctx.db,
    `with q as (select websearch_to_tsquery('public.hilo', :query) as q),
     newest as (select m.id, m.conversation_id, m.sent_at from messages m join conversations c on c.id = m.conversation_id
       where m.search @@ websearch_to_tsquery('public.hilo', :query) and m.shown and m.id > ${floor} and ${visible.sql}
       order by m.sent_at desc, m.id desc limit ${most})
     select n.id, n.conversation_id as "conversationId", p.name as "contactName",
       coalesce(nullif(i.display, ''), p.phone) as "contactDisplay", n.sent_at as "sentAt",
       ts_headline('public.hilo', m.text, q.q, :options) as excerpt
     from newest n join messages m on m.id = n.id join contacts p on p.id = m.contact_id
       left join contact_identities i on i.id = m.identity_id, q
     order by n.sent_at desc, n.id desc`,
    {
      ...visible.bindings,
      query,
      options: "StartSel=\ue000, StopSel=\ue001, MaxFragments=1, MaxWords=24, MinWords=8",
    },
  );
}
