import type { Actor } from "../platform/context.ts";

/**
 * What a role may hold. `converse`: read and answer conversations; `supervise`: act on conversations of others;
 * `report`: figures; `configure`: agents, inboxes, settings; `audit`: the audit page; `import` and `export`: whole lists of
 * customers and purchases; `erase`: a person, for ever.
 */
export const permissions = [
  "converse",
  "supervise",
  "report",
  "configure",
  "audit",
  "import",
  "export",
  "erase",
] as const;
export type Permission = (typeof permissions)[number];

/** Pure: may this actor do this at all? Which rows it may touch is `visibleTo` of the row's own domain. */
export function may(actor: Actor, permission: Permission): boolean {
  switch (actor.kind) {
    case "anonymous":
      return false;
    case "system":
      return true;
    case "agent":
      return actor.permissions.has(permission);
  }
}
