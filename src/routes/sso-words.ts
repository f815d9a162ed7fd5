import type { MessageKey } from "../services/platform/message-key.ts";

/** Why somebody who came back from the provider was not let in; by its short name in the address. */
const refusals: Record<string, MessageKey> = {
  domain: "sso.domain",
  last_admin: "agents.last_admin",
  no_role: "sso.no_role",
  other_person: "sso.other_person",
  not_fresh: "sso.not_fresh",
  refused: "sso.refused",
  stale: "sso.stale",
  unverified: "sso.unverified",
};

export const ssoRefusal = (name: unknown): MessageKey => refusals[String(name)] ?? "sso.failed";
