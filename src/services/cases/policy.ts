import { type Visibility, visibleIsolation, visiblePerson } from "../inboxes/policy.ts";
import type { Actor } from "../platform/context.ts";

/** Which `cases k` an actor may know of: those of the people that they see, but for what an isolated inbox keeps. */
export function visibleTo(actor: Actor): Visibility {
  const isolation = visibleIsolation(actor, "k.isolated_inbox_id");
  const person = visiblePerson(actor, "k.contact_id");
  return {
    sql: `(${isolation.sql} and ${person.sql})`,
    bindings: { ...isolation.bindings, ...person.bindings },
  };
}
