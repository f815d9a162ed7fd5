import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "../sla/keep-clocks.ts";
import { can } from "./policy.ts";
import { lockConversation } from "./queries.ts";
import { cleanText } from "./reply.ts";

/** One vocabulary for contacts and conversations: a tag is made by using it, whatever its accents and case. */
export function tagConversation(ctx: Context, conversationId: number, name: string): Promise<void> {
  return transact(ctx, async (tx) => {
    await lockConversation(tx, conversationId);
    if (!can(tx.actor, "classify")) throw new Forbidden();
    const clean = cleanText(name);
    if (clean === "" || clean.length > 60) throw new Invalid({ name: "tags.length" });
    const tag = await row<{ id: number }>(
      tx.db,
      "insert into tags (name) values (?) on conflict (plain(name)) do update set name = tags.name returning id",
      [clean],
    );
    await tx.db.raw(
      "insert into conversation_tags (conversation_id, tag_id) values (?, ?) on conflict do nothing",
      [conversationId, tag?.id ?? null],
    );
    await keepClocks(tx, [conversationId]);
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "conversation.tagged", conversationId, data: { tag: clean } },
    );
  });
}

export function untagConversation(ctx: Context, conversationId: number, name: string): Promise<void> {
  return transact(ctx, async (tx) => {
    await lockConversation(tx, conversationId);
    if (!can(tx.actor, "classify")) throw new Forbidden();
    await tx.db.raw(
      "delete from conversation_tags where conversation_id = ? and tag_id in (select id from tags where plain(name) = plain(?))",
      [conversationId, name],
    );
    await keepClocks(tx, [conversationId]);
    tx.record(
      { type: "conversation.changed", conversationId },
      { act: "conversation.untagged", conversationId, data: { tag: name.slice(0, 60) } },
    );
  });
}
