import { settleEarlyEvents } from "../intake/effects.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { transact } from "../platform/transact.ts";

/** Sweeps for statuses and reactions whose message arrived in another transaction at the same moment. */
export async function settleEarly(ctx: Context): Promise<number> {
  let settled = 0;
  for (;;) {
    const round = await transact(systemContext(ctx, ctx.now), settleEarlyEvents);
    if (round === 0) return settled;
    settled += round;
  }
}
