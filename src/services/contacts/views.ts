import type { Context } from "../platform/context.ts";
import type { Memories } from "../platform/memory.ts";
import { recordAlone } from "../platform/transact.ts";

/** Looking again within this time is still the same look. Milliseconds. */
const sameLookMs = 15 * 60_000;
const mostRemembered = 20_000;

/** Of each platform: who looked at whom, and when that was last written down. */
const allLooks = new WeakMap<Memories, Map<string, number>>();

/**
 * Leaves a line in the audit that a person looked at a customer's card. One look may open several pages: it is written
 * once in a quarter of an hour for each agent and customer. Programs are no persons, and leave lines for what they change.
 */
export async function noteView(ctx: Context, contactId: number): Promise<void> {
  if (ctx.actor.kind !== "agent" || ctx.source !== "web") return;
  const looks = allLooks.get(ctx.memories) ?? new Map<string, number>();
  allLooks.set(ctx.memories, looks);
  const key = `${ctx.actor.id}/${contactId}`;
  const now = ctx.now().getTime();
  if (now - (looks.get(key) ?? Number.NEGATIVE_INFINITY) < sameLookMs) return;
  await recordAlone(ctx, { act: "contact.viewed", contactId });
  looks.delete(key);
  looks.set(key, now);
  if (looks.size > mostRemembered) looks.delete(looks.keys().next().value ?? key);
}
