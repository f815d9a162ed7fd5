import { findSession, type Session } from "../agents/queries.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
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
  const claimed = await rows<Pick<SavedReport, "id" | "name" | "report" | "query"> & { agentId: number }>(
    ctx.db,
    `with claimed as (insert into report_mails (saved_report_id, monday)
       select s.id, :monday::date from saved_reports s join agents a on a.id = s.agent_id
       where s.is_weekly and s.created_at < :from and a.deactivated_at is null
       on conflict do nothing returning saved_report_id)
     select s.id, s.name, s.report, s.query, s.agent_id as "agentId" from saved_reports s join claimed c on c.saved_report_id = s.id order by s.id`,
    { monday: monday.toString(), from: new Date(from.epochMilliseconds) },
  );
  let sent = 0;
  for (const saved of claimed) {
    const session = await findSession(ctx.db, saved.agentId);
    if (!session) continue;
    try {
      await mailer.send(
        await compose({ ...systemContext(ctx, ctx.now), actor: session.actor }, session, saved),
      );
      sent += 1;
    } catch (error) {
      ctx.logger.warn({ err: error, savedReportId: saved.id }, "a weekly report did not go");
    }
  }
  return sent;
}
