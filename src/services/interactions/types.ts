/** What happens with a customer outside the channels. */
export type InteractionKind =
  | "call"
  | "meeting"
  | "visit"
  | "page"
  | "download"
  | "event"
  | "product_use"
  | "other";

export const interactionKinds = [
  "call",
  "meeting",
  "visit",
  "page",
  "download",
  "event",
  "product_use",
  "other",
] as const satisfies InteractionKind[];

/** Those that people note by hand; programs tell the others. */
export const handKinds = ["call", "meeting", "visit", "event", "other"] as const satisfies InteractionKind[];

export interface Interaction {
  id: number;
  contactId: number;
  kind: InteractionKind;
  at: Date;
  /** How long it lasted, or null. */
  seconds: number | null;
  summary: string;
  /** Of what was seen or taken; empty for none. */
  url: string;
  participants: string;
  agreements: string;
  nextStep: string;
  externalId: string | null;
  agentName: string | null;
  createdAt: Date;
}
