import { languageCode } from "../contacts/language.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { listAutomaticMessages } from "./automatic-messages.ts";
import { sendAutomatic } from "./send-automatic.ts";

const perSweep = 200;

/**
 * Tells who waits in the queue for a while their place in it, and about how long it takes, when that is known: by how fast the
 * queue of their team has moved in the last hour. Once in an episode and a day.
 *
 * @returns how many were told.
 */
export async function tellQueue(ctx: Context): Promise<number> {
  const [notice] = (await listAutomaticMessages(ctx.db)).filter(
    ({ kind, enabled }) => kind === "queue_notice" && enabled,
  );
  if (!notice) return 0;
  return transact(systemContext(ctx, ctx.now), async (tx) => {
    const waiting = await rows<{ id: number; place: number; perHour: number; language: string }>(
      tx.db,
      `with queue as (
         select c.id, c.contact_id, c.waiting_since, c.team_id, row_number() over (partition by c.team_id
           order by (case c.priority when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end), c.waiting_since, c.id) as place
         from conversations c where c.status = 'open' and c.assignee_id is null and c.waiting_since is not null),
       pace as (select o.team_id, count(*)::int as n from assignments a join conversations o on o.id = a.conversation_id
         where a.created_at > now() - interval '1 hour' and a.assignee_id is not null group by o.team_id)
       select q.id, q.place::int as place, p.language,
         coalesce((select n from pace where pace.team_id is not distinct from q.team_id), 0) as "perHour"
       from queue q join contacts p on p.id = q.contact_id, firm f
       where q.waiting_since < now() - make_interval(secs => f.queue_notice_seconds)
         and not exists (select 1 from automatic_sends s where s.conversation_id = q.id and s.kind = 'queue_notice'
           and s.on_date = (now() at time zone f.time_zone)::date)
       order by q.waiting_since limit ${perSweep}`,
    );
    const sends = waiting.map(({ id, place, perHour, language }) => ({
      conversationId: id,
      values: { numero: String(place), espera: waitText(place, perHour, language) },
    }));
    return (await sendAutomatic(tx, notice, sends, { daily: true })).length;
  });
}

/** `, unos 8 min`; nothing when the queue has not moved, for then nobody knows. */
function waitText(place: number, perHour: number, language: string): string {
  if (perHour === 0) return "";
  const minutes = Math.max(1, Math.ceil((place * 60) / perHour));
  const locale = languageCode(language) === "en" ? "en" : "es";
  return ` (≈ ${new Intl.NumberFormat(locale, { style: "unit", unit: "minute", unitDisplay: "short" }).format(minutes)})`;
}
