import { visibleTo as visibleContacts } from "../contacts/policy.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

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
    ? `select contact_id from contact_identities where external_id like :pattern or phone_match_key like :pattern limit 200`
    : `(select id from contacts where plain(name) like plain(:pattern) limit 200)`;
  return rows(
    ctx.db,
    `select p.id, p.name, coalesce(nullif(p.phone, ''), (select display from contact_identities where contact_id = p.id order by kind limit 1), '') as phone,
       (select id from conversations c where c.contact_id = p.id order by opened_at desc limit 1) as "conversationId"
     from contacts p where p.id in (${candidates}) and ${visible.sql} order by p.id desc limit ${most}`,
    { ...visible.bindings, pattern: pattern(byPhone ? digits : query) },
  );
}

/** The first look reads this many of the newest messages: a common word has its hits there. */
const newestFew = 1_500;

/** The newest matches: of the newest messages if there are enough, else of all. */
async function searchMessages(ctx: Reader, query: string): Promise<FoundMessage[]> {
  const few = `(select * from messages order by id desc limit ${newestFew})`;
  const found = await searchIn(ctx, query, few);
  return found.length === most ? found : searchIn(ctx, query, "messages");
}

/**
 * The newest matches of some messages. The words are parsed in a question of their own, or they would be again for
 * every message; who may see it is asked of the newest only, one after the other.
 */
function searchIn(ctx: Reader, query: string, messages: string): Promise<FoundMessage[]> {
  const visible = visibleTo(ctx.actor);
  return rows(
    ctx.db,
    `with q as materialized (select websearch_to_tsquery('public.hilo', :query) as q),
     newest as (select h.id, h.conversation_id, h.sent_at
       from (select m.id, m.conversation_id, m.sent_at from ${messages} m
         where m.search @@ (select q from q) and m.shown order by m.sent_at desc, m.id desc) h
       join conversations c on c.id = h.conversation_id
       where ${visible.sql} order by h.sent_at desc, h.id desc limit ${most})
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
