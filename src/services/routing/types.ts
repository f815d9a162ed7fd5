import type { Priority } from "../sla/types.ts";

/** `manual`: people take and give. */
export const strategies = ["least_loaded", "round_robin", "longest_idle", "manual"] as const;
export type Strategy = (typeof strategies)[number];

/** All that are given must hold; of a list one is enough. `keywords` are looked for as whole words of what the contact wrote. */
export interface RuleConditions {
  inboxIds?: number[];
  /** What a conversation that reopens, or waits in the queue, was said to be about. */
  topicIds?: number[];
  keywords?: string[];
  /** BCP 47, lower case: `es`, `en`. */
  languages?: string[];
  /** Of the contact. */
  tagIds?: number[];
  highValue?: boolean;
  hours?: "open" | "closed";
}

export interface RuleActions {
  teamId?: number;
  topicId?: number;
  priority?: Priority;
  /** Only who can do this gets it. */
  skill?: string;
}

export interface Rule {
  id: number;
  name: string;
  conditions: RuleConditions;
  actions: RuleActions;
}

/** What a rule looks at. */
export interface Arriving {
  inboxId: number | null;
  topicId: number | null;
  /** Everything that the contact wrote, without accents, lower case. */
  words: string;
  language: string;
  tagIds: readonly number[];
  highValue: boolean;
  isOpen: boolean;
}
