import type { OpenTime } from "../business-hours/open-time.ts";
import { advance, calendarOf, countingOf, dueOf, elapsed, flagAfter, openTimeOf } from "./clock.ts";
import type { Policy, Rulebook, Subject } from "./types.ts";

/** A conversation as its clocks see it. */
export interface Standing extends Subject {
  id: number;
  status: "open" | "pending" | "snoozed" | "resolved";
  waitingSince: Date | null;
  firstResponseAt: Date | null;
  openedAt: Date;
  assigneeId: number | null;
  /** What is resolved again has its time from the reopening on. */
  wasResolved: boolean;
  /** The database's clock: the only one that decides. */
  now: Date;
}

/** A row of `sla_clocks`; times in milliseconds. */
export interface Clock {
  /** 0 of one that starts now. */
  id: number;
  conversationId: number;
  target: "first_response" | "next_response" | "resolution";
  policyId: number;
  businessHoursId: number;
  calendarVersion: number;
  inBusinessTime: boolean;
  targetSeconds: number | null;
  countedSeconds: number;
  startedAt: number;
  resumedAt: number | null;
  dueAt: number | null;
  breachedAt: number | null;
  metAt: number | null;
  endedAt: number | null;
  cycle: number;
  alertAt: number | null;
  reassignAt: number | null;
  flagAt: number | null;
  /** From when the two steps count. */
  alertFrom: number | null;
  reassignFrom: number | null;
}

export type Moved = "by_hand" | "handed_on";

/** What a clock is kept by: the conversation, the policy that holds for it, and why it is looked at. */
export interface Keeping {
  book: Rulebook;
  standing: Standing;
  policy: Policy;
  /**
   * `by_hand`: somebody of the firm did something about it, and the ladder begins anew. `handed_on`: Hilo gave it to somebody, who
   * has their time to answer; that nobody moved it so far stays true.
   */
  moved: Moved | null;
  /** Targets or calendars changed: what runs is counted anew, though policy and calendar are the same rows. */
  recounted: boolean;
}

/** The clock that ran, as it is from now on, and the one that starts. */
export interface Kept {
  kept: Clock | null;
  started: Clock | null;
}

const isPaused = ({ status }: Standing): boolean => status === "pending" || status === "snoozed";

/** First or next response, and the ladder of waiting that hangs on it. */
export function keepResponse(keeping: Keeping, known: Clock | null): Kept {
  const { standing } = keeping;
  const since = standing.status === "resolved" ? null : (standing.waitingSince?.getTime() ?? null);
  if (known && since === known.startedAt) return { kept: goOn(keeping, known), started: null };
  // Nobody waits any more, or somebody waits again: what ran until now was answered.
  const kept = known && end(standing, known);
  if (since === null) return { kept, started: null };
  const target = standing.firstResponseAt ? "next_response" : "first_response";
  const started = startLadder(keeping, start(keeping, target, since), since);
  return { kept, started: { ...started, flagAt: started.resumedAt === null ? null : since + flagAfter } };
}

export function keepResolution(keeping: Keeping, known: Clock | null): Kept {
  const { standing, policy } = keeping;
  if (standing.status === "resolved") return { kept: known && end(standing, known), started: null };
  if (known) return { kept: pauseOrResume(keeping, recount(keeping, known)), started: null };
  if (!policy.targets.resolution) return { kept: null, started: null };
  const since = standing.wasResolved ? standing.now.getTime() : standing.openedAt.getTime();
  return { kept: null, started: start(keeping, "resolution", since) };
}

function goOn(keeping: Keeping, known: Clock): Clock {
  const { standing, moved } = keeping;
  const kept = pauseOrResume(keeping, recount(keeping, known));
  if (kept.resumedAt === null) return { ...kept, alertAt: null, reassignAt: null, flagAt: null };
  const isResumed = known.resumedAt === null;
  if (!isResumed && !moved) return kept;
  const waiting = moved === "handed_on" && !isResumed ? kept.alertAt : null;
  const now = standing.now.getTime();
  // Raised once in a waiting: its step is one, however often the time comes.
  const flagAt = isResumed ? known.startedAt + flagAfter : kept.flagAt;
  const ladder = startLadder(keeping, { ...kept, flagAt, cycle: kept.cycle + 1 }, now);
  return waiting === null ? ladder : { ...ladder, alertAt: waiting, alertFrom: kept.alertFrom };
}

