import type { Tx } from "../platform/context.ts";
import { asJson, json, row, rows } from "../platform/database.ts";
import { calendarOf } from "../sla/clock.ts";
import { loadRulebook } from "../sla/rulebook.ts";
import type { Policy, Priority } from "../sla/types.ts";
import { matchRule, plainWords } from "./rules.ts";
import type { Rule } from "./types.ts";

/** What contacts wrote just now, by conversation. */
export interface Words {
  conversationId: number;
  text: string;
}

/** Behaviour is looked at over these. Days. */
export const conversationsWithin = 30;
export const returnsWithin = 90;

interface Unrouted {
  id: number;
  inboxId: number | null;
  inboxTeamId: number | null;
  topicId: number | null;
  language: string;
  tagIds: number[];
  highValue: boolean;
  /** More conversations, or more returns, than the firm has set. */
  frequent: boolean;
  returning: boolean;
}

/**
 * Decides what conversations are about and whose they are: the first rule that matches what was written gives team, topic,
 * priority and skill; a contact who writes often, returns much or buys much is served first. Runs in the transaction that received
 * the messages; looks at new and reopened conversations, and at those in the queue that no rule has matched yet.
 *
 * @param fresh conversations that were opened or reopened in this batch.
 * @returns those about which something was decided.
 */
export async function route(tx: Tx, words: readonly Words[], fresh: ReadonlySet<number>): Promise<number[]> {
  if (words.length === 0) return [];
  const { rules, minds } = await loadRules(tx);
  const said = new Map<number, string>();
  for (const { conversationId, text } of words) {
    if (!fresh.has(conversationId) && rules.length === 0) continue;
    said.set(conversationId, `${said.get(conversationId) ?? ""} ${text.slice(0, 4000)}`);
  }
  if (said.size === 0) return [];
  const unrouted = await readUnrouted(tx, [...said.keys()], { rules, minds });
  const isOpen = rules.some(({ conditions }) => conditions.hours) ? await firmIsOpen(tx) : true;
  const decisions = unrouted.flatMap((one) => {
    const rule = matchRule(rules, { ...one, words: plainWords(said.get(one.id) ?? ""), isOpen });
    const isFresh = fresh.has(one.id);
    const behaviour: Priority | null = !isFresh
      ? null
      : one.returning
        ? "urgent"
        : one.frequent || one.highValue
          ? "high"
          : null;
    const priority = highest(rule?.actions.priority ?? null, behaviour);
    const teamId = rule?.actions.teamId ?? (isFresh ? one.inboxTeamId : null);
    if (!rule && !priority && teamId === null) return [];
    return [
      {
        id: one.id,
        ruleId: rule?.id ?? null,
        teamId,
        topicId: rule?.actions.topicId ?? null,
        priority,
        skill: rule?.actions.skill ?? null,
        isTagged: behaviour !== null,
      },
    ];
  });
  await writeDecisions(tx, decisions);
  return decisions.map(({ id }) => id);
}

/** Rules in their order, and whether any behaviour is minded at all. */
export async function loadRules(tx: Pick<Tx, "db">): Promise<{ rules: Rule[]; minds: boolean }> {
  const found = await row<{ rules: Rule[] | null; minds: boolean }>(
    tx.db,
    `select ${asJson("select id, name, conditions, actions from assignment_rules order by position, id")} as rules,
       (select frequent_conversations > 0 or frequent_returns > 0 from firm) as minds`,
  );
  return { rules: found?.rules ?? [], minds: found?.minds ?? false };
}

const order: readonly Priority[] = ["low", "normal", "high", "urgent"];

function highest(a: Priority | null, b: Priority | null): Priority | null {
  if (!a || !b) return a ?? b;
  return order.indexOf(a) > order.indexOf(b) ? a : b;
}

