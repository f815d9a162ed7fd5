import type { Measures } from "../../services/reports/measures.ts";
import { inTime, share } from "../../services/reports/measures.ts";
import type { Kind } from "./numbers.ts";

/** What reports say of a group of conversations: what each measure is made of, and whether more of it is good. */
export const measures = {
  conversations: { kind: "count", from: [], of: (one) => one.conversations, good: 0, is: "all" },
  resolved: {
    kind: "count",
    whose: "ended",
    from: ["resolved"],
    of: (one) => one.resolved,
    good: 0,
    is: "resolved",
  },
  first_response: {
    kind: "time",
    whose: "first",
    from: ["firstResponse"],
    beside: "firstResponseClock",
    of: (one) => one.firstResponse,
    good: -1,
    is: "answered",
  },
  first_response_90: {
    kind: "time",
    whose: "first",
    from: ["firstResponse90"],
    of: (one) => one.firstResponse90,
    good: -1,
    is: "answered",
  },
  next_response: {
    kind: "time",
    whose: "own",
    from: ["nextResponse"],
    of: (one) => one.nextResponse,
    good: -1,
    is: "answered_again",
  },
  resolution: {
    kind: "time",
    whose: "ended",
    from: ["resolution"],
    of: (one) => one.resolution,
    good: -1,
    is: "resolved",
  },
  handling: { kind: "time", from: ["handling"], of: (one) => one.handling, good: 0, is: "worked" },
  in_time: {
    kind: "percent",
    whose: "own",
    base: ({ met, missed }) => [met, met + missed],
    from: ["met", "missed"],
    of: inTime,
    good: 1,
    is: "missed",
  },
  first_contact: {
    kind: "percent",
    whose: "ended",
    base: (one) => [one.firstContact, one.resolved],
    from: ["firstContact", "resolved"],
    of: (one) => share(one.firstContact, one.resolved),
    good: 1,
    is: "first_contact",
  },
  recontacted: {
    kind: "percent",
    whose: "ended",
    base: (one) => [one.recontacted, one.resolved],
    from: ["recontacted", "resolved"],
    of: (one) => share(one.recontacted, one.resolved),
    good: -1,
    is: "recontacted",
  },
  reopened: {
    kind: "percent",
    base: (one) => [one.reopened, one.conversations],
    from: ["reopened"],
    of: (one) => share(one.reopened, one.conversations),
    good: -1,
    is: "reopened",
  },
  repeated: {
    kind: "percent",
    base: (one) => [one.repeated, one.conversations],
    from: ["repeated"],
    of: (one) => share(one.repeated, one.conversations),
    good: -1,
    is: "repeated",
  },
  transfers: { kind: "count", from: ["transfers"], of: (one) => one.transfers, good: -1, is: "transferred" },
  csat: {
    kind: "score",
    whose: "ended",
    from: ["csat", "csatAnswers"],
    of: (one) => one.csat,
    good: 1,
    is: "rated",
  },
  nps: {
    kind: "points",
    whose: "ended",
    from: ["nps", "npsAnswers"],
    of: (one) => one.nps,
    good: 1,
    is: "recommended",
  },
  by_bot: {
    kind: "percent",
    base: (one) => [one.byBot, one.resolved],
    from: ["byBot", "resolved"],
    of: (one) => share(one.byBot, one.resolved),
    good: 0,
    is: "by_bot",
  },
  saturation: {
    kind: "count",
    from: ["saturation"],
    of: (one) => one.saturation,
    good: -1,
    is: "saturation",
  },
  frustration: {
    kind: "count",
    from: ["frustration"],
    of: (one) => one.frustration,
    good: -1,
    is: "frustration",
  },
  won: { kind: "count", whose: "ended", from: ["won"], of: (one) => one.won, good: 1, is: "won" },
  lost: { kind: "count", whose: "ended", from: ["lost"], of: (one) => one.lost, good: -1, is: "lost" },
  conversion: {
    kind: "percent",
    whose: "ended",
    base: (one) => [one.won, one.won + one.lost],
    from: ["won", "lost"],
    of: (one) => share(one.won, one.won + one.lost),
    good: 1,
    is: "won",
  },
  abandoned: {
    kind: "percent",
    base: (one) => [one.saturation + one.frustration, one.conversations],
    from: ["saturation", "frustration"],
    of: (one) => share(one.saturation + one.frustration, one.conversations),
    good: -1,
    is: "abandoned",
  },
} as const satisfies Record<
  string,
  {
    kind: Kind;
    /** Of how many how many. */
    base?: (one: Measures) => readonly [number, number];
    /** In the row of one person, which conversations count: `services/reports/slice.ts`. */
    whose?: "first" | "ended" | "own";
    from: readonly (keyof Measures)[];
    /** Where it stands alone: the same by the clock on the wall. */
    beside?: keyof Measures;
    of: (one: Measures) => number | null;
    good: -1 | 0 | 1;
    is: string;
  }
>;
export type MeasureName = keyof typeof measures;

/** What must be counted for these. */
export const fieldsOf = (names: readonly MeasureName[]): (keyof Measures)[] => [
  ...new Set(names.flatMap((name): readonly (keyof Measures)[] => measures[name].from)),
];

/** What must be counted for these as figures. */
export const figureFieldsOf = (names: readonly MeasureName[]): (keyof Measures)[] => [
  ...fieldsOf(names),
  ...names.flatMap((name) => {
    const measure = measures[name];
    return "beside" in measure ? [measure.beside] : [];
  }),
];
