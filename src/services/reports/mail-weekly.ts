import { findSession, type Session } from "../agents/queries.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { isTransient, row } from "../platform/database.ts";
import type { Mail, Mailer } from "../platform/mailer.ts";
import type { SavedReport } from "./saved.ts";

/** From this hour of Monday on, by the firm's clock. */
const hour = 7;

/** The words of a report, for whoever it belongs to. */
export type ComposeReport = (
  ctx: Context,
  session: Session,
  saved: Pick<SavedReport, "name" | "report" | "query">,
) => Promise<Mail>;

/**
 * Sends on Monday what people wanted every week, of the week that ended, with what they may see by then. Claimed before it is
 * sent, so it goes once or, when the server fails, not at all; what was missed on Monday goes later in the week.
 *
 * @returns how many went.
 */
export async function mailWeekly(ctx: Context, mailer: Mailer, compose: ComposeReport): Promise<number> {
  const firm = await row<{ zone: string }>(ctx.db, "select time_zone as zone from firm");
  const now = Temporal.Instant.fromEpochMilliseconds(ctx.now().getTime()).toZonedDateTimeISO(
    firm?.zone ?? "UTC",
  );
  const monday = now.toPlainDate().subtract({ days: now.dayOfWeek - 1 });
  const from = monday.toZonedDateTime({ timeZone: now.timeZoneId, plainTime: new Temporal.PlainTime(hour) });
  if (Temporal.ZonedDateTime.compare(now, from) < 0) return 0;
  let sent = 0;
  for (;;) {
    const saved = await claim(ctx, monday.toString(), new Date(from.epochMilliseconds));
    if (!saved) return sent;
    const session = await findSession(ctx.db, saved.agentId);
    if (!session) continue;
    const as: Context = { ...systemContext(ctx, ctx.now), actor: session.actor };
    let mail: Mail;
    try {
      mail = await compose(as, session, saved);
    } catch (error) {
      // Nothing has left yet: the next look tries again, while the database is only away.
      if (isTransient(error))
        await ctx.db.raw("delete from report_mails where saved_report_id = ? and monday = ?::date", [
          saved.id,
          monday.toString(),
        ]);
      ctx.logger.warn({ err: error, savedReportId: saved.id }, "a weekly report could not be made");
      if (isTransient(error)) return sent;
      continue;
    }
    try {
      await mailer.send(mail);
      sent += 1;
    } catch (error) {
      ctx.logger.warn({ err: error, savedReportId: saved.id }, "a weekly report did not go");
    }
  }
}

type Claimed = Pick<SavedReport, "id" | "name" | "report" | "query"> & { agentId: number };

/** One at a time: whoever is killed loses no more than the one that was going. */
const claim = (ctx: Context, monday: string, from: Date): Promise<Claimed | null> =>
  row<Claimed>(
    ctx.db,
    `with claimed as (insert into report_mails (saved_report_id, monday)
       select s.id, :monday::date from saved_reports s join agents a on a.id = s.agent_id
       where s.is_weekly and s.created_at < :from and a.deactivated_at is null
         and not exists (select 1 from report_mails m where m.saved_report_id = s.id and m.monday = :monday::date)
       order by s.id limit 1 on conflict do nothing returning saved_report_id)
     select s.id, s.name, s.report, s.query, s.agent_id as "agentId" from saved_reports s join claimed c on c.saved_report_id = s.id`,
    { monday, from },
  );
