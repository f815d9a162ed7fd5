import { type Context, systemContext } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { keepClocks } from "./keep-clocks.ts";

const perSweep = 500;

/**
 * Conversations whose clocks do not say what they say themselves, whatever forgot to keep them; and those that count by another
 * calendar, or by the same before it was changed.
 */
const strayed = `
  select c.id from conversations c left join sla_clocks k
      on k.conversation_id = c.id and k.ended_at is null and k.target <> 'resolution'
    where c.status <> 'resolved' and c.waiting_since is not null
      and (k.id is null or k.started_at <> date_trunc('milliseconds', c.waiting_since)
        or (k.resumed_at is null) <> (c.status in ('pending', 'snoozed')))
  union all
  select c.id from sla_clocks k join conversations c on c.id = k.conversation_id
    where k.ended_at is null and (c.status = 'resolved' or c.waiting_since is null and k.target <> 'resolution')
  union all
  select k.conversation_id from sla_clocks k cross join firm f join sla_policies s on s.id = k.policy_id
      join conversations c on c.id = k.conversation_id left join teams t on t.id = c.team_id
      join business_hours b on b.id = coalesce(s.business_hours_id, t.business_hours_id, f.business_hours_id)
    where k.ended_at is null and (k.business_hours_id <> b.id or k.calendar_version <> b.version)`;

/**
 * A policy may be chosen by what is not the conversation's own: the contact's tags, or what they bought. Then what waits is
 * looked at again, for either changes without a word to its clocks.
 */
const chosenByContact = `
  select k.conversation_id from sla_clocks k where k.ended_at is null and k.resumed_at is not null and k.breached_at is null
    and exists (select 1 from sla_policies where archived_at is null and (jsonb_exists(conditions, 'tagIds') or jsonb_exists(conditions, 'highValue')))`;

/** @returns how many conversations were looked at. */
export async function sweepClocks(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  await lookAgain(system);
  for (let swept = 0; ; swept += perSweep) {
    const found = await transact(system, async (tx) => {
      const locked = await rows<{ id: number }>(
        tx.db,
        `select id from conversations where id in (${strayed}) order by id limit ${perSweep} for update skip locked`,
      );
      await keepClocks(
        tx,
        locked.map(({ id }) => id),
      );
      return locked.length;
    });
    if (found < perSweep) return swept + found;
  }
}

async function lookAgain(system: Context): Promise<void> {
  for (let after = 0; ; ) {
    const last = await transact(system, async (tx) => {
      const locked = await rows<{ id: number }>(
        tx.db,
        `select id from conversations where id > :after and id in (${chosenByContact}) order by id limit ${perSweep} for update skip locked`,
        { after },
      );
      await keepClocks(
        tx,
        locked.map(({ id }) => id),
      );
      return locked.length < perSweep ? null : (locked.at(-1)?.id ?? null);
    });
    if (last === null) return;
    after = last;
  }
}
