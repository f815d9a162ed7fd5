import type { Request } from "express";
import { listTeams } from "../../services/agents/queries.ts";
import { listTopics } from "../../services/cases/topics.ts";
import { listInboxes } from "../../services/inboxes/queries.ts";
import type { Priority } from "../../services/sla/types.ts";
import { listTags } from "../../services/tags/tags.ts";

export const priorities = ["urgent", "high", "normal", "low"] as const satisfies readonly Priority[];

interface Named {
  id: number;
  name: string;
}

/** What policies and rules can be chosen by. */
export interface Choices {
  inboxes: Named[];
  teams: Named[];
  topics: Named[];
  tags: Named[];
}

export async function loadChoices({ ctx }: Request): Promise<Choices> {
  const [inboxes, teams, topics, tags] = await Promise.all([
    listInboxes(ctx),
    listTeams(ctx),
    listTopics(ctx),
    listTags(ctx),
  ]);
  return { inboxes, teams, topics, tags };
}
