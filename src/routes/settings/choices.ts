import type { Priority } from "../../services/sla/types.ts";

export const priorities = ["urgent", "high", "normal", "low"] as const satisfies readonly Priority[];

/** What policies and rules can be chosen by. */

export async function loadChoices({ ctx }: Request): Promise<Choices> {
  const [inboxes, teams, topics, tags] = await Promise.all([
    listInboxes(ctx),
    listTeams(ctx),
    listTopics(ctx),
    listTags(ctx),
  ]);
  return { inboxes, teams, topics, tags };
}
