import { type Visibility, visibleIsolation } from "../inboxes/policy.ts";
import type { Actor } from "../platform/context.ts";

/** Which `cases k` an actor may know of: those of the conversations that they see. */
export const visibleTo = (actor: Actor): Visibility => visibleIsolation(actor, "k.isolated_inbox_id");
