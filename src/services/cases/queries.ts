import type { Actor, Reader } from "../platform/context.ts";
import { row, rows, withTimes } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { visibleTo } from "./policy.ts";
import type { Case } from "./types.ts";

/** The third case of a topic within this time recurs: its cause was never removed. Days. */
export const recurrenceDays = 90;
export const recursAfter = 2;

const columns = (visible: string) => `
  k.id, k.contact_id as "contactId", k.conversation_id as "conversationId", k.title, k.topic_id as "topicId", t.name as topic,
  k.status, k.state_note as "stateNote", k.solution, k.opened_at as "openedAt", o.name as "openedBy",
  k.resolved_at as "resolvedAt", r.name as "resolvedBy",
  coalesce((select json_agg(json_build_object('id', s.id, 'title', s.title, 'doneAt', s.done_at, 'doneBy', a.name) order by s.position)
    from case_steps s left join agents a on a.id = s.done_by_id where s.case_id = k.id), '[]') as steps,
  coalesce((select json_agg(json_build_object('id', e.id, 'title', e.title, 'solution', e.solution, 'openedAt', e.opened_at) order by e.opened_at, e.id)
    from cases e where e.contact_id = k.contact_id and e.topic_id = k.topic_id and e.id <> k.id and (e.opened_at, e.id) < (k.opened_at, k.id)
      and e.opened_at > k.opened_at - interval '${recurrenceDays} days' and ${visible.replaceAll("k.", "e.")}), '[]') as earlier`;

const joins = `
  left join topics t on t.id = k.topic_id
  left join agents o on o.id = k.opened_by_id
  left join agents r on r.id = k.resolved_by_id`;

/** Cases of contact `:contactId`, open ones first. */
export function casesSql(
  actor: Actor,
  limit: number,
): { sql: string; visible: string; bindings: Record<string, unknown> } {
  const visible = visibleTo(actor);
  return {
    sql: `select ${columns(visible.sql)} from cases k ${joins} where k.contact_id = :contactId and ${visible.sql}
      order by k.status <> 'open', k.opened_at desc, k.id desc limit ${limit}`,
    visible: visible.sql,
    bindings: visible.bindings,
  };
}

/** Times inside a row's lists come as text, and those of a row that came as JSON too. */
export function toCase(found: Case): Case {
  return {
    ...withTimes(found, "openedAt", "resolvedAt"),
    steps: found.steps.map((step) => withTimes(step, "doneAt")),
    earlier: found.earlier.map((one) => withTimes(one, "openedAt")),
  };
}

/** The caller has loaded the contact. */
export async function listCases(ctx: Reader, contactId: number, limit = 50): Promise<Case[]> {
  const { sql, bindings } = casesSql(ctx.actor, limit);
  return (await rows<Case>(ctx.db, sql, { ...bindings, contactId })).map(toCase);
}

const mostOfCompany = 50;

/** Open cases of a company's people, the oldest first: who waits longest. */
export async function listOpenCases(ctx: Reader, companyId: number): Promise<Case[]> {
  const visible = visibleTo(ctx.actor);
  const found = await rows<Case>(
    ctx.db,
    `select ${columns(visible.sql)} from cases k ${joins} where k.status = 'open' and ${visible.sql}
       and k.contact_id in (select id from contacts where company_id = :companyId)
     order by k.opened_at, k.id limit ${mostOfCompany}`,
    { ...visible.bindings, companyId },
  );
  return found.map(toCase);
}

/** @throws NotFound also when the actor may not know of it. */
export async function getCase(ctx: Reader, id: number): Promise<Case> {
  return find(ctx, id, "");
}

/** The same, locked until the transaction ends. */
export async function lockCase(ctx: Reader & { inTransaction: true }, id: number): Promise<Case> {
  return find(ctx, id, "for update of k");
}

async function find(ctx: Reader, id: number, lock: string): Promise<Case> {
  const visible = visibleTo(ctx.actor);
  const found = await row<Case>(
    ctx.db,
    `select ${columns(visible.sql)} from cases k ${joins} where k.id = :id and ${visible.sql} ${lock}`,
    { ...visible.bindings, id },
  );
  if (!found) throw new NotFound();
  return toCase(found);
}
