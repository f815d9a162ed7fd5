import type { Knex } from "knex";
import { row } from "../platform/database.ts";
import type { Locale } from "./queries.ts";

export interface Firm {
  name: string;
  locale: Locale;
  timeZone: string;
  /** ISO 3166, for phone numbers typed without a country. */
  country: string;
  /** A message within this time of a resolution reopens the conversation. */
  reopenSeconds: number;
  /** Who bought for more than this in 30 days, in any one currency, is of high value. */
  highValueAmount: number;
}

export async function getFirm(db: Knex): Promise<Firm> {
  const firm = await row<Firm>(
    db,
    `select name, locale, time_zone as "timeZone", country, reopen_seconds as "reopenSeconds",
       high_value_amount::float8 as "highValueAmount" from firm`,
  );
  if (!firm) throw new Error("the firm's row is missing: restore it from the backup");
  return firm;
}
