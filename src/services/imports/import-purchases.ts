import { getFirm } from "../agents/firm.ts";
import { parsePhone, phoneMatchKey } from "../contacts/phone.ts";
import { parseAmount, parseItems } from "../contacts/typed-purchase.ts";
import { isDay } from "../fields/values.ts";
import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import { holdMerging } from "../platform/locks.ts";
import type { MessageKey } from "../platform/message-key.ts";
import { findContacts } from "./find-contacts.ts";
import type { Import, ImportFault, ImportRow, Outcome } from "./types.ts";

interface Given {
  n: number;
  matchKey: string | null;
  email: string;
  number: string;
  placedAt: string | null;
  amount: number | null;
  currency: string | null;
  status: string | null;
  items: { name: string; quantity?: number }[] | null;
  trackingUrl: string | null;
  deliveryWindow: string | null;
  returnedAt: string | null;
}

/**
 * A batch of purchases of known customers, found by phone or e-mail. A purchase is known by its number; what the row
 * says is written over it, what it does not say stays.
 */
export async function importPurchases(
  tx: Tx,
  one: Import,
  batch: readonly ImportRow[],
  writes: boolean,
): Promise<Outcome> {
  const { country, timeZone } = await getFirm(tx.db);
  const faults: ImportFault[] = [];
  const given = batch.flatMap((row) => read(row, country, timeZone, faults) ?? []);
  await holdMerging(tx);
  const owners = await findContacts(tx, given);
  for (const { n, email, matchKey } of given) {
    if (owners.has(n)) continue;
    faults.push({
      n,
      field: matchKey ? "contactPhone" : "contactEmail",
      reason: "imports.unknown_contact",
      value: email || (matchKey ?? ""),
    });
  }
  // Of one purchase told twice in a batch the later row stands.
  const last = new Map(
    given.filter(({ n }) => owners.has(n)).map((row) => [`${owners.get(row.n)}/${row.number}`, row]),
  );
  const purchases = [...last.values()].map((row) => ({ ...row, contactId: owners.get(row.n) ?? 0 }));
  const repeated = given.filter(({ n }) => owners.has(n)).length - purchases.length;
  const known = await findKnown(tx, purchases);
  const isUpdate = one.onDuplicate === "update";
  const familiar = purchases.filter(({ n }) => known.has(n));
  const written = isUpdate ? purchases : purchases.filter(({ n }) => !known.has(n));
  if (writes) {
    await store(tx, written, known);
    for (const contactId of new Set(written.map((row) => row.contactId))) {
      tx.record(null, { act: "purchase.imported", contactId, data: { importId: one.id } });
    }
  }
  return {
    created: purchases.length - familiar.length,
    updated: isUpdate ? familiar.length + repeated : 0,
    skipped: isUpdate ? 0 : familiar.length + repeated,
    faults,
  };
}

function read(
  { n, values }: ImportRow,
  country: string,
  timeZone: string,
  faults: ImportFault[],
): Given | null {
  const before = faults.length;
  const wrong = (field: string, reason: MessageKey) =>
    faults.push({ n, field, reason, value: values[field] ?? "" });
  const digits = values.contactPhone ? parsePhone(values.contactPhone, country) : null;
  if (values.contactPhone && !digits) wrong("contactPhone", "contact.phone_invalid");
  if (!digits && !values.contactEmail && faults.length === before) wrong("contactEmail", "imports.nobody");
  if (!values.number || values.number.length > 80) wrong("number", "purchases.number_missing");
  const amount = values.amount ? parseAmount(values.amount) : null;
  if (values.amount && amount === null) wrong("amount", "purchases.amount");
  const currency = values.currency?.toUpperCase() ?? null;
  if (currency !== null && !/^[A-Z]{3}$/.test(currency)) wrong("currency", "purchases.currency");
  const time = (field: string) => {
    const at = values[field] ? parseTime(values[field], timeZone) : null;
    if (values[field] && at === null) wrong(field, "fields.not_a_date");
    return at;
  };
  const [placedAt, returnedAt] = [time("placedAt"), time("returnedAt")];
  const url = values.trackingUrl ?? null;
  if (url !== null && (!URL.canParse(url) || !/^https?:/.test(url) || url.length > 500))
    wrong("trackingUrl", "interactions.url");
  for (const [field, most] of [
    ["status", 60],
    ["deliveryWindow", 120],
  ] as const) {
    if ((values[field] ?? "").length > most) wrong(field, "imports.too_long");
  }
  if (faults.length > before) return null;
  return {
    n,
    matchKey: digits ? phoneMatchKey(digits) : null,
    email: values.contactEmail ?? "",
    number: values.number ?? "",
    placedAt,
    amount,
    currency,
    status: values.status ?? null,
    items: values.items ? parseItems(values.items, /[\n;|]/) : null,
    trackingUrl: url,
    deliveryWindow: values.deliveryWindow ?? null,
    returnedAt,
  };
}

