import { visibleTo as visibleContacts } from "../contacts/policy.ts";
import type { Visibility } from "../inboxes/policy.ts";
import type { Context, Reader, Tx } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { visibleTo } from "./policy.ts";

/** A note that calls an agent by name. */
export interface Mention {
  noteId: number;
  conversationId: number | null;
  contactId: number;
  contactName: string;
  text: string;
  by: string | null;
  at: Date;
  seenAt: Date | null;
}

const plain = (text: string): string => text.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();

/**
 * Whom a text calls: `@` and a whole name, or a first name that only one of them has. Accents and case do not matter.
 * Pure.
 */
export function findMentioned(text: string, agents: readonly { id: number; name: string }[]): number[] {
  const said = plain(text);
  const first = (name: string) => plain(name).split(/\s+/)[0] ?? "";
  const calls = (name: string) => {
    for (let at = said.indexOf(`@${name}`); at !== -1; at = said.indexOf(`@${name}`, at + 1)) {
      const after = said[at + name.length + 1] ?? "";
      if (!/[\p{L}\p{N}]/u.test(after)) return true;
    }
    return false;
  };
  const whole = agents.filter(({ name }) => calls(plain(name)));
  const alone = agents.filter(
    ({ id, name }) =>
      !whole.some((one) => first(one.name) === first(name)) &&
      agents.filter((other) => other.id !== id && first(other.name) === first(name)).length === 0 &&
      calls(first(name)),
  );
  return [...new Set([...whole, ...alone].map(({ id }) => id))];
}

/** Tells those whom a note calls, if they may see where it stands. Whoever wrote it needs no telling. */
export async function storeMentions(
  tx: Tx,
  note: {
    id: number;
    contactId: number;
    conversationId: number | null;
    text: string;
    isolatedInboxId: number | null;
  },
): Promise<void> {
  if (!note.text.includes("@")) return;
  const agents = await rows<{ id: number; name: string }>(
    tx.db,
    `select a.id, a.name from agents a where a.deactivated_at is null and a.id <> :authorId
       and (:isolated::bigint is null or exists (select 1 from team_members m join inboxes i on i.team_id = m.team_id
         where m.agent_id = a.id and i.id = :isolated::bigint))
       and (:conversationId::bigint is not null or not exists (select 1 from conversations vc where vc.contact_id = :contactId)
         or exists (select 1 from conversations vc left join inboxes i on i.id = vc.isolated_inbox_id where vc.contact_id = :contactId
           and (vc.isolated_inbox_id is null or exists (select 1 from team_members m where m.team_id = i.team_id and m.agent_id = a.id))))`,
    {
      authorId: tx.actor.kind === "agent" ? tx.actor.id : 0,
      isolated: note.isolatedInboxId,
      contactId: note.contactId,
      conversationId: note.conversationId,
    },
  );
  const called = findMentioned(note.text, agents);
  if (called.length === 0) return;
  await tx.db.raw(
    "insert into note_mentions (note_id, agent_id, created_at) select :id, unnest(:called::bigint[]), :now on conflict do nothing",
    { id: note.id, called, now: tx.now() },
  );
  for (const agentId of called) tx.record({ type: "agent.mentioned", agentId });
}

/** Of the agent who asks: the newest first; what they may not see any more is left out. */
export function listMentions(ctx: Reader, limit: number): Promise<Mention[]> {
  if (ctx.actor.kind !== "agent") return Promise.resolve([]);
  const seen = whereSeen(ctx);
  return rows(
    ctx.db,
    `select n.id as "noteId", n.conversation_id as "conversationId", n.contact_id as "contactId", p.name as "contactName", n.text, a.name as by,
       m.created_at as at, m.seen_at as "seenAt"
     from note_mentions m join notes n on n.id = m.note_id join contacts p on p.id = n.contact_id
       left join conversations c on c.id = n.conversation_id left join agents a on a.id = n.agent_id
     where m.agent_id = :agentId and ${seen.sql}
     order by m.created_at desc, n.id desc limit :limit`,
    { ...seen.bindings, agentId: ctx.actor.id, limit },
  );
}

const mostCounted = 100;

/** Notes `n` of contact `p` and conversation `c` that the actor may read now. */
function whereSeen(ctx: Reader): Visibility {
  const conversations = visibleTo(ctx.actor);
  const contacts = visibleContacts(ctx.actor);
  return {
    sql: `case when n.conversation_id is null then ${contacts.sql} else ${conversations.sql} end`,
    bindings: { ...conversations.bindings, ...contacts.bindings },
  };
}

/** How many the agent has not looked at; counted to a hundred. */
export async function countMentions(ctx: Reader): Promise<number> {
  if (ctx.actor.kind !== "agent") return 0;
  const seen = whereSeen(ctx);
  const found = await row<{ n: number }>(
    ctx.db,
    `select count(*)::int as n from (select 1 from note_mentions m join notes n on n.id = m.note_id join contacts p on p.id = n.contact_id
       left join conversations c on c.id = n.conversation_id
       where m.agent_id = :agentId and m.seen_at is null and ${seen.sql} limit ${mostCounted}) unseen`,
    { ...seen.bindings, agentId: ctx.actor.id },
  );
  return found?.n ?? 0;
}

/** The agent has looked; null is all of them. @throws NotFound when the note does not call them. */
export function seeMentions(ctx: Context, noteId: number | null): Promise<void> {
  return transact(ctx, async (tx) => {
    if (tx.actor.kind !== "agent") throw new NotFound();
    const agentId = tx.actor.id;
    const mine = await row(
      tx.db,
      "select 1 from note_mentions where agent_id = :agentId and (:noteId::bigint is null or note_id = :noteId)",
      { agentId, noteId },
    );
    if (!mine && noteId !== null) throw new NotFound();
    const seen = await changed(
      tx.db,
      "update note_mentions set seen_at = :now where agent_id = :agentId and seen_at is null and (:noteId::bigint is null or note_id = :noteId)",
      { agentId, noteId, now: tx.now() },
    );
    if (seen > 0) tx.record({ type: "agent.mentioned", agentId });
  });
}
