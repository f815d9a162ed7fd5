import type { Context } from "../platform/context.ts";
import { recordAlone } from "../platform/transact.ts";

/**
 * Leaves a line in the audit that a person looked at a customer's card, every time. Programs are no persons, and leave
 * lines for what they change.
 */
export async function noteView(ctx: Context, contactId: number): Promise<void> {
  if (ctx.actor.kind !== "agent" || ctx.source !== "web") return;
  await recordAlone(ctx, { act: "contact.viewed", contactId });
}
