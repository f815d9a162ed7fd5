import { may } from "../agents/policy.ts";
import { visibleTo as visibleCases } from "../cases/policy.ts";
import { visibleTo as visibleContacts } from "../contacts/policy.ts";
import { purchasesSeen, shownAddress, shownPhone } from "../contacts/shown.ts";
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

/** What hangs on a customer and is no message. `excerpt` marks hits as messages do. */
export interface FoundRecord {
  kind: "note" | "case" | "purchase" | "record" | "file";
  id: number;
  contactId: number;
  contactName: string;
  /** Where it stands in a conversation; null when it stands only on the customer. */
  conversationId: number | null;
  messageId: number | null;
  excerpt: string;
  at: Date;
}

export interface Found {
  contacts: FoundContact[];
  messages: FoundMessage[];
  records: FoundRecord[];
}

const most = 20;

/**
 * People by name (accents, case and small slips aside), phone in any spelling, e-mail, company or tag; messages and notes
 * by their words, in Spanish stems, `"exact words"` as in any search box; cases, purchases, records and files by name or number.
 * Only what the actor may see.
 */
export async function search(ctx: Reader, text: string): Promise<Found> {
  const query = text.toWellFormed().replaceAll("\0", "").trim().slice(0, 200);
  if (query.length < 2) return { contacts: [], messages: [], records: [] };
  const [contacts, messages, records] = await Promise.all([
    searchContacts(ctx, query),
    searchMessages(ctx, query),
    searchRecords(ctx, query),
  ]);
  return { contacts, messages, records };
}

const pattern = (part: string) => `%${part.replaceAll(/[\\%_]/g, "\\$&")}%`;

async function searchContacts(ctx: Reader, query: string): Promise<FoundContact[]> {
  const digits = query.replaceAll(/\D/g, "");
  if (digits.length >= 3 && /^[\d\s()+.-]+$/.test(query)) {
    if (!may(ctx.actor, "contacts.phones")) return [];
    const bySpelling =
      "select contact_id from contact_identities where external_id like :pattern or phone_match_key like :pattern limit 200";
    return findContacts(ctx, bySpelling, pattern(digits));
  }
  const byWords = `(select id from contacts where plain(name) like plain(:pattern) order by id desc limit 200)
    union (select id from contacts where email <> '' and lower(email) like lower(:pattern) limit 50)
    union (select id from contacts where company_id in (select id from companies where plain(name) like plain(:pattern)) limit 50)
    union (select contact_id from contact_tags where tag_id in (select id from tags where plain(name) like plain(:pattern)) limit 50)`;
  const found = await findContacts(ctx, byWords, pattern(query));
  if (found.length > 0) return found;
  // Nobody is written so: perhaps a letter slipped.
  return findContacts(ctx, "(select id from contacts where plain(:pattern) <% plain(name) limit 200)", query);
}

function findContacts(ctx: Reader, candidates: string, text: string): Promise<FoundContact[]> {
  const visible = visibleContacts(ctx.actor);
  const seen = visibleTo(ctx.actor);
  return rows(
    ctx.db,
    `select p.id, p.name, ${shownPhone(ctx.actor, "coalesce(nullif(p.phone, ''), (select display from contact_identities where contact_id = p.id order by kind limit 1), '')")} as phone,
       (select id from conversations c where c.contact_id = p.id and c.merged_into_id is null and ${seen.sql} order by opened_at desc limit 1) as "conversationId"
     from contacts p where p.id in (${candidates}) and p.merged_into_id is null and ${visible.sql} order by p.id desc limit ${most}`,
    { ...visible.bindings, ...seen.bindings, pattern: text },
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
       ${shownAddress(ctx.actor)} as "contactDisplay", n.sent_at as "sentAt",
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

const mostRecords = 10;

/** One question for all kinds: each is found by its own index, and shown only with a conversation that the actor sees. */
async function searchRecords(ctx: Reader, query: string): Promise<FoundRecord[]> {
  const seen = visibleTo(ctx.actor);
  const cases = visibleCases(ctx.actor);
  const contacts = visibleContacts(ctx.actor);
  return rows(
    ctx.db,
    `with q as materialized (select websearch_to_tsquery('public.hilo', :query) as q)
     (select 'note' as kind, n.id, n.contact_id as "contactId", p.name as "contactName", n.conversation_id as "conversationId",
        null::bigint as "messageId", ts_headline('public.hilo', n.text, (select q from q), :options) as excerpt, n.created_at as at
      from notes n join contacts p on p.id = n.contact_id left join conversations c on c.id = n.conversation_id
      where n.search @@ (select q from q) and case when c.id is null then ${contacts.sql} else ${seen.sql} end
      order by n.created_at desc limit ${mostRecords})
     union all
     (select 'case', k.id, k.contact_id, p.name, k.conversation_id, null, k.title, k.opened_at
      from cases k join contacts p on p.id = k.contact_id
      where plain(k.title) like plain(:pattern) and ${cases.sql} order by k.opened_at desc limit ${mostRecords})
     union all
     (select 'purchase', u.id, u.contact_id, p.name, null, null, concat_ws(' · ', '#' || coalesce(nullif(u.number, ''), u.external_id),
          (select string_agg(item ->> 'name', ', ') from jsonb_array_elements(u.items) item), nullif(u.status, '')),
        coalesce(u.placed_at, u.created_at)
      from purchases u join contacts p on p.id = u.contact_id
      where (lower(u.number) like lower(:prefix) or lower(u.external_id) like lower(:prefix)
          or (u.items <> '[]' and plain(u.items::text) like plain(:pattern))) and ${contacts.sql} and ${purchasesSeen(ctx.actor)}
      order by u.id desc limit ${mostRecords})
     union all
     (select 'record', r.id, r.contact_id, p.name, null, null, concat_ws(' · ', t.name, r.title, nullif(r.state, '')), r.at
      from records r join record_types t on t.id = r.record_type_id join contacts p on p.id = r.contact_id
      where plain(r.title) like plain(:pattern) and ${contacts.sql} order by r.at desc limit ${mostRecords})
     union all
     (select 'file', f.id, f.contact_id, p.name, m.conversation_id, m.id, f.file_name, m.sent_at
      from attachments f join messages m on m.id = f.message_id join conversations c on c.id = m.conversation_id
        join contacts p on p.id = f.contact_id
      where f.file_name <> '' and f.contact_id is not null and plain(f.file_name) like plain(:pattern) and m.shown and m.revoked_at is null and ${seen.sql}
      order by f.id desc limit ${mostRecords})`,
    {
      ...seen.bindings,
      ...cases.bindings,
      ...contacts.bindings,
      query,
      pattern: pattern(query),
      prefix: pattern(query.replace(/^#/, "")).slice(1),
      options: "StartSel=\ue000, StopSel=\ue001, MaxFragments=1, MaxWords=24, MinWords=8",
    },
  );
}
