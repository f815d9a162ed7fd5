import { apiUrlOf } from "../inboxes/api-url.ts";
import { findConnectedInbox } from "../inboxes/queries.ts";
import type { Context } from "../platform/context.ts";
import { ChannelError } from "../platform/errors.ts";
import { adapterOf } from "./index.ts";

/**
 * Lets the contact see that we read, and with `typing` that we write. A courtesy: when it fails nothing is lost,
 * for the next one covers it, so it is said in the log and not repeated. Never throws.
 */
export async function tellRead(
  ctx: Context,
  message: { inboxId: number; externalId: string },
  typing: boolean,
): Promise<void> {
  try {
    const inbox = await findConnectedInbox(ctx.db, ctx.secrets, message.inboxId);
    if (inbox)
      await adapterOf(inbox.channel).markRead(apiUrlOf(ctx.config, inbox), inbox, message.externalId, typing);
  } catch (error) {
    const level = error instanceof ChannelError ? "info" : "warn";
    ctx.logger[level]({ err: error, inboxId: message.inboxId }, "a read receipt was not taken");
  }
}
