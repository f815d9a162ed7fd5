import { may } from "../agents/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { json, row, withTimes } from "../platform/database.ts";
import { Forbidden, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { lockContact } from "./lock-contact.ts";
import { purchasesSeen } from "./shown.ts";

/** What a shop tells of a purchase. Absent keeps what was stored, null clears. */
export interface PurchaseFields {
  number?: string | undefined;
  placedAt?: string | null | undefined;
  /** In the currency's unit, at most two decimals. */
  amount?: number | null | undefined;
  /** ISO 4217. */
  currency?: string | null | undefined;
  status?: string | undefined;
  trackingUrl?: string | undefined;
  deliveryWindow?: string | undefined;
  returnedAt?: string | null | undefined;
  items?: { name: string; quantity?: number | undefined; amount?: number | undefined }[] | undefined;
}

export interface Purchase {
  id: number;
  contactId: number;
  externalId: string;
  number: string;
  placedAt: Date | null;
  amount: string | null;
  currency: string | null;
  status: string;
  trackingUrl: string;
  deliveryWindow: string;
  returnedAt: Date | null;
  items: { name?: string; quantity?: number; amount?: number }[];
  updatedAt: Date;
}

/** What a call may change, and where it is stored. */
const columnOf = {
  number: "number",
  placedAt: "placed_at",
  amount: "amount",
  currency: "currency",
  status: "status",
  trackingUrl: "tracking_url",
  deliveryWindow: "delivery_window",
  returnedAt: "returned_at",
  items: "items",
} as const satisfies Record<keyof PurchaseFields, string>;

const purchaseColumns = `id, contact_id as "contactId", external_id as "externalId", number, placed_at as "placedAt", amount, currency,
  status, tracking_url as "trackingUrl", delivery_window as "deliveryWindow", returned_at as "returnedAt", items,
  updated_at as "updatedAt"`;

/** The caller has loaded the contact. */
export async function getPurchase(ctx: Reader, contactId: number, id: number): Promise<Purchase> {
  const found = await row<Purchase>(
    ctx.db,
    `select ${purchaseColumns} from purchases where id = ? and contact_id = ? and ${purchasesSeen(ctx.actor)}`,
    [id, contactId],
  );
  if (!found) throw new NotFound();
  return found;
}

/** Whether a customer has another purchase of this number, beside the one that is known under `externalId`. */
export async function isNumberTaken(
  ctx: Reader,
  contactId: number,
  number: string,
  externalId: string,
): Promise<boolean> {
  const other = await row(
    ctx.db,
    "select 1 from purchases where contact_id = :contactId and :number::text in (number, external_id) and external_id <> :externalId::text",
    { contactId, number, externalId },
  );
  return other !== null;
}

/** Stores a purchase under the shop's own id: the same call again changes nothing. @throws NotFound, Forbidden. */
export async function savePurchase(
  ctx: Context,
  boughtById: number,
  externalId: string,
  fields: PurchaseFields,
): Promise<Purchase> {
  if (!may(ctx.actor, "purchases.edit")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const contactId = await lockContact(tx, boughtById);
    const saved = await row<Purchase>(
      tx.db,
      `insert into purchases as p (contact_id, external_id, number, placed_at, amount, currency, status, tracking_url,
         delivery_window, returned_at, items)
       values (:contactId, :externalId, coalesce(:number, ''), :placedAt, :amount, :currency, coalesce(:status, ''),
         coalesce(:trackingUrl, ''), coalesce(:deliveryWindow, ''), :returnedAt, coalesce(:items::jsonb, '[]'))
       on conflict (contact_id, external_id) do update set ${Object.entries(columnOf)
         .map(
           ([field, column]) =>
             `${column} = case when '${field}' = any(:given::text[]) then excluded.${column} else p.${column} end`,
         )
         .join(", ")}, updated_at = now()
       returning ${purchaseColumns}`,
      {
        contactId,
        externalId,
        ...Object.fromEntries(
          Object.keys(columnOf).map((field) => [field, fields[field as keyof PurchaseFields] ?? null]),
        ),
        items: fields.items ? json(fields.items) : null,
        given: Object.keys(columnOf).filter((field) => fields[field as keyof PurchaseFields] !== undefined),
      },
    );
    if (!saved) throw new Error("a purchase was not stored");
    tx.record(
      { type: "contact.changed", contactId },
      { act: "purchase.saved", contactId, data: { externalId, status: saved.status } },
    );
    return saved;
  });
}

/** A purchase as the card shows it. */
export type ShownPurchase = Pick<
  Purchase,
  | "id"
  | "externalId"
  | "number"
  | "placedAt"
  | "currency"
  | "status"
  | "trackingUrl"
  | "deliveryWindow"
  | "returnedAt"
> & { amount: string | null; items: { name?: string; quantity?: number }[] };

/** What a customer bought: everything counted, the newest few shown. */
export interface PurchaseSummary {
  count: number;
  returns: number;
  lastAt: Date | null;
  /** In the last 90 days. */
  recent: number;
  /** Days between one and the next, on the average; null below two. */
  everyDays: number | null;
  /** In the last 30 days they bought for more than the firm calls much. */
  isHighValue: boolean;
  /** Without what was returned; the currency of most purchases first. Amounts as text, two decimals. */
  totals: { currency: string; total: string }[];
  latest: ShownPurchase[];
}

const mostShown = 4;

/** Of contact `:contactId`. A purchase without a date counts from when it was told. */
export const purchasesSql = `
  select count(*)::int as count, count(returned_at)::int as returns, max(coalesce(placed_at, created_at)) as "lastAt",
    (count(*) filter (where coalesce(placed_at, created_at) > now() - interval '90 days'))::int as recent,
    case when count(*) > 1 then round(extract(epoch from max(coalesce(placed_at, created_at)) - min(coalesce(placed_at, created_at))) / 86400 / (count(*) - 1))::int end as "everyDays",
    exists (select 1 from purchases where contact_id = :contactId and returned_at is null and currency is not null
      and coalesce(placed_at, created_at) > now() - interval '30 days'
      group by currency having sum(amount) > (select high_value_amount from firm)) as "isHighValue",
    (select json_agg(t) from (select currency, sum(amount)::text as total from purchases
       where contact_id = :contactId and returned_at is null and amount is not null and currency is not null
       group by currency order by count(*) desc, currency) t) as totals,
    (select json_agg(l) from (select id, external_id as "externalId", number, placed_at as "placedAt", amount::text, currency, status,
         tracking_url as "trackingUrl", delivery_window as "deliveryWindow", returned_at as "returnedAt", items
       from purchases where contact_id = :contactId order by coalesce(placed_at, created_at) desc, id desc limit ${mostShown}) l) as latest
  from purchases where contact_id = :contactId`;

type SummaryRow = Omit<PurchaseSummary, "totals" | "latest"> & {
  totals: PurchaseSummary["totals"] | null;
  latest: ShownPurchase[] | null;
};

/** A summary that came as JSON; null is a customer without purchases. */
export function toPurchaseSummary(found: SummaryRow | null): PurchaseSummary {
  if (!found) {
    return {
      count: 0,
      returns: 0,
      lastAt: null,
      recent: 0,
      everyDays: null,
      isHighValue: false,
      totals: [],
      latest: [],
    };
  }
  return {
    ...withTimes(found, "lastAt"),
    totals: found.totals ?? [],
    latest: (found.latest ?? []).map((one) => withTimes(one, "placedAt", "returnedAt")),
  };
}
