/** What staffing is reckoned with. */
export interface StaffingAssumptions {
  /** The share that is to be answered in time, 0 to 1. */
  level: number;
  /** In time: within so many seconds. */
  within: number;
  /** How long one conversation takes somebody. Seconds. */
  handling: number;
  /** How many conversations one person holds at once. */
  atOnce: number;
}

/** Who is at work is not at the screen all of the time: breaks, other work. The usual figure of the trade. */
export const shrinkage = 0.3;
/** Nobody can be answered faster by more than this many people: a guard for odd assumptions. */
const mostPeople = 500;

/**
 * Pure. How many people an hour needs (Erlang C): conversations come at random, wait in one queue, and `level` of them are
 * to be answered within `within`. Without `shrinkage`.
 *
 * @param perHour conversations that begin in the hour.
 */
export function peopleNeeded(
  perHour: number,
  { level, within, handling, atOnce }: StaffingAssumptions,
): number {
  if (perHour <= 0 || handling <= 0) return 0;
  // Somebody who holds several at once gives each a part of their time.
  const load = (perHour * handling) / 3600;
  for (let servers = Math.floor(load) + 1; servers <= mostPeople * atOnce; servers += 1) {
    const waits = erlangC(servers, load);
    const inTime = 1 - waits * Math.exp(-((servers - load) * within) / handling);
    if (inTime >= level) return Math.ceil(servers / atOnce);
  }
  return mostPeople;
}

/** Pure. The share of those who must wait, with so many servers and so much load in Erlang; 1 when they cannot keep up. */
export function erlangC(servers: number, load: number): number {
  if (load >= servers) return 1;
  // Erlang B by its recursion, which no factorial overflows.
  let blocked = 1;
  for (let n = 1; n <= servers; n += 1) blocked = (load * blocked) / (n + load * blocked);
  return (servers * blocked) / (servers - load * (1 - blocked));
}
