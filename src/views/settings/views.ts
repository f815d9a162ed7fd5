import type { Agent, Role } from "../../services/agents/queries.ts";
import type { InboundEventRow } from "../../services/channels/inbound-events.ts";
import type { Inbox } from "../../services/inboxes/queries.ts";
import type { Tag } from "../../services/tags/tags.ts";
import type { Errors, Page } from "../views.ts";

/** Templates of the settings, and their data. */
export interface SettingsViews {
  "settings/firm": Page & {
    form: Record<string, string>;
    errors: Errors;
    saved: boolean;
    timeZones: string[];
  };
  "settings/fields/index": Page & {
    kinds: { value: string; label: string }[];
    places: { value: string; label: string }[];
    card: FieldGroup;
    types: ({ id: number; name: string; error: string; count: number; isArchived: boolean } & FieldGroup)[];
    newType: { name: string; error: string };
  };
  "settings/fields/_form": {
    field: FieldFormView;
    kinds: { value: string; label: string }[];
    places: { value: string; label: string }[];
  };
  "settings/tags/index": Page & {
    colours: { value: string; label: string }[];
    /** Of the one to be added. */
    error: string;
    tags: (Tag & { uses: string; error: string })[];
  };
  "settings/topics/index": Page & {
    topics: TopicForm[];
    draft: TopicForm;
    errors: { id: number; fields: Errors };
  };
  "settings/topics/_form": { topic: TopicForm; errors: Errors };
  "settings/index": Page & { quarantined: number };
  "settings/profile": Page & {
    passwordErrors: Errors;
    form: Record<string, string>;
    timeZones: string[];
    saved: boolean;
    errors: Errors;
  };
  "settings/agents/index": Page & {
    agents: (Agent & { roleLabel: string; availabilityLabel: string })[];
    roles: (Role & { label: string })[];
  };
  "settings/agents/_row": {
    agent: Agent & { roleLabel: string; availabilityLabel: string };
    roles: (Role & { label: string })[];
  };
  "settings/agents/new": Page & {
    form: Record<string, string>;
    errors: Errors;
    roles: (Role & { label: string })[];
  };
  "settings/inboxes/index": Page & { inboxes: InboxView[] };
  "settings/inboxes/new": Page & {
    form: Record<string, string>;
    errors: Errors;
    callbackUrl: string;
    verifyToken: string;
    isPublic: boolean;
  };
  "settings/inboxes/show": Page & {
    inbox: InboxView;
    callbackUrl: string;
    verifyToken: string | null;
    checksAtOnce: boolean;
    form: Record<string, string>;
    errors: Errors;
    teams: { id: number; name: string }[];
  };
  "settings/inboxes/_check": { steps: { ok: boolean; text: string }[] };
  "settings/inbound-events/index": Page & {
    events: (InboundEventRow & { when: string; exact: string })[];
    next: string | null;
    state: string;
  };
  "settings/inbound-events/show": Page & {
    event: InboundEventRow & { when: string; exact: string; body: string };
  };
}

/** A topic as its form shows it: steps one a line; id 0 is one to be added. */
export interface TopicForm {
  id: number;
  name: string;
  steps: string;
}

export interface InboxView extends Inbox {
  stateName: string;
  stateAdvice: string;
  lastWebhook: string | null;
  lastErrorWhen: string | null;
}

/** A field as its form shows it; id 0 is one to be added. */
export interface FieldFormView {
  id: number;
  recordTypeId: number | null;
  key: string;
  isArchived: boolean;
  label: string;
  kind: string;
  /** One a line. */
  options: string;
  place: string;
  errors: Errors;
}

export interface FieldGroup {
  fields: FieldFormView[];
  draft: FieldFormView;
}
