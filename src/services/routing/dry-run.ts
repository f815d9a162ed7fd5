import { may } from "../agents/policy.ts";
import { compileCalendar } from "../business-hours/open-time.ts";
import { getFirmCalendar } from "../business-hours/queries.ts";
import { visibleTo } from "../conversations/policy.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Forbidden } from "../platform/errors.ts";
import { matchRule, plainWords } from "./rules.ts";
import { listRules } from "./save-rule.ts";
import type { Rule } from "./types.ts";

/** What the rules would have made of the conversations of some days. */
export interface DryRun {
  days: number;
  total: number;
  /** Of each rule, how many it would have taken and the newest of them; `rule` null: no rule matched. */
  outcomes: {
    rule: Pick<Rule, "id" | "name"> | null;
    n: number;
    examples: { id: number; name: string; text: string }[];
  }[];
}

const days = 7;
const mostConversations = 5000;
const shownExamples = 3;

/** The rules as they are now, on last week's conversations, by the first thing that each contact wrote. Writes nothing. */
export async function dryRun(ctx: Reader): Promise<DryRun> {
  if (!may(ctx.actor, "routing.manage")) throw new Forbidden();
  const rules = await listRules(ctx);
  const open = compileCalendar(await getFirmCalendar(ctx.db));
  const visible = visibleTo(ctx.actor);
  const found = await rows<{
    id: number;
    name: string;
    text: string;
    inboxId: number | null;
    topicId: number | null;
    language: string;
    tagIds: number[];
    highValue: boolean;
    openedAt: Date;
  }>(
    ctx.db,
    `select c.id, p.name, m.text, m.inbox_id as "inboxId", c.topic_id as "topicId", p.language, c.opened_at as "openedAt",
       coalesce((select array_agg(tag_id) from contact_tags where contact_id = p.id), '{}') as "tagIds",
       exists (select 1 from purchases b where b.contact_id = p.id and b.returned_at is null and b.currency is not null
         and coalesce(b.placed_at, b.created_at) between c.opened_at - interval '30 days' and c.opened_at
         group by b.currency having sum(b.amount) > (select high_value_amount from firm)) as "highValue"
     from conversations c join contacts p on p.id = c.contact_id join lateral (
       select text, inbox_id from messages m where m.conversation_id = c.id and m.shown and m.direction = 'inbound'
       order by m.sent_at, m.id limit 1) m on true
     where c.opened_at > now() - interval '${days} days' and ${visible.sql}
     order by c.opened_at desc limit ${mostConversations}`,
    visible.bindings,
  );
  const outcomes: DryRun["outcomes"] = [...rules, null].map((rule) => ({ rule, n: 0, examples: [] }));
  for (const { id, name, text, openedAt, ...arriving } of found) {
    const rule = matchRule(rules, {
      ...arriving,
      words: plainWords(text),
      isOpen: open.isOpen(openedAt.getTime()),
    });
    const outcome = outcomes.find((one) => one.rule?.id === rule?.id);
    if (!outcome) continue;
    outcome.n += 1;
    if (outcome.examples.length < shownExamples) outcome.examples.push({ id, name, text: text.slice(0, 80) });
  }
  return { days, total: found.length, outcomes };
}
