import type { Actor } from "../platform/context.ts";

/**
 * Everything that a role may hold, in the groups and the order of the page of roles. Of the first group the widest
 * counts: `see_own` is what is assigned to me, `see_queue` also what nobody has, `see_teams` also what my teams have.
 * Whoever serves a person sees that person's whole story, but for what an isolated inbox keeps to its team.
 */
export const permissionGroups = {
  visibility: [
    "conversations.see_own",
    "conversations.see_queue",
    "conversations.see_teams",
    "conversations.see_all",
  ],
  conversations: [
    "conversations.reply",
    "conversations.note",
    "conversations.take",
    "conversations.assign",
    "conversations.classify",
    "conversations.resolve",
  ],
  contacts: [
    "contacts.edit",
    "contacts.phones",
    "contacts.merge",
    "contacts.import",
    "contacts.export",
    "contacts.erase",
    "purchases.see",
    "purchases.edit",
    "cases.edit",
    "interactions.edit",
  ],
  supervision: ["supervise", "reports.see", "reviews.score", "audit.see", "audit.export", "approvals.decide"],
  settings: [
    "firm.manage",
    "agents.manage",
    "roles.manage",
    "tokens.manage",
    "teams.manage",
    "inboxes.manage",
    "deliveries.manage",
    "routing.manage",
    "sla.manage",
    "hours.manage",
    "automation.manage",
    "topics.manage",
    "fields.manage",
    "tags.manage",
    "retention.manage",
  ],
} as const;

export type PermissionGroup = keyof typeof permissionGroups;
export type Permission = (typeof permissionGroups)[PermissionGroup][number];
export const permissions: readonly Permission[] = Object.values(permissionGroups).flat();

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

/** The widest permission of sight that an actor holds; null sees no conversation. */
export type Sight = "own" | "queue" | "teams" | "all" | null;

export function sightOf(actor: Actor): Sight {
  if (may(actor, "conversations.see_all")) return "all";
  if (may(actor, "conversations.see_teams")) return "teams";
  if (may(actor, "conversations.see_queue")) return "queue";
  return may(actor, "conversations.see_own") ? "own" : null;
}

/** Narrowest first; each also gives what stands before it. */
const sights: readonly string[] = permissionGroups.visibility;

/** Whether an actor holds all of these: nobody gives what they do not hold, nor acts on who holds more. */
export function covers(actor: Actor, wanted: readonly string[]): boolean {
  if (actor.kind !== "agent") return actor.kind === "system";
  const widest = sights.findLastIndex((one) => actor.permissions.has(one));
  return wanted.every(
    (one) => actor.permissions.has(one) || (sights.includes(one) && sights.indexOf(one) <= widest),
  );
}

/** Works with customers at all: what the firm set up for that work is no secret from them. */
export const converses = (actor: Actor): boolean => sightOf(actor) !== null;

/** Actors with the same key see the same things and may do the same. */
export function rightsKey(actor: Actor): string {
  if (actor.kind !== "agent") return actor.kind;
  const rights = `${[...actor.permissions].sort().join()}/${actor.teamIds.join()}`;
  return sightOf(actor) === "all" ? rights : `${rights}/${actor.id}`;
}
