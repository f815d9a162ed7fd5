/** What happened in a conversation, in order. Times in milliseconds since 1970. */
export interface Event {
  at: number;
  kind: "inbound" | "answer" | "automatic" | "resolved" | "reopened";
  /** Who answered; null: the firm's own phone. */
  agentId: number | null;
  /** It holds a question mark. */
  asks: boolean;
  /** What it asks for. */
  wants: readonly Detail[];
  /** The contact says that they say it again. */
  repeats: boolean;
  /** It only thanks or agrees: nobody waits for an answer to it. */
  thanks: boolean;
}

/** What a contact is asked for, and should be asked once. */
export const details = ["name", "phone", "email", "order", "address"] as const;
export type Detail = (typeof details)[number];

/** A clock of the conversation that has a target. */
export interface Outcome {
  target: "first_response" | "next_response" | "resolution";
  startedAt: number;
  missed: boolean;
  met: boolean;
}

/** Everything that a conversation is measured from. */
export interface Material {
  events: readonly Event[];
  /** Who had it, one after the other; null: nobody. */
  holders: readonly (number | null)[];
  outcomes: readonly Outcome[];
  openedAt: number;
  /** Null: not resolved. */
  resolvedAt: number | null;
}

/** One wait that a person ended. Seconds. */
export interface Response {
  askedAt: number;
  answeredAt: number;
  agentId: number | null;
  isFirst: boolean;
  seconds: number;
  businessSeconds: number;
}

/** What is measured of a conversation by itself. Seconds. */
export interface Measured {
  responses: Response[];
  firstAgentId: number | null;
  agentIds: number[];
  answeredBy: "person" | "bot" | "nobody";
  inbound: number;
  outbound: number;
  automatic: number;
  questions: number;
  transfers: number;
  reopenings: number;
  handlingSeconds: number;
  resolutionSeconds: number | null;
  resolutionBusinessSeconds: number | null;
  firstSla: "met" | "missed" | null;
  nextMet: number;
  nextMissed: number;
  nextResponses: number;
  nextBusinessSeconds: number;
  /** Of each of `agentIds`, in their order: their answers after the first, what those took, the targets of those. */
  agentNext: number[];
  agentNextSeconds: number[];
  agentNextMet: number[];
  agentNextMissed: number[];
  resolutionSla: "met" | "missed" | null;
  saidAgain: boolean;
  asked: Detail[];
  askedAgain: Detail[];
  abandoned: "saturation" | "frustration" | null;
}
