export type CaseStatus = "open" | "resolved";

export interface CaseStep {
  id: number;
  title: string;
  doneAt: Date | null;
  doneBy: string | null;
}

/** An earlier case of the same customer and topic, with what was tried. */
export interface EarlierCase {
  id: number;
  title: string;
  solution: string;
  openedAt: Date;
}

/** What a customer waits for until it is solved, over any number of conversations. */
export interface Case {
  id: number;
  contactId: number;
  conversationId: number;
  title: string;
  topicId: number | null;
  topic: string | null;
  status: CaseStatus;
  /** Where it stands, in words. */
  stateNote: string;
  solution: string;
  openedAt: Date;
  openedBy: string | null;
  resolvedAt: Date | null;
  resolvedBy: string | null;
  steps: CaseStep[];
  /** Cases of the same topic in the 90 days before it, oldest first. */
  earlier: EarlierCase[];
}

/** Open cases first, then the newest; `count` is of all of them. */
export interface CaseList {
  cases: Case[];
  count: number;
}
