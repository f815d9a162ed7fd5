import { may } from "../agents/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { lockMerging } from "../platform/locks.ts";
import { transact } from "../platform/transact.ts";
import { visibleTo } from "./policy.ts";
import { purchasesSeen } from "./shown.ts";

export interface Company {
  id: number;
  name: string;
  industry: string;
  /** As people say it: `20 personas`. */
  size: string;
  people: number;
}

/** What a company's people bought and wait for. Amounts as text, two decimals, by currency. */
export interface CompanySummary {
  purchases: number;
  totals: { currency: string; total: string }[];
}

/** Companies of which the actor may know somebody, by name; `after` is the name to go on from. */
export function listCompanies(
  ctx: Reader,
  query: { search: string; after: string | null; limit: number },
): Promise<Company[]> {
  const visible = visibleTo(ctx.actor);
  const search = query.search.trim().slice(0, 100);
  return rows(
    ctx.db,
    `select co.id, co.name, co.industry, co.size, (select count(*)::int from contacts p where p.company_id = co.id and p.merged_into_id is null and ${visible.sql}) as people
     from companies co where ${search ? "plain(co.name) like plain(:pattern) and" : ""} ${query.after === null ? "" : "co.name > :after and"}
       exists (select 1 from contacts p where p.company_id = co.id and p.merged_into_id is null and ${visible.sql})
     order by co.name limit :limit`,
    {
      ...visible.bindings,
      pattern: `%${search.replaceAll(/[\\%_]/g, "\\$&")}%`,
      after: query.after,
      limit: query.limit,
    },
  );
}

/** @throws NotFound also when the actor may know of nobody there. */
export async function getCompany(ctx: Reader, id: number): Promise<Company & CompanySummary> {
  const visible = visibleTo(ctx.actor);
  const found = await row<Company & CompanySummary>(
    ctx.db,
    `with person as materialized (select p.id from contacts p where p.company_id = :id and p.merged_into_id is null and ${visible.sql})
     select co.id, co.name, co.industry, co.size, (select count(*)::int from person) as people,
       (select count(*)::int from purchases where contact_id in (select id from person) and ${purchasesSeen(ctx.actor)}) as purchases,
       coalesce((select json_agg(t) from (select currency, sum(amount)::text as total from purchases
         where contact_id in (select id from person) and ${purchasesSeen(ctx.actor)} and returned_at is null and amount is not null and currency is not null
         group by currency order by count(*) desc, currency) t), '[]') as totals
     from companies co where co.id = :id`,
    { ...visible.bindings, id },
  );
  if (!found || found.people === 0) throw new NotFound();
  return found;
}

/**
 * Changes what is known of a company, for all its people. A name that another company has makes the two one.
 *
 * @returns the id of the company that has the name now.
 * @throws NotFound, Forbidden, Invalid.
 */
export function changeCompany(
  ctx: Context,
  id: number,
  to: { name: string; industry: string; size: string },
): Promise<number> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "contacts.edit")) throw new Forbidden();
    await lockMerging(tx);
    const before = await getCompany(tx, id);
    const clean = cleanText(to.name);
    const [industry, size] = [cleanText(to.industry), cleanText(to.size)];
    if (clean === "" || clean.length > 160) throw new Invalid({ name: "companies.name_length" });
    if (industry.length > 80) throw new Invalid({ industry: "imports.too_long" });
    if (size.length > 40) throw new Invalid({ size: "imports.too_long" });
    const same = await row<{ id: number }>(
      tx.db,
      "select id from companies where name = ? and id <> ? for update",
      [clean, id],
    );
    if (same) {
      await tx.db("contacts").where({ company_id: id }).update({ company_id: same.id });
      await tx.db("companies").where({ id }).delete();
    } else await tx.db("companies").where({ id }).update({ name: clean, industry, size });
    const data = { companyId: id, from: before.name, to: clean };
    tx.record({ type: "company.changed", companyId: same?.id ?? id }, { act: "company.changed", data });
    return same?.id ?? id;
  });
}

const cleanText = (text: string): string => text.toWellFormed().replaceAll("\0", "").trim();
