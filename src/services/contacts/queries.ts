import { may } from "../agents/policy.ts";
import type { Actor, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { phoneMatchKey } from "./phone.ts";
import { visibleTo } from "./policy.ts";
import { shownPhone } from "./shown.ts";

export interface Contact {
  id: number;
  name: string;
  company: string;
  companyId: number | null;
  jobTitle: string;
  email: string;
  phone: string;
  language: string;
  location: string;
  /** As people say it: by which way and when they want to be reached. */
  preferredChannel: string;
  preferredHours: string;
  doNotCall: boolean;
  /** Answered when they write, never written to otherwise. */
  doNotContact: boolean;
  /** When the person was erased: what is left is nobody's. */
  erasedAt: Date | null;
  tags: string[];
  identities: {
    id: number;
    channel: "whatsapp";
    externalId: string;
    kind: "phone" | "user_id";
    display: string;
  }[];
  custom: Record<string, unknown>;
  firstSeenAt: Date;
  createdAt: Date;
}

const columns = (actor: Actor) => `
  p.id, p.name, coalesce(co.name, '') as company, p.company_id as "companyId", p.job_title as "jobTitle", p.email, ${shownPhone(actor, "p.phone")} as phone, p.language, p.custom, p.location,
  p.preferred_channel as "preferredChannel", p.preferred_hours as "preferredHours", p.do_not_call as "doNotCall",
  p.do_not_contact as "doNotContact", p.erased_at as "erasedAt",
  p.first_seen_at as "firstSeenAt", p.created_at as "createdAt",
  coalesce((select array_agg(t.name order by t.name) from contact_tags ct join tags t on t.id = ct.tag_id
    where ct.contact_id = p.id), '{}') as tags,
  coalesce((select jsonb_agg(jsonb_build_object('id', i.id, 'channel', i.channel, 'externalId', ${shownPhone(actor, "i.external_id")},
      'kind', i.kind, 'display', ${shownPhone(actor, "i.display")}) order by i.kind, i.id)
    from contact_identities i where i.contact_id = p.id), '[]') as identities`;

/** @throws NotFound also when the actor may not know of them. */
export async function getContact(ctx: Reader, id: number): Promise<Contact> {
  const { sql, bindings } = contactSql(ctx.actor);
  const found = await row<Contact>(ctx.db, sql, { ...bindings, contactId: id });
  if (!found) throw new NotFound();
  return found;
}

/** The contact `:contactId`, or whom they were merged into, if the actor may know of them. */
export function contactSql(actor: Actor): { sql: string; bindings: Record<string, unknown> } {
  const { sql, bindings } = visibleTo(actor);
  const from = "contacts p left join companies co on co.id = p.company_id";
  const whom = "coalesce((select merged_into_id from contacts where id = :contactId), :contactId)";
  return { sql: `select ${columns(actor)} from ${from} where p.id = ${whom} and ${sql}`, bindings };
}

/** What is wrong with a card: nobody heard of them for a year, or there is no way to write to them beside the channel. */
export const lacks = ["activity", "email", "company"] as const;

export interface ContactQuery {
  lack?: (typeof lacks)[number] | undefined;
  /** Part of a name, an e-mail or a phone. */
  search?: string | undefined;
  /** Exactly this phone, in any spelling. */
  phone?: string | undefined;
  email?: string | undefined;
  companyId?: number | undefined;
}

const lacking = {
  activity: `p.first_seen_at < now() - interval '1 year' and not exists (select 1 from conversations lc
    where lc.contact_id = p.id and lc.last_activity_at > now() - interval '1 year')`,
  email: "p.email = ''",
  company: "p.company_id is null",
} satisfies Record<(typeof lacks)[number], string>;

/** Newest first; `before` is the id to go on from. */
export function listContacts(
  ctx: Reader,
  query: ContactQuery,
  page: { before: number | null; limit: number },
): Promise<Contact[]> {
  const visible = visibleTo(ctx.actor);
  const search = query.search?.trim().slice(0, 100) ?? "";
  const digits = search.replaceAll(/\D/g, "");
  const pattern = (part: string) => `%${part.replaceAll(/[\\%_]/g, "\\$&")}%`;
  const conditions = [
    visible.sql,
    "p.merged_into_id is null and p.erased_at is null",
    search &&
      `p.id in (select id from contacts where plain(name) like plain(:name)
        union select id from contacts where email <> '' and lower(email) like lower(:name)
        ${digits.length >= 3 && may(ctx.actor, "contacts.phones") ? "union select contact_id from contact_identities where external_id like :digits union select contact_id from contact_identities where phone_match_key like :digits" : ""})`,
    query.phone !== undefined && !may(ctx.actor, "contacts.phones") && "false",
    query.phone !== undefined &&
      `p.id in (select id from contacts where phone_match_key = :phone
        union select contact_id from contact_identities where phone_match_key = :phone)`,
    query.email !== undefined && "p.email <> '' and lower(p.email) = lower(:email)",
    query.lack && lacking[query.lack],
    query.companyId !== undefined && "p.company_id = :companyId",
    page.before !== null && "p.id < :before",
  ].filter(Boolean);
  return rows(
    ctx.db,
    `select ${columns(ctx.actor)} from contacts p left join companies co on co.id = p.company_id
     where ${conditions.join(" and ")} order by p.id desc limit :limit`,
    {
      ...visible.bindings,
      name: pattern(search),
      digits: pattern(digits),
      phone: phoneMatchKey(query.phone ?? ""),
      email: query.email ?? "",
      companyId: query.companyId ?? null,
      before: page.before,
      limit: page.limit,
    },
  );
}
