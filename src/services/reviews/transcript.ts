import { getConversation } from "../conversations/queries.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";

/** What was said or done in a conversation, from the first touch to the end. */
export interface Line {
  at: Date;
  kind: "contact" | "agent" | "bot" | "phone" | "note" | "act";
  /** Of who spoke or acted; null: the contact, or Hilo. */
  name: string | null;
  /** Of an act its name. */
  text: string;
  /** What it was beside a text: an image, a document. */
  media: string;
}

const most = 1000;

/** @throws NotFound when the reader may not see the conversation. */
export async function readTranscript(ctx: Reader, conversationId: number): Promise<{ lines: Line[] }> {
  await getConversation(ctx, conversationId);
  const lines = await rows<Line>(
    ctx.db,
    `select * from (
       select m.sent_at as at, m.author_kind as kind, a.name, case when m.revoked_at is null then coalesce(m.edited_text, m.text) else '' end as text,
         case when m.kind = 'text' then '' else m.kind end as media, m.id as n
       from messages m left join agents a on a.id = m.author_agent_id
       where m.conversation_id = :id and m.shown and m.discarded_at is null
       union all
       select n.created_at, 'note', a.name, n.text, '', n.id from notes n left join agents a on a.id = n.agent_id where n.conversation_id = :id
       union all
       select e.created_at, 'act', a.name, e.act, '', e.id from audit_events e left join agents a on a.id = e.actor_id
       where e.conversation_id = :id and e.act in ('conversation.assigned', 'conversation.resolved', 'conversation.reopened', 'conversation.classified')
     ) s order by at, n limit ${most}`,
    { id: conversationId },
  );
  return { lines };
}
