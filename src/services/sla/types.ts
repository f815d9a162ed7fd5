import type { Calendar } from "../business-hours/types.ts";

export type Priority = "low" | "normal" | "high" | "urgent";

/**
 * What a policy can promise. `movement`: nobody moved what waits, so the supervisors are alerted; `reassignment`: still
 * nobody, so another agent gets it.
 */
export const targetNames = [
  "first_response",
  "next_response",
  "movement",
  "reassignment",
  "resolution",
] as const;
export type TargetName = (typeof targetNames)[number];

/**
 * Seconds. What begins while it is open counts open time up to `inside`; what begins while it is closed counts every second
 * up to `outside`, or, when that is null, open time up to `inside`, from the next opening on.
 */
export interface Target {
  inside: number;
  outside: number | null;
}

/** Null: not promised. */
export type Targets = Record<TargetName, Target | null>;

/** All that are given must hold; of a list one is enough. */
export interface PolicyConditions {
  inboxIds?: number[];
  teamIds?: number[];
  topicIds?: number[];
  tagIds?: number[];
  priorities?: Priority[];
  highValue?: boolean;
}

export interface Policy {
  id: number;
  name: string;
  isDefault: boolean;
  conditions: PolicyConditions;
  targets: Targets;
  businessHoursId: number | null;
}

/** Policies in the order in which they are tried, and every calendar. */
export interface Rulebook {
  policies: Policy[];
  calendars: ReadonlyMap<number, Calendar>;
  firmCalendarId: number;
  teamCalendarIds: ReadonlyMap<number, number>;
}

/** What a policy is chosen by. */
export interface Subject {
  inboxId: number | null;
  teamId: number | null;
  topicId: number | null;
  tagIds: readonly number[];
  priority: Priority;
  highValue: boolean;
}
