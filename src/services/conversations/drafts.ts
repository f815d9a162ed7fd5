import type { Context, Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Forbidden } from "../platform/errors.ts";
import { getConversation } from "./queries.ts";
import { cleanText } from "./reply.ts";

export interface Drafts {
  reply: string;
  note: string;
}

/** What this agent was writing here, on whatever device. */
export async function getDrafts(ctx: Reader, conversationId: number): Promise<Drafts> {
  if (ctx.actor.kind !== "agent") return { reply: "", note: "" };
  return toDrafts(await rows(ctx.db, draftsSql, { conversationId, agentId: ctx.actor.id }));
}

export const draftsSql =
  "select kind, text from drafts where conversation_id = :conversationId and agent_id = :agentId";

export interface DraftRow {
  kind: keyof Drafts;
  text: string;
}

export const toDrafts = (found: readonly DraftRow[]): Drafts => ({
  reply: "",
  note: "",
  ...Object.fromEntries(found.map(({ kind, text }) => [kind, text])),
});

/** The newest wins; an empty one is forgotten. Nobody else is told, so this records no fact. */
export async function saveDraft(
  ctx: Context,
  conversationId: number,
  draft: { kind: keyof Drafts; text: string },
): Promise<void> {
  if (ctx.actor.kind !== "agent") throw new Forbidden();
  await getConversation(ctx, conversationId);
  const text =
    cleanText(draft.text) === "" ? "" : draft.text.toWellFormed().replaceAll("\0", "").slice(0, 10_000);
  const key = { conversation_id: conversationId, agent_id: ctx.actor.id, kind: draft.kind };
  if (text === "") await ctx.db("drafts").where(key).delete();
  else {
    await ctx
      .db("drafts")
      .insert({ ...key, text, updated_at: ctx.now() })
      .onConflict(["conversation_id", "agent_id", "kind"])
      .merge(["text", "updated_at"]);
  }
}
