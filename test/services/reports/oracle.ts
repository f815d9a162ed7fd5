import type { Knex } from "knex";
import { rows } from "../../../src/services/platform/database.ts";

// biome-ignore lint/suspicious/noExplicitAny: rows as the database gives them.
type Raw = any;

/**
 * Measures conversations once more, slowly, from the raw rows: message by message, minute by minute, with the clock of
 * `Intl`. It shares nothing with what it checks but the words that it looks for.
 */
export async function measureSlowly(db: Knex, words: Words): Promise<Map<number, Record<string, unknown>>> {
  const found = new Map<number, Record<string, unknown>>();
  const calendars = await rows<Raw>(db, "select * from business_hours");
  const holidays = await rows<Raw>(db, "select *, on_date::text as day from holidays");
  const firm = (await rows<Raw>(db, "select * from firm"))[0];
  const openMinutes = new Map<number, (minute: number) => boolean>();
  for (const calendar of calendars)
    openMinutes.set(
      calendar.id,
      openMinute(
        calendar,
        holidays.filter((h) => h.business_hours_id === calendar.id),
      ),
    );
  for (const c of await rows<Raw>(
    db,
    "select * from conversations where merged_into_id is null order by opened_at, id",
  )) {
    const clocks = await rows<Raw>(db, "select * from sla_clocks where conversation_id = ? order by id", [
      c.id,
    ]);
    const calendarId = clocks.findLast((k) => k.business_hours_id !== null)?.business_hours_id;
    const isOpen = openMinutes.get(calendarId ?? firm.business_hours_id) ?? (() => false);
    const business = (from: number, to: number) => {
      let sum = 0;
      for (let minute = Math.floor(from / 60_000); minute * 60_000 < to; minute += 1)
        if (isOpen(minute)) sum += Math.min(to, (minute + 1) * 60_000) - Math.max(from, minute * 60_000);
      return Math.round(sum / 1000);
    };
    const everything = await rows<Raw>(
      db,
      "select *, plain(text) as low from messages where conversation_id = ?",
      [c.id],
    );
    const messages = everything.filter(
      (m) =>
        !["reaction", "edit", "revoke", "system"].includes(m.kind) &&
        m.discarded_at === null &&
        m.delivery !== "failed" &&
        m.content.history === undefined &&
        m.content.quiet === undefined,
    );
    // What the firm's phone brought from before Hilo is nobody's work here.
    if (messages.length === 0 && everything.some((m) => m.content.history)) continue;
    const acts = (await rows<Raw>(db, "select * from audit_events where conversation_id = ?", [c.id])).filter(
      (e) =>
        e.act === "conversation.resolved" ||
        (e.act === "conversation.reopened" && (e.data.from ?? "resolved") === "resolved"),
    );
    const story = [
      ...messages.map((m) => ({ ...m, at: m.sent_at.getTime(), turn: 1 })),
      ...acts.map((e) => ({ ...e, at: e.created_at.getTime(), turn: 2 })),
    ].sort((a, b) => a.at - b.at || a.turn - b.turn || a.id - b.id);
    const people = story.filter((e) => e.author_kind === "agent" || e.author_kind === "phone");
    const theirs = story.filter((e) => e.author_kind === "contact");
    const bots = story.filter((e) => e.author_kind === "bot");

    const answers: Raw[] = [];
    let left: number | null = null;
    for (const [i, e] of story.entries()) {
      if (e.author_kind === "contact") {
        // Where the wait that this message belongs to began: the first of theirs since the last break.
        const before = story.slice(0, i);
        const cut = before.findLastIndex((b) =>
          b.turn === 2 ? b.act === "conversation.resolved" : ["agent", "phone"].includes(b.author_kind),
        );
        const run = before.slice(cut + 1).filter((b) => b.author_kind === "contact");
        if (run.length > 0) continue;
        const end = story
          .slice(i + 1)
          .find((b) =>
            b.turn === 2 ? b.act === "conversation.resolved" : ["agent", "phone"].includes(b.author_kind),
          );
        if (end && end.turn === 1)
          answers.push({
            asked: e.at,
            answered: end.at,
            agent: end.author_agent_id,
            seconds: Math.round((end.at - e.at) / 1000),
            business: business(e.at, end.at),
          });
      }
    }
    const lastEnd = story.findLastIndex((e) => e.act === "conversation.resolved");
    if (lastEnd >= 0 && c.resolved_at) {
      const before = story.slice(0, lastEnd);
      const cut = before.findLastIndex((b) =>
        b.turn === 2 ? b.act === "conversation.resolved" : ["agent", "phone"].includes(b.author_kind),
      );
      const run = before.slice(cut + 1).filter((b) => b.author_kind === "contact");
      const later = story
        .slice(lastEnd + 1)
        .some((b) => b.author_kind !== undefined && b.author_kind !== "bot");
      if (run[0] && !later && !run.every((m) => m.text.length < 60 && words.thanks(m.low))) left = run[0].at;
    }
    let handling = 0;
    const spoken = story.filter((e) => e.turn === 1 && e.author_kind !== "bot");
    for (let i = 1; i < spoken.length; i += 1)
      if (spoken[i].author_kind !== "contact")
        handling += Math.min(600, (spoken[i].at - spoken[i - 1].at) / 1000);

    const holders = (
      await rows<Raw>(db, "select assignee_id from assignments where conversation_id = ? order by id", [c.id])
    ).flatMap((a) => a.assignee_id ?? []);
    const kept = clocks.filter((k) => k.target_seconds !== null);
    const whole = (target: string) => {
      const some = kept.filter((k) => k.target === target);
      return some.some((k) => k.breached_at) ? "missed" : some.some((k) => k.met_at) ? "met" : null;
    };
    const next = kept.filter((k) => k.target === "next_response");
    const later = answers.slice(1);
    const agents = [...new Set(people.flatMap((m) => m.author_agent_id ?? []))].sort((a, b) => a - b);
    // Whose a target of a later answer was: of whoever of the firm wrote next.
    const whose = next.map((k) => {
      const after = story.filter((e) => e.at >= k.started_at.getTime());
      const over = after.findIndex((e) => e.act === "conversation.resolved");
      const until = over === -1 ? after : after.slice(0, over);
      return until.find((m) => people.includes(m))?.author_agent_id ?? null;
    });
    const countOf = (agent: number, is: (k: Raw) => boolean) =>
      next.filter((k, i) => whose[i] === agent && is(k)).length;
    const surveys = await rows<Raw>(
      db,
      "select * from surveys where conversation_id = ? and score is not null order by id",
      [c.id],
    );
    const last = (kind: string) => surveys.findLast((s) => s.kind === kind)?.score ?? null;

    const asked = new Set<string>();
    const again = new Set<string>();
    const pending = new Set<string>();
    for (const e of story) {
      if (e.author_kind === "contact") {
        for (const one of pending) asked.add(one);
        pending.clear();
      }
      if ((e.author_kind === "agent" || e.author_kind === "phone") && e.text.includes("?"))
        for (const [detail, pattern] of Object.entries(words.details))
          if (pattern(e.low)) {
            if (asked.has(detail)) again.add(detail);
            pending.add(detail);
          }
    }
    const opened = c.opened_at.getTime();
    const resolved = c.resolved_at?.getTime() ?? null;
    found.set(c.id, {
      contact: c.contact_id,
      topic: c.topic_id,
      outcome: c.outcome,
      isolated: c.isolated_inbox_id,
      opened,
      resolved,
      answers: answers.map((a) => [a.asked, a.answered, a.agent, a.seconds, a.business]),
      first: answers[0]?.seconds ?? null,
      firstBusiness: answers[0]?.business ?? null,
      firstAgent: answers[0]?.agent ?? null,
      resolvedBy: c.resolved_by_id,
      agents,
      later: later.length,
      laterBusiness: later.reduce((sum, a) => sum + a.business, 0),
      agentLater: agents.map((id) => later.filter((a) => a.agent === id).length),
      agentLaterBusiness: agents.map((id) =>
        later.filter((a) => a.agent === id).reduce((sum, a) => sum + a.business, 0),
      ),
      agentNextMet: agents.map((id) => countOf(id, (k) => k.met_at && !k.breached_at)),
      agentNextMissed: agents.map((id) => countOf(id, (k) => k.breached_at)),
      by: people.length > 0 ? "person" : bots.length > 0 ? "bot" : "nobody",
      inbound: theirs.length,
      outbound: people.length,
      automatic: bots.length,
      questions: people.filter((m) => m.text.includes("?")).length,
      transfers: holders.filter((h, i) => i > 0 && h !== holders[i - 1]).length,
      reopenings: acts.filter((e) => e.act === "conversation.reopened").length,
      handling: Math.round(handling),
      resolution: resolved === null ? null : Math.max(0, Math.round((resolved - opened) / 1000)),
      resolutionBusiness: resolved === null ? null : business(opened, resolved),
      firstSla: whole("first_response"),
      resolutionSla: whole("resolution"),
      nextMissed: next.filter((k) => k.breached_at).length,
      nextMet: next.filter((k) => k.met_at && !k.breached_at).length,
      csat: last("csat"),
      nps: last("nps"),
      confirmed: last("confirm") === null ? null : last("confirm") === 1,
      said: theirs.some((m) => words.repeats(m.low)),
      asked: [...asked].sort(),
      again: [...again].sort(),
      abandoned:
        resolved !== null && left !== null && resolved - left >= 3_600_000
          ? people.length > 0
            ? "frustration"
            : "saturation"
          : null,
    });
  }
  for (const [id, one] of found) {
    const others = [...found].filter(
      ([other, o]) => other !== id && o.contact === one.contact && o.isolated === one.isolated,
    );
    const back = others
      .filter(
        ([, o]) =>
          o.topic === one.topic &&
          one.resolved !== null &&
          Number(o.opened) >= Number(one.resolved) &&
          Number(o.opened) < Number(one.resolved) + 7 * 86_400_000,
      )
      .map(([, o]) => Number(o.opened));
    one.recontact = back.length > 0 ? Math.min(...back) : null;
    const known = others
      .filter(
        ([other, o]) => Number(o.opened) < Number(one.opened) || (o.opened === one.opened && other < id),
      )
      .flatMap(([, o]) => o.asked as string[]);
    one.known = [...new Set((one.asked as string[]).filter((detail) => known.includes(detail)))].sort();
  }
  return found;
}

/** How the words are looked for; by JavaScript's own patterns. */
export interface Words {
  repeats: (low: string) => boolean;
  thanks: (low: string) => boolean;
  details: Record<string, (low: string) => boolean>;
}

/** Whether a minute since 1970 is open, by the wall clock of the zone. */
function openMinute(calendar: Raw, holidays: Raw[]): (minute: number) => boolean {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone: calendar.time_zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const spansOn = (day: string): [number, number][] =>
    holidays.find((h) => h.day === day)?.spans ??
    calendar.week[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7];
  const known = new Map<number, boolean>();
  return (minute) => {
    let open = known.get(minute);
    if (open === undefined) {
      const parts = Object.fromEntries(
        format.formatToParts(minute * 60_000).map(({ type, value }) => [type, value]),
      );
      const day = `${parts.year}-${parts.month}-${parts.day}`;
      const yesterday = new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
      const at = Number(parts.hour) * 60 + Number(parts.minute);
      open =
        spansOn(day).some(([from, until]) => at >= from && at < until) ||
        spansOn(yesterday).some(([from, until]) => at + 1440 >= from && at + 1440 < until);
      known.set(minute, open);
    }
    return open;
  };
}
