import { type Context, systemContext } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { giveBack } from "./desk.ts";

const perTransaction = 200;

/**
 * What waits for an answer with somebody who has been away or offline for as long as the firm allows goes back to the
 * queue, where whoever is there gets it.
 *
 * @returns how many conversations went back.
 */
export async function releaseAbsent(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  for (let total = 0; ; ) {
    const freed = await transact(system, async (tx) => {
      const locked = await rows<{ id: number }>(
        tx.db,
        `select c.id from conversations c where c.status = 'open' and c.waiting_since is not null and c.assignee_id in (
             select a.id from agents a, firm f where a.availability <> 'online' and f.absence_minutes is not null
               and a.availability_changed_at <= now() - make_interval(mins => f.absence_minutes))
           and not exists (select 1 from assignments s, firm f where s.conversation_id = c.id
             and s.created_at > now() - make_interval(mins => f.absence_minutes))
         order by c.id limit ${perTransaction} for update of c skip locked`,
      );
      const ids = locked.map(({ id }) => id);
      await giveBack(tx, ids, "agent_away");
      return ids.length;
    });
    total += freed;
    if (freed < perTransaction) return total;
  }
}
