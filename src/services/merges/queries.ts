import { visibleTo } from "../contacts/policy.ts";
import { purchasesSeen, shownPhone } from "../contacts/shown.ts";
import { visibleTo as visibleConversations } from "../conversations/policy.ts";
import type { Actor, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";

/** Who was found to be whom, by whom and when. */
export interface Merge {
  id: number;
  keptId: number;
  mergedId: number;
  /** As it was on the merged card. */
  mergedName: string;
  mergedPhone: string;
  mergedAt: Date;
  mergedBy: string | null;
  undoneAt: Date | null;
  undoneBy: string | null;
  /** Nothing merged since stands in the way of undoing it. */
  canUndo: boolean;
}

const select = (
  actor: Actor,
) => `select g.id, g.kept_id as "keptId", g.merged_id as "mergedId", o.name as "mergedName", ${shownPhone(actor, "o.phone")} as "mergedPhone",
    g.merged_at as "mergedAt", a.name as "mergedBy", g.undone_at as "undoneAt", b.name as "undoneBy",
    g.undone_at is null and p.merged_into_id is null as "canUndo"
  from contact_merges g join contacts p on p.id = g.kept_id join contacts o on o.id = g.merged_id
    left join agents a on a.id = g.merged_by_id left join agents b on b.id = g.undone_by_id`;

/** @throws NotFound also when the actor may not know of the contact. */
export async function getMerge(ctx: Reader, id: number): Promise<Merge> {
  const visible = visibleTo(ctx.actor);
  const found = await row<Merge>(ctx.db, `${select(ctx.actor)} where g.id = :id and ${visible.sql}`, {
    ...visible.bindings,
    id,
  });
  if (!found) throw new NotFound();
  return found;
}

/** Those that stand, the newest first. The caller has loaded the contact. */
export function listMerges(ctx: Reader, contactId: number): Promise<Merge[]> {
  return rows(
    ctx.db,
    `${select(ctx.actor)} where g.undone_at is null and (g.kept_id = :contactId or g.kept_id in (select id from contacts where merged_into_id = :contactId))
     order by g.id desc limit 50`,
    { contactId },
  );
}

/** How much there is of a contact: what the actor sees of it. */
export interface ContactExtent {
  messages: number;
  purchases: number;
  cases: number;
  notes: number;
  lastActivityAt: Date | null;
}

/** For whoever decides which card is kept; messages are counted to `most` and one. The caller has loaded the contact. */
export async function getExtent(ctx: Reader, contactId: number, most: number): Promise<ContactExtent> {
  const visible = visibleConversations(ctx.actor);
  const found = await row<ContactExtent>(
    ctx.db,
    `with seen as materialized (select c.id, c.last_activity_at from conversations c where c.contact_id = :contactId and ${visible.sql})
     select (select count(*)::int from (select 1 from messages m where m.contact_id = :contactId and m.shown
         and m.conversation_id in (select id from seen) limit :most::int + 1) m) as messages,
       (select count(*)::int from purchases where contact_id = :contactId and ${purchasesSeen(ctx.actor)}) as purchases,
       (select count(*)::int from cases where contact_id = :contactId and conversation_id in (select id from seen)) as cases,
       (select count(*)::int from notes where contact_id = :contactId and (conversation_id is null or conversation_id in (select id from seen))) as notes,
       (select max(last_activity_at) from seen) as "lastActivityAt"`,
    { ...visible.bindings, contactId, most },
  );
  if (!found) throw new Error("nothing was counted");
  return found;
}
