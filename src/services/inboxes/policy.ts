import { converses, sightOf } from "../agents/policy.ts";
import type { Actor } from "../platform/context.ts";

/** A condition for a statement; its bindings begin with `visible`. */
export interface Visibility {
  sql: string;
  bindings: Record<string, unknown>;
}

/** What an isolated inbox keeps to its team: `column` holds the isolated inbox of a row, or null for what is everybody's. */
export function visibleIsolation(actor: Actor, column: string): Visibility {
  switch (actor.kind) {
    case "anonymous":
      return { sql: "false", bindings: {} };
    case "system":
      return { sql: "true", bindings: {} };
    case "agent":
      if (!converses(actor)) return { sql: "false", bindings: {} };
      return {
        sql: `(${column} is null or exists (
          select 1 from inboxes vi where vi.id = ${column} and vi.team_id = any(:visibleTeams::bigint[])))`,
        bindings: { visibleTeams: [...actor.teamIds] },
      };
  }
}

/**
 * Which rows of `conversations` an actor may know of; `row` is their alias. The one rule of visibility: contacts, cases
 * and promises build on it. Whoever serves a person now sees what was before, so that nobody tells it twice.
 */
export function visibleConversation(actor: Actor, row: string): Visibility {
  const isolation = visibleIsolation(actor, `${row}.isolated_inbox_id`);
  const within = withinSight(actor, row);
  if (within === null) return isolation;
  return {
    sql: `(${isolation.sql} and (${within} or exists (select 1 from conversations vo
      where vo.contact_id = ${row}.contact_id and vo.status <> 'resolved' and ${withinSight(actor, "vo")})))`,
    bindings: { ...isolation.bindings, ...sightBindings(actor) },
  };
}

/** Whom an actor may know of: who has a conversation that they see. `contact` is a column with the contact's id. */
export function visiblePerson(actor: Actor, contact: string): Visibility {
  if (actor.kind === "agent" && !converses(actor)) return { sql: "false", bindings: {} };
  const within = withinSight(actor, "vp");
  if (within === null) return { sql: "true", bindings: {} };
  const isolation = visibleIsolation(actor, "vp.isolated_inbox_id");
  return {
    sql: `exists (select 1 from conversations vp where vp.contact_id = ${contact} and ${isolation.sql} and ${within})`,
    bindings: { ...isolation.bindings, ...sightBindings(actor) },
  };
}

/** Null: sight leaves nothing out. */
function withinSight(actor: Actor, row: string): string | null {
  const sight = sightOf(actor);
  if (sight === "all" || sight === null) return null;
  const waits = `(${row}.assignee_id is null and ${row}.status <> 'resolved' and (${row}.team_id is null or ${row}.team_id = any(:visibleTeams::bigint[])))`;
  const theirs = `(${row}.team_id = any(:visibleTeams::bigint[]) or exists (select 1 from team_members vm
    where vm.agent_id = ${row}.assignee_id and vm.team_id = any(:visibleTeams::bigint[])))`;
  const parts = [`${row}.assignee_id = :visibleAgent`, `${row}.resolved_by_id = :visibleAgent`];
  if (sight !== "own") parts.push(waits);
  if (sight === "teams") parts.push(theirs);
  return `(${parts.join(" or ")})`;
}

const sightBindings = (actor: Actor) => (actor.kind === "agent" ? { visibleAgent: actor.id } : {});
