import type { Context } from "../platform/context.ts";
import { transact } from "../platform/transact.ts";

/** What the last exchange with the provider showed about an inbox. Words are the provider's own. */
export interface InboxHealth {
  error?: string;
  authorizationLost?: boolean;
  /** Send nothing before this time. */
  pausedUntil?: Date;
  /** The provider answered well: what was wrong is over. */
  healthy?: boolean;
  /** The phone number as the provider tells it. */
  address?: string;
}

export function recordInboxHealth(ctx: Context, inboxId: number, health: InboxHealth): Promise<void> {
  return transact(ctx, async (tx) => {
    const update: Record<string, unknown> = {};
    if (health.error !== undefined)
      Object.assign(update, { last_error: health.error.slice(0, 500), last_error_at: tx.now() });
    if (health.authorizationLost) update.authorization_lost_at = tx.now();
    if (health.pausedUntil) update.paused_until = health.pausedUntil;
    if (health.healthy) Object.assign(update, { authorization_lost_at: null, paused_until: null });
    if (health.address) update.address = health.address;
    if (Object.keys(update).length === 0) return;
    await tx.db("inboxes").where({ id: inboxId }).update(update);
    tx.record({ type: "inbox.changed", inboxId });
  });
}
