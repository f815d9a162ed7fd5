import { sightOf } from "../agents/policy.ts";
import { type Visibility, visibleIsolation, visiblePerson } from "../inboxes/policy.ts";
import type { Actor } from "../platform/context.ts";

/**
 * Which `contacts p` an actor may know of: who only ever wrote to an isolated inbox is known to its team alone, and who
 * never wrote is known to those who see everything.
 */
export function visibleTo(actor: Actor): Visibility {
  if (actor.kind === "agent" && sightOf(actor) !== "all" && sightOf(actor) !== null)
    return visiblePerson(actor, "p.id");
  const rule = visibleIsolation(actor, "vc.isolated_inbox_id");
  if (rule.sql === "true" || rule.sql === "false") return rule;
  return {
    sql: `(exists (select 1 from conversations vc where vc.contact_id = p.id and ${rule.sql})
      or not exists (select 1 from conversations vc where vc.contact_id = p.id))`,
    bindings: rule.bindings,
  };
}
