import { may } from "../agents/policy.ts";
import type { Actor } from "../platform/context.ts";

/** A condition for a statement; its bindings begin with `visible`. */
export interface Visibility {
  sql: string;
  bindings: Record<string, unknown>;
}

/**
 * What an isolated inbox keeps to its team: `column` holds the isolated inbox of a row, or null for what everybody
 * who converses may see. The one rule of visibility; conversations and contacts build on it.
 */
export function visibleIsolation(actor: Actor, column: string): Visibility {
  switch (actor.kind) {
    case "anonymous":
      return { sql: "false", bindings: {} };
    case "system":
      return { sql: "true", bindings: {} };
    case "agent":
      if (!may(actor, "converse")) return { sql: "false", bindings: {} };
      return {
        sql: `(${column} is null or exists (
          select 1 from inboxes vi where vi.id = ${column} and vi.team_id = any(:visibleTeams::bigint[])))`,
        bindings: { visibleTeams: [...actor.teamIds] },
      };
  }
}
