import { compileCalendar, type OpenTime } from "../business-hours/open-time.ts";
import type { Policy, Rulebook, Subject, Target } from "./types.ts";

/** Unanswered for this long, a conversation gets the red flag: WhatsApp's service window is closing. Milliseconds. */
export const flagAfter = 86_400_000;

/** The first policy whose conditions hold; the default one holds for everything. */
export function choosePolicy({ policies }: Rulebook, subject: Subject): Policy {
  const found = policies.find((policy) => policy.isDefault || holds(policy, subject));
  if (!found) throw new Error("the default SLA policy is missing: restore it from the backup");
  return found;
}

function holds({ conditions }: Policy, subject: Subject): boolean {
  const { inboxIds, teamIds, topicIds, tagIds, priorities, highValue } = conditions;
  const among = (wanted: readonly number[] | undefined, value: number | null) =>
    !wanted?.length || (value !== null && wanted.includes(value));
  return (
    among(inboxIds, subject.inboxId) &&
    among(teamIds, subject.teamId) &&
    among(topicIds, subject.topicId) &&
    (!tagIds?.length || tagIds.some((tag) => subject.tagIds.includes(tag))) &&
    (!priorities?.length || priorities.includes(subject.priority)) &&
    (!highValue || subject.highValue)
  );
}

/** The calendar that a conversation counts by: the policy's, else its team's, else the firm's. */
export function calendarOf(
  book: Rulebook,
  policy: Policy,
  teamId: number | null,
): { id: number; version: number; open: OpenTime } {
  const ofTeam = teamId === null ? undefined : book.teamCalendarIds.get(teamId);
  const id = policy.businessHoursId ?? ofTeam ?? book.firmCalendarId;
  return { id, version: book.calendars.get(id)?.version ?? 0, open: openTimeOf(book, id) };
}

export function openTimeOf({ calendars }: Rulebook, id: number): OpenTime {
  const calendar = calendars.get(id);
  if (!calendar) throw new Error(`no calendar ${id}`);
  return compileCalendar(calendar);
}

/** How a target counts from a moment on: what begins while it is closed may have a promise of its own. */
export function countingOf(
  target: Target,
  open: OpenTime,
  startedAt: number,
): { inBusinessTime: boolean; seconds: number } {
  return target.outside !== null && !open.isOpen(startedAt)
    ? { inBusinessTime: false, seconds: target.outside }
    : { inBusinessTime: true, seconds: target.inside };
}

/** When that many seconds have counted since `from`; null when they never do. Moments in milliseconds. */
export function advance(
  open: OpenTime,
  inBusinessTime: boolean,
  from: number,
  seconds: number,
): number | null {
  const duration = Math.max(0, seconds) * 1000;
  return inBusinessTime ? open.add(from, duration) : from + duration;
}

/** Seconds that counted between two moments. */
export function elapsed(open: OpenTime, inBusinessTime: boolean, from: number, to: number): number {
  return Math.max(0, inBusinessTime ? open.between(from, to) : to - from) / 1000;
}

/** When a target that starts now is due, or null when it is not promised. */
export function dueOf(target: Target | null, open: OpenTime, startedAt: number): number | null {
  if (!target) return null;
  const { inBusinessTime, seconds } = countingOf(target, open, startedAt);
  return advance(open, inBusinessTime, startedAt, seconds);
}

/** A policy that no conversation ever reaches, because an earlier one takes everything that it would take; null when each has its turn. */
export function findShadowedPolicy(policies: readonly Policy[]): { policy: Policy; by: Policy } | null {
  const narrow = policies.filter(({ isDefault }) => !isDefault);
  for (const [index, policy] of narrow.entries()) {
    const by = narrow.slice(0, index).find((earlier) => takesAll(earlier, policy));
    if (by) return { policy, by };
  }
  return null;
}

function takesAll({ conditions: earlier }: Policy, { conditions: later }: Policy): boolean {
  const within = <T>(wide: readonly T[] | undefined, narrow: readonly T[] | undefined) =>
    !wide?.length || (narrow !== undefined && narrow.length > 0 && narrow.every((one) => wide.includes(one)));
  return (
    within(earlier.inboxIds, later.inboxIds) &&
    within(earlier.teamIds, later.teamIds) &&
    within(earlier.topicIds, later.topicIds) &&
    within(earlier.tagIds, later.tagIds) &&
    within(earlier.priorities, later.priorities) &&
    (!earlier.highValue || later.highValue === true)
  );
}