function start({ book, standing, policy }: Keeping, target: Clock["target"], since: number): Clock {
  const { id: businessHoursId, version: calendarVersion, open } = calendarOf(book, policy, standing.teamId);
  const promised = policy.targets[target];
  const counting = promised && countingOf(promised, open, since);
  const inBusinessTime = counting?.inBusinessTime ?? true;
  const runs = !isPaused(standing);
  return {
    id: 0,
    conversationId: standing.id,
    target,
    policyId: policy.id,
    businessHoursId,
    calendarVersion,
    inBusinessTime,
    targetSeconds: counting?.seconds ?? null,
    countedSeconds: 0,
    startedAt: since,
    resumedAt: runs ? since : null,
    dueAt: counting && runs ? advance(open, inBusinessTime, since, counting.seconds) : null,
    breachedAt: null,
    metAt: null,
    endedAt: null,
    cycle: 0,
    alertAt: null,
    reassignAt: null,
    flagAt: null,
    alertFrom: null,
    reassignFrom: null,
  };
}

/** The ladder from a movement on: an alert, then another agent. What waits in the queue is nobody's to take away. */
function startLadder({ book, standing, policy }: Keeping, clock: Clock, movedAt: number): Clock {
  if (clock.resumedAt === null) return clock;
  const { open } = calendarOf(book, policy, standing.teamId);
  const { movement, reassignment } = policy.targets;
  return {
    ...clock,
    alertAt: dueOf(movement, open, movedAt),
    reassignAt: standing.assigneeId === null ? null : dueOf(reassignment, open, movedAt),
    alertFrom: movedAt,
    reassignFrom: movedAt,
  };
}

/** The same waiting under another policy, calendar or target: what has counted so far stays counted. */
function recount({ book, standing, policy, recounted }: Keeping, clock: Clock): Clock {
  const { id: businessHoursId, version: calendarVersion, open } = calendarOf(book, policy, standing.teamId);
  const isSame =
    clock.policyId === policy.id &&
    clock.businessHoursId === businessHoursId &&
    clock.calendarVersion === calendarVersion;
  if (isSame && !recounted) return clock;
  const promised = policy.targets[clock.target];
  const counting = promised && countingOf(promised, open, clock.startedAt);
  const changed = {
    ...clock,
    policyId: policy.id,
    businessHoursId,
    calendarVersion,
    targetSeconds: counting?.seconds ?? null,
    inBusinessTime: counting?.inBusinessTime ?? true,
  };
  // Of the ladder, what has not happened yet comes when it would have come.
  const again = (at: number | null, from: number | null, target: Policy["targets"]["movement"]) =>
    at === null || from === null ? null : dueOf(target, open, from);
  return {
    ...changed,
    dueAt: dueWhile(changed, open),
    alertAt: again(clock.alertAt, clock.alertFrom, policy.targets.movement),
    reassignAt: again(clock.reassignAt, clock.reassignFrom, policy.targets.reassignment),
  };
}

function pauseOrResume({ book, standing }: Keeping, clock: Clock): Clock {
  const now = standing.now.getTime();
  const open = openTimeOf(book, clock.businessHoursId);
  if (isPaused(standing)) {
    if (clock.resumedAt === null) return clock;
    const counted = elapsed(open, clock.inBusinessTime, clock.resumedAt, now);
    return { ...clock, countedSeconds: clock.countedSeconds + counted, resumedAt: null, dueAt: null };
  }
  if (clock.resumedAt !== null) return clock;
  const resumed = { ...clock, resumedAt: now };
  return { ...resumed, dueAt: dueWhile(resumed, open) };
}

function dueWhile(clock: Clock, open: OpenTime): number | null {
  const { targetSeconds, resumedAt, countedSeconds, inBusinessTime } = clock;
  if (targetSeconds === null || resumedAt === null) return null;
  return advance(open, inBusinessTime, resumedAt, targetSeconds - countedSeconds);
}

/** Answered in time, answered late, or resolved without an answer. */
function end(standing: Standing, clock: Clock): Clock {
  const endedAt = Math.max(standing.now.getTime(), clock.startedAt);
  const isMet = clock.target === "resolution" || standing.status !== "resolved";
  const isLate = clock.dueAt !== null && clock.dueAt < endedAt;
  return {
    ...clock,
    metAt: isMet ? endedAt : null,
    endedAt,
    breachedAt: clock.breachedAt ?? (isLate ? clock.dueAt : null),
    resumedAt: null,
    alertAt: null,
    reassignAt: null,
    flagAt: null,
  };
}