/** Rules about hours count by the firm's calendar: no team is known yet. */
async function firmIsOpen(tx: Tx): Promise<boolean> {
  const book = await loadRulebook(tx.db);
  const { open } = calendarOf(book, { businessHoursId: null } as Policy, null);
  const at = await row<{ now: Date }>(tx.db, "select now() as now");
  return open.isOpen(at?.now.getTime() ?? 0);
}

function readUnrouted(
  tx: Tx,
  ids: number[],
  { rules, minds }: { rules: readonly Rule[]; minds: boolean },
): Promise<Unrouted[]> {
  const asksTags = rules.some(({ conditions }) => conditions.tagIds);
  const count = (sql: string, setting: string) =>
    minds ? `f.${setting} > 0 and (${sql}) > f.${setting}` : "false";
  const value = `exists (select 1 from purchases b where b.contact_id = c.contact_id and b.returned_at is null
    and b.currency is not null and coalesce(b.placed_at, b.created_at) > now() - interval '30 days'
    group by b.currency having sum(b.amount) > f.high_value_amount)`;
  return rows(
    tx.db,
    `select c.id, c.last_inbox_id as "inboxId", x.team_id as "inboxTeamId", c.topic_id as "topicId", p.language,
       ${asksTags ? "coalesce((select array_agg(tag_id) from contact_tags where contact_id = c.contact_id), '{}')" : "'{}'::bigint[]"} as "tagIds",
       ${value} as "highValue",
       ${count(`select count(*) from conversations o where o.contact_id = c.contact_id and o.opened_at > now() - interval '${conversationsWithin} days'`, "frequent_conversations")} as frequent,
       ${count(`select count(*) from purchases b where b.contact_id = c.contact_id and b.returned_at > now() - interval '${returnsWithin} days'`, "frequent_returns")} as returning
     from firm f, conversations c join contacts p on p.id = c.contact_id left join inboxes x on x.id = c.last_inbox_id
     where c.id = any(:ids::bigint[]) and c.status = 'open' and c.assignee_id is null and c.rule_id is null order by c.id`,
    { ids },
  );
}

interface Decision {
  id: number;
  ruleId: number | null;
  teamId: number | null;
  topicId: number | null;
  priority: Priority | null;
  skill: string | null;
  isTagged: boolean;
}

async function writeDecisions(tx: Tx, decisions: readonly Decision[]): Promise<void> {
  if (decisions.length === 0) return;
  await tx.db.raw(
    `with d as (select * from jsonb_to_recordset(:decisions::jsonb) as d(id bigint, "ruleId" bigint, "teamId" bigint, "topicId" bigint,
         priority text, skill text, "isTagged" boolean)),
       tag as (insert into tags (name) select priority_tag from firm where priority_tag <> '' and exists (select 1 from d where "isTagged")
         on conflict (plain(name)) do update set name = tags.name returning id),
       tagged as (insert into conversation_tags (conversation_id, tag_id) select d.id, tag.id from d, tag where "isTagged" on conflict do nothing)
     update conversations c set rule_id = coalesce(d."ruleId", c.rule_id),
       team_id = coalesce((select id from teams where id = d."teamId" and archived_at is null), c.team_id),
       topic_id = coalesce((select id from topics where id = d."topicId" and archived_at is null), c.topic_id),
       priority = case when d.priority is null then c.priority
         when d."isTagged" and array_position(array['low', 'normal', 'high', 'urgent'], d.priority)
           < array_position(array['low', 'normal', 'high', 'urgent'], c.priority) then c.priority else d.priority end, skill = coalesce(d.skill, c.skill)
     from d where c.id = d.id`,
    { decisions: json(decisions) },
  );
  for (const { id, ruleId, priority } of decisions) {
    if (ruleId === null && priority === null) continue;
    tx.record(null, {
      act: "conversation.routed",
      conversationId: id,
      data: { ...(ruleId === null ? {} : { ruleId }), ...(priority === null ? {} : { priority }) },
    });
  }
}
