import type { Knex } from "knex";
import type { Context, Reader } from "../platform/context.ts";
import { changed, rows } from "../platform/database.ts";
import { factsChannel, packFacts } from "../platform/events.ts";

/** A stream that was not heard of for this long is gone: its process died. */
export const viewerLivesSeconds = 60;
const typingSeconds = 8;

export interface Viewer {
  agentId: number;
  name: string;
  typing: boolean;
}

/** Who else has a conversation open now. The caller has loaded the conversation, so they may know. */
export function listViewers(ctx: Reader, conversationId: number): Promise<Viewer[]> {
  const self = ctx.actor.kind === "agent" ? ctx.actor.id : 0;
  return rows(
    ctx.db,
    `select v.agent_id as "agentId", a.name, bool_or(coalesce(v.typing_until > now(), false)) as typing
     from viewers v join agents a on a.id = v.agent_id
     where v.conversation_id = :conversationId and v.agent_id <> :self
       and v.seen_at > now() - make_interval(secs => ${viewerLivesSeconds})
     group by v.agent_id, a.name order by a.name`,
    { conversationId, self },
  );
}

/** A stream on a conversation opened (again) or is still open. */
export async function noteViewers(
  db: Knex,
  streams: readonly { streamId: string; conversationId: number; agentId: number }[],
): Promise<void> {
  if (streams.length === 0) return;
  await db.raw(
    `insert into viewers (stream_id, conversation_id, agent_id, seen_at)
     select "streamId", "conversationId", "agentId", now() from jsonb_to_recordset(?::jsonb)
       as s("streamId" uuid, "conversationId" bigint, "agentId" bigint)
     on conflict (stream_id) do update set seen_at = excluded.seen_at`,
    [JSON.stringify(streams)],
  );
}

export async function announceViewers(db: Knex, conversationId: number): Promise<void> {
  const [payload] = packFacts([{ type: "conversation.viewed", conversationId }]);
  await db.raw("select pg_notify(?, ?)", [factsChannel, payload ?? "[]"]);
}

export async function forgetViewer(db: Knex, streamId: string): Promise<void> {
  await db.raw("delete from viewers where stream_id = ?", [streamId]);
}

/** @returns true when colleagues did not know yet, so that they are told once and not with every key. */
export async function noteTyping(ctx: Context, conversationId: number): Promise<boolean> {
  if (ctx.actor.kind !== "agent") return false;
  const n = await changed(
    ctx.db,
    `update viewers set typing_until = now() + make_interval(secs => ${typingSeconds})
     where conversation_id = ? and agent_id = ? and (typing_until is null or typing_until < now() + interval '3 seconds')`,
    [conversationId, ctx.actor.id],
  );
  return n > 0;
}

/** Rows that processes left behind. */
export function sweepViewers(db: Knex): Promise<number> {
  return changed(db, `delete from viewers where seen_at < now() - make_interval(secs => ${viewerLivesSeconds * 2})`);
}
