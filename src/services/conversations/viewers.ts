import type { Knex } from "knex";
import type { Context, Reader } from "../platform/context.ts";
import { changed, json, rows } from "../platform/database.ts";
import { factsChannel, packFacts } from "../platform/events.ts";

/** A stream that was not heard of for this long is gone: its process died. */
export const viewerLivesSeconds = 60;
const typingSeconds = 8;

/** A colleague, seen from one conversation. */
export interface Colleague {
  id: number;
  name: string;
  availability: "online" | "away" | "offline";
  isViewing: boolean;
  isTyping: boolean;
}

/** Everybody who can be given a conversation, and who of them has it open now. The caller has loaded the conversation. */
export function listColleagues(ctx: Reader, conversationId: number): Promise<Colleague[]> {
  return rows(ctx.db, colleaguesSql, { conversationId });
}

export const colleaguesSql = `
     select a.id, a.name, a.availability, v.agent_id is not null as "isViewing", coalesce(v.typing, false) as "isTyping"
     from agents a left join (
       select agent_id, bool_or(coalesce(typing_until > now(), false)) as typing from viewers
       where conversation_id = :conversationId and seen_at > now() - make_interval(secs => ${viewerLivesSeconds})
       group by agent_id) v on v.agent_id = a.id
     where a.deactivated_at is null order by plain(a.name), a.id`;

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
    [json(streams)],
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
  return changed(
    db,
    `delete from viewers where seen_at < now() - make_interval(secs => ${viewerLivesSeconds * 2})`,
  );
}