/** `2026-11-25`, with or without a time, or `25/11/2026`: a day alone is its noon in the firm's zone. ISO 8601. */
export function parseTime(text: string, timeZone: string): string | null {
  const [, d, m, y] = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/.exec(text) ?? [];
  const day = y ? `${y}-${m?.padStart(2, "0")}-${d?.padStart(2, "0")}` : text;
  try {
    const at = isDay(day)
      ? Temporal.PlainDate.from(day).toZonedDateTime({ timeZone, plainTime: "12:00" }).toInstant()
      : /[zZ]|[+-]\d{2}:?\d{2}$/.test(text)
        ? Temporal.Instant.from(text)
        : Temporal.PlainDateTime.from(text.replace(" ", "T"), { overflow: "reject" })
            .toZonedDateTime(timeZone)
            .toInstant();
    const { year } = at.toZonedDateTimeISO("UTC");
    return year >= 1900 && year <= 2200 ? at.toString() : null;
  } catch {
    return null;
  }
}

/** Under which id each purchase is known, by row number. */
async function findKnown(
  tx: Tx,
  given: readonly (Given & { contactId: number })[],
): Promise<Map<number, string>> {
  const found = await rows<{ n: number; external_id: string }>(
    tx.db,
    `select distinct on (g.n) g.n, u.external_id from jsonb_to_recordset(:given::jsonb) as g(n int, "contactId" bigint, number text)
       join purchases u on u.contact_id = g."contactId" and g.number in (u.external_id, u.number) order by g.n, u.id`,
    { given: json(given.map(({ n, contactId, number }) => ({ n, contactId, number }))) },
  );
  return new Map(found.map((row) => [row.n, row.external_id]));
}

async function store(
  tx: Tx,
  given: readonly (Given & { contactId: number })[],
  known: ReadonlyMap<number, string>,
): Promise<void> {
  if (given.length === 0) return;
  const kept = (column: string) => `${column} = coalesce(excluded.${column}, p.${column})`;
  await tx.db.raw(
    `insert into purchases as p (contact_id, external_id, number, placed_at, amount, currency, status, tracking_url, delivery_window, returned_at, items)
     select "contactId", "externalId", number, "placedAt", amount, currency, coalesce(status, ''), coalesce("trackingUrl", ''),
       coalesce("deliveryWindow", ''), "returnedAt", coalesce(items, '[]')
     from jsonb_to_recordset(:given::jsonb) as g("contactId" bigint, "externalId" text, number text, "placedAt" timestamptz, amount numeric,
       currency text, status text, "trackingUrl" text, "deliveryWindow" text, "returnedAt" timestamptz, items jsonb)
     order by 1, 2 on conflict (contact_id, external_id) do update set ${["placed_at", "amount", "currency", "returned_at"].map(kept).join(", ")},
       status = coalesce(nullif(excluded.status, ''), p.status), tracking_url = coalesce(nullif(excluded.tracking_url, ''), p.tracking_url),
       delivery_window = coalesce(nullif(excluded.delivery_window, ''), p.delivery_window),
       items = case when excluded.items = '[]' then p.items else excluded.items end, updated_at = now()`,
    { given: json(given.map((row) => ({ ...row, externalId: known.get(row.n) ?? row.number }))) },
  );
}
