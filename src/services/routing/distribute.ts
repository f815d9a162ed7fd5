import { type Context, systemContext, type Tx } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { give, loadGiving, lockCandidates, lockGiving } from "./desk.ts";
import { pick, type Unassigned } from "./pick.ts";

/** The most that one transaction gives out; what is left comes with the next. */
const perTransaction = 500;

/**
 * Takes the queue, what matters most first and then who waits longest, and gives it to agents who fit and have room. It
 * is nudged when somebody writes or an agent comes, and swept every second, so that nothing waits for a person to look.
 *
 * @returns how many conversations were given.
 */
export async function distribute(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  let total = 0;
  while (await isWorthIt(ctx)) {
    const given = await transact(system, giveSome);
    total += given;
    if (given < perTransaction) break;
  }
  return total;
}

/** Somebody waits, and somebody could answer: looked at without a lock, for most of the time one of the two is not so. */
async function isWorthIt({ db }: Context): Promise<boolean> {
  const found = await row<{ yes: boolean }>(
    db,
    // In this order: the agents are few, and the head of a busy queue is full of rows that were rewritten.
    `select case when exists (select 1 from agents where receives and availability = 'online' and deactivated_at is null)
       then exists (select 1 from conversations where status = 'open' and assignee_id is null and waiting_since is not null)
       else false end as yes`,
  );
  return found?.yes ?? false;
}

async function giveSome(tx: Tx): Promise<number> {
  await lockGiving(tx);
  const giving = await loadGiving(tx);
  const candidates = await lockCandidates(tx, giving.now);
  if (candidates.length === 0) return 0;
  const queue = await lockQueue(tx, {
    teamIds: [...new Set(candidates.flatMap(({ teamIds }) => teamIds))],
    skills: [...new Set(candidates.flatMap(({ skills }) => skills))],
    pilotPercent: giving.pilotPercent,
  });
  const picks = pick(queue, candidates, giving);
  await give(tx, picks);
  return picks.length;
}

/** What could be given to somebody who is there. Locked; what others hold at this moment comes the next time. */
function lockQueue(
  tx: Tx,
  there: { teamIds: number[]; skills: string[]; pilotPercent: number },
): Promise<Unassigned[]> {
  return rows(
    tx.db,
    `with next as materialized (
       select c.id from conversations c
       where c.status = 'open' and c.assignee_id is null and c.waiting_since is not null
         and (c.team_id is null and (select strategy from firm) <> 'manual'
           or c.team_id = any(:teamIds::bigint[]) and (select strategy from teams where id = c.team_id) <> 'manual')
         and (c.skill is null or c.skill = any(:skills::text[]))
         and (c.isolated_inbox_id is null or (select team_id from inboxes where id = c.isolated_inbox_id) = any(:teamIds::bigint[]))
         and (:pilotPercent::int = 100 or abs(hashint8(c.contact_id)::bigint) % 100 < :pilotPercent::int)
       order by (case c.priority when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end), c.waiting_since, c.id
       limit ${perTransaction} for update of c skip locked)
     select c.id, c.team_id as "teamId", x.team_id as "isolatedTeamId", c.skill,
       case when l.reason = 'no_movement' and l.assignee_id is null
         -- Whoever answers again is at work again.
         and not exists (select 1 from agents b where b.id = h.assignee_id and b.last_reply_at > l.created_at)
         then h.assignee_id end as "notAgentId",
       coalesce(h.assignee_id, (select assignee_id from conversations o where o.contact_id = c.contact_id and o.id <> c.id and o.assignee_id is not null
           and (o.isolated_inbox_id is null or o.isolated_inbox_id = c.isolated_inbox_id) order by o.opened_at desc limit 1)) as "lastAgentId"
     from next join conversations c using (id) left join inboxes x on x.id = c.isolated_inbox_id
       left join lateral (select assignee_id, reason, created_at from assignments where conversation_id = c.id order by id desc limit 1) l on true
       left join lateral (select assignee_id from assignments where conversation_id = c.id and assignee_id is not null
         order by id desc limit 1) h on true
     order by (case c.priority when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end), c.waiting_since, c.id`,
    there,
  );
}
