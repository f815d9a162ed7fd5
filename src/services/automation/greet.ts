import { compileCalendar, type OpenTime } from "../business-hours/open-time.ts";
import type { Calendar } from "../business-hours/types.ts";
import { languageCode } from "../contacts/language.ts";
import type { Tx } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { loadRulebook } from "../sla/rulebook.ts";
import { listAutomaticMessages } from "./automatic-messages.ts";
import { sendAutomatic } from "./send-automatic.ts";

/** An answer that comes this soon after our own automatic message was written by a machine too. Seconds. */
const machineSeconds = 4;

/**
 * Greets who begins, or says when we open to who writes while we are closed. In the transaction that received the messages: a
 * promise that was made is stored with what it answers. Never to what answers us by itself.
 *
 * @param written conversations in which a contact wrote just now; `fresh` of them have just begun.
 */
export async function greet(tx: Tx, written: readonly number[], fresh: ReadonlySet<number>): Promise<void> {
  if (written.length === 0) return;
  const messages = await listAutomaticMessages(tx.db);
  const greeting = messages.find(({ kind, enabled }) => kind === "greeting" && enabled);
  const closed = messages.find(({ kind, enabled }) => kind === "out_of_hours" && enabled);
  if (!greeting && !closed) return;
  const waiting = await readWaiting(tx, written);
  const book = await loadRulebook(tx.db);
  const calendarOf = (teamId: number | null): Calendar | undefined =>
    book.calendars.get((teamId !== null && book.teamCalendarIds.get(teamId)) || book.firmCalendarId);
  const open: number[] = [];
  const shut: { conversationId: number; values: { abre: string } }[] = [];
  for (const { id, teamId, language, now } of waiting) {
    const calendar = calendarOf(teamId);
    if (!calendar) continue;
    const time = compileCalendar(calendar);
    if (time.isOpen(now.getTime())) {
      if (fresh.has(id)) open.push(id);
    } else shut.push({ conversationId: id, values: { abre: openingText(time, calendar, now, language) } });
  }
  if (greeting)
    await sendAutomatic(
      tx,
      greeting,
      open.map((conversationId) => ({ conversationId })),
      { daily: true },
    );
  if (closed) await sendAutomatic(tx, closed, shut, { daily: true });
}

function readWaiting(
  tx: Tx,
  ids: readonly number[],
): Promise<{ id: number; teamId: number | null; language: string; now: Date }[]> {
  return rows(
    tx.db,
    `select c.id, c.team_id as "teamId", p.language, now() as now from conversations c join contacts p on p.id = c.contact_id
     where c.id = any(:ids::bigint[]) and c.status = 'open' and c.waiting_since is not null
       and not exists (select 1 from messages b where b.conversation_id = c.id and b.author_kind = 'bot'
         and b.sent_at > c.last_inbound_at - interval '${machineSeconds} seconds' and b.sent_at <= c.last_inbound_at + interval '1 second')
     order by c.id`,
    { ids: [...ids] },
  );
}

/** `jueves, 26 de noviembre, 9:00` in the contact's language, in the zone of the calendar; empty when it never opens. */
function openingText(open: OpenTime, calendar: Calendar, now: Date, language: string): string {
  const at = open.opensAt(now.getTime());
  if (at === null) return "";
  return new Intl.DateTimeFormat(languageCode(language) === "en" ? "en-GB" : "es-MX", {
    weekday: "long",
    day: "numeric",
    month: "long",
    hour: "numeric",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: calendar.timeZone,
  }).format(new Date(at));
}
