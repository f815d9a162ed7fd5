import { may } from "../agents/policy.ts";
import { lockConversation } from "../conversations/queries.ts";
import type { Context } from "../platform/context.ts";
import { row } from "../platform/database.ts";
import { Forbidden, Invalid, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { getCase } from "./queries.ts";
import { longestTitle } from "./steps.ts";
import { findTopic } from "./topics.ts";
import type { Case } from "./types.ts";

export interface NewCase {
  /** Empty: the topic's name. */
  title: string;
  topicId: number | null;
  clientToken?: string | undefined;
}

/**
 * Opens a case of a conversation's customer, with the steps of its topic. The same `clientToken` again gives the same.
 *
 * @throws NotFound, Forbidden; Invalid without a title or a topic.
 */
export function openCase(ctx: Context, conversationId: number, wanted: NewCase): Promise<Case> {
  return transact(ctx, async (tx) => {
    const conversation = await lockConversation(tx, conversationId);
    if (!may(tx.actor, "cases.edit")) throw new Forbidden();
    const topic = wanted.topicId === null ? null : await findTopic(tx, wanted.topicId);
    const title = wanted.title.toWellFormed().replaceAll("\0", "").trim() || topic?.name || "";
    if (title === "" || title.length > longestTitle) throw new Invalid({ title: "cases.title_length" });
    const made = await row<{ id: number; inserted: boolean }>(
      tx.db,
      `insert into cases (contact_id, conversation_id, isolated_inbox_id, topic_id, title, opened_at, opened_by_id, client_token)
       values (:contactId, :conversationId, :isolatedInboxId, :topicId, :title, :now, :agentId, :token)
       on conflict (client_token) do update set client_token = excluded.client_token
         where cases.contact_id = excluded.contact_id returning id, xmax = 0 as inserted`,
      {
        contactId: conversation.contactId,
        conversationId,
        isolatedInboxId: conversation.isolatedInboxId,
        topicId: topic?.id ?? null,
        title,
        now: tx.now(),
        agentId: tx.actor.kind === "agent" ? tx.actor.id : null,
        token: wanted.clientToken ?? null,
      },
    );
    if (!made) throw new NotFound();
    if (!made.inserted) return getCase(tx, made.id);
    await tx.db.raw(
      `insert into case_steps (case_id, position, title)
       select ?, position, title from unnest(?::text[]) with ordinality as s(title, position)`,
      [made.id, topic?.steps ?? []],
    );
    tx.record(
      { type: "case.changed", conversationId, caseId: made.id },
      {
        act: "case.opened",
        conversationId,
        contactId: conversation.contactId,
        data: { caseId: made.id },
      },
    );
    return getCase(tx, made.id);
  });
}
