/** Open from and until, in minutes after the midnight of the day it begins on; `until` passes 1440 when it ends the next day. */
export type Span = readonly [from: number, until: number];

/** A day with hours of its own: a holiday when `spans` is empty. */
export interface Exception {
  /** ISO 8601 date in the calendar's zone. */
  date: string;
  name: string;
  spans: readonly Span[];
}

/** When a firm attends. */
export interface Calendar {
  id: number;
  version: number;
  name: string;
  /** IANA name. */
  timeZone: string;
  /** Seven days, Monday first. */
  week: readonly (readonly Span[])[];
  exceptions: readonly Exception[];
}
