import type { Locale } from "../agents/queries.ts";
import type { Context } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import type { Mail, Mailer } from "../platform/mailer.ts";
import type { AlertKind } from "./alerts.ts";

/** What one agent is told by mail: the words are the views'. */
export interface AlertMail {
  to: string;
  locale: Locale;
  alerts: { kind: AlertKind; contactName: string; conversationId: number }[];
}
export type ComposeAlerts = (mail: AlertMail) => Mail;

/** Whoever looks within this time needs no mail; what is older than an hour helps nobody any more. */
const looksWithin = "30 seconds";
const oldest = "1 hour";
const perSweep = 200;

interface Claimed {
  email: string;
  locale: Locale;
  kind: AlertKind;
  contactName: string;
  conversationId: number;
}

/**
 * Tells by mail what somebody was alerted of and has not looked at: one mail an agent and sweep. Claimed before it is sent,
 * so it goes once or, when the server fails, not at all: the notice in Hilo is what counts.
 *
 * @returns how many mails went.
 */
export async function mailAlerts(ctx: Context, mailer: Mailer, compose: ComposeAlerts): Promise<number> {
  const claimed = await rows<Claimed>(
    ctx.db,
    `update alerts l set mailed_at = now() from agents a, conversations c, contacts p
     where l.id in (select id from alerts where mailed_at is null and seen_at is null
         and kind in ('stalled', 'nobody', 'neglected', 'low_score', 'reassigned')
         and created_at between now() - interval '${oldest}' and now() - interval '${looksWithin}'
         order by id limit ${perSweep} for update skip locked)
       and a.id = l.agent_id and a.deactivated_at is null and c.id = l.conversation_id and p.id = c.contact_id
     returning a.email, a.locale, l.kind, p.name as "contactName", l.conversation_id as "conversationId"`,
  );
  const mails = new Map<string, AlertMail>();
  for (const { email, locale, ...alert } of claimed) {
    const mail = mails.get(email) ?? { to: email, locale, alerts: [] };
    mail.alerts.push(alert);
    mails.set(email, mail);
  }
  let sent = 0;
  for (const mail of mails.values()) {
    try {
      await mailer.send(compose(mail));
      sent += 1;
    } catch (error) {
      ctx.logger.warn({ err: error, alerts: mail.alerts.length }, "a mail with alerts did not go");
    }
  }
  return sent;
}
