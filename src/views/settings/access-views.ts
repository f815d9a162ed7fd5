import type { Agent, Role } from "../../services/agents/queries.ts";
import type { Errors, Page } from "../views.ts";
import type { Choice } from "./views.ts";

/** Permissions of one group, each with its words. */
export interface PermissionBoxes {
  title: string;
  boxes: { value: string; label: string; isChosen: boolean }[];
}

/** Templates of who may enter and what they may do, and their data. */
export interface AccessViews {
  "settings/roles/index": Page & {
    roles: { id: number; label: string; held: string; count: string; builtIn: boolean }[];
  };
  "settings/roles/show": Page & {
    role: {
      id: number;
      name: string;
      label: string;
      builtIn: boolean;
      copyOf: string;
      requiresSecondFactor: boolean;
    };
    groups: PermissionBoxes[];
    errors: Errors;
  };
  "settings/tokens/index": Page & {
    tokens: { id: number; name: string; agent: string; reach: string; used: string; until: string }[];
  };
  "settings/tokens/new": Page & {
    form: { name: string; email: string; days: string; isAll: boolean; readOnly: boolean };
    agents: { email: string; label: string }[];
    terms: Choice[];
    groups: PermissionBoxes[];
    errors: Errors;
  };
  "settings/tokens/created": Page & { token: string; url: string };
  "settings/sso": Page & {
    form: Record<"name" | "issuer" | "client_id" | "groups_claim" | "domains", string>;
    /** One for each group, and a few empty ones. */
    groups: { name: string; roles: Choice[] }[];
    fallbacks: Choice[];
    enabled: boolean;
    /** There is one already, with a secret. */
    isKept: boolean;
    saved: boolean;
    back: string;
    errors: Errors;
  };
  "settings/agents/rights": Page & {
    why: string;
    isGone: boolean;
    sees: string[];
    groups: PermissionBoxes[];
    tokens: string;
  };
  "settings/agents/index": Page & {
    agents: (Agent & { roleLabel: string; stateLabel: string })[];
    roles: (Role & { label: string })[];
  };
  "settings/agents/_row": {
    agent: Agent & { roleLabel: string; stateLabel: string };
    roles: (Role & { label: string })[];
  };
  "settings/agents/new": Page & {
    form: Record<string, string>;
    errors: Errors;
    roles: (Role & { label: string })[];
    canMail: boolean;
  };
  "settings/agents/link": Page & { lead: string; url: string; expires: string };
  "settings/approvals": Page & { acts: Choice[]; errors: Errors; saved: boolean };
  "approvals/index": Page & {
    isAsked: boolean;
    approvals: {
      id: number;
      title: string;
      who: string;
      details: string[];
      contact: string | null;
      state: string;
      mayDecide: boolean;
      /** Where its asker goes on once it was given. */
      goOn: string | null;
    }[];
  };
  "settings/sessions": Page & {
    isOwn: boolean;
    back: { href: string; label: string };
    /** Posts go to this path with `/end`, or with a session's id before it. */
    action: string;
    sessions: { publicId: string; browser: string; where: string; isThis: boolean }[];
  };
  "settings/second-factor": Page & {
    passkeys: { id: number; name: string; when: string }[];
    state: { isOn: boolean; isRequired: boolean; codesLeft: number };
    offer: { size: number; path: string; secret: string } | null;
    codes: string[] | null;
    error: string;
  };
}
