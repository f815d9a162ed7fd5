import type { Context } from "../platform/context.ts";
import { Forbidden } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { type Firm, getFirm } from "./firm.ts";
import { may } from "./policy.ts";

/** What a firm says of itself; the caller has checked zone and country. @throws Forbidden. */
export function saveFirm(ctx: Context, firm: Firm): Promise<void> {
  return transact(ctx, async (tx) => {
    if (!may(tx.actor, "firm.manage")) throw new Forbidden();
    const before = await getFirm(tx.db);
    await tx.db("firm").update({
      name: firm.name,
      locale: firm.locale,
      time_zone: firm.timeZone,
      country: firm.country,
      reopen_seconds: firm.reopenSeconds,
      high_value_amount: firm.highValueAmount,
    });
    const changes = (Object.keys(firm) as (keyof Firm)[]).filter((field) => before[field] !== firm[field]);
    if (changes.length === 0) return;
    const data = Object.fromEntries(
      changes.map((field) => [field, { from: before[field], to: firm[field] }]),
    );
    tx.record({ type: "firm.changed" }, { act: "firm.changed", data });
  });
}
