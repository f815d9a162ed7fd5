import type { InboundEventRow } from "../../services/channels/inbound-events.ts";
import type { Inbox } from "../../services/inboxes/queries.ts";
import type { Tag } from "../../services/tags/tags.ts";
import type { Errors, Page } from "../views.ts";
import type { AccessViews } from "./access-views.ts";

/** Templates of the settings, and their data. */
export interface SettingsViews extends AccessViews {
  "settings/firm": Page & {
    form: Record<string, string>;
    errors: Errors;
    saved: boolean;
    timeZones: string[];
  };
  "settings/sla/index": Page & {
    error: string;
    policies: {
      id: number;
      name: string;
      isDefault: boolean;
      isFirst: boolean;
      isLast: boolean;
      applies: string;
      targets: string[];
    }[];
    priorities: Choice[];
    teams: { id: number; name: string }[];
  };
  "settings/sla/_preview": { lines: string[] };
  "settings/sla/show": Page & {
    policy: {
      id: number | null;
      isDefault: boolean;
      name: string;
      groups: ChoiceGroup[];
      calendars: { id: number; name: string; isChosen: boolean }[];
      takesNow: boolean;
      targets: { name: string; label: string; inside: string; outside: string; error: string }[];
      errors: Errors;
    };
  };
  "settings/automation/index": Page & {
    saved: boolean;
    form: Record<string, string>;
    errors: Errors;
    arriving: AutomaticView[];
    closing: AutomaticView[];
    afterwards: Choice[];
  };
  "settings/automation/_message": { one: AutomaticView };
  "settings/teams/index": Page & {
    teams: {
      id: number;
      name: string;
      members: Choice[];
      strategies: Choice[];
      calendars: Choice[];
      error: string;
    }[];
  };
  "settings/assignment/index": Page & {
    saved: boolean;
    form: Record<string, string>;
    errors: Errors;
    strategies: Choice[];
    rules: { id: number; name: string; isFirst: boolean; isLast: boolean; when: string; outcome: string }[];
  };
  "settings/assignment/rule": Page & {
    rule: {
      id: number | null;
      name: string;
      keywords: string;
      skill: string;
      groups: ChoiceGroup[];
      hours: Choice[];
      teams: Choice[];
      topics: Choice[];
      priorities: Choice[];
      errors: Errors;
    };
  };
  "settings/assignment/rehearsal": Page & {
    summary: string;
    outcomes: {
      name: string;
      n: number;
      share: string;
      examples: { id: number; name: string; text: string }[];
    }[];
  };
  "settings/agents/work": Page & {
    agentId: number;
    errors: Errors;
    receives: boolean;
    maxWaiting: string;
    maxOpen: string;
    skills: string;
    teams: Choice[];
    calendars: Choice[];
  };
  "settings/hours/index": Page & {
    calendars: { id: number; name: string; timeZone: string; isDefault: boolean; state: string }[];
  };
  "settings/hours/show": Page & { hours: HoursView; timeZones: string[] };
  "settings/hours/_moment": { text: string };
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
  "settings/index": Page & {
    choices: { href: string; icon: string; title: string; more: string; count: number }[];
  };
  "settings/profile": Page & {
    passwordErrors: Errors;
    form: Record<string, string>;
    timeZones: string[];
    saved: boolean;
    errors: Errors;
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

/** A text that Hilo sends by itself, as its form shows it. */
export interface AutomaticView {
  kind: string;
  name: string;
  hint: string;
  /** False for what other settings lead. */
  hasSwitch: boolean;
  isOn: boolean;
  textEs: string;
  textEn: string;
  error: string;
}

export interface Choice {
  value: string;
  name: string;
  isChosen: boolean;
}

/** Boxes to tick under one name. */
export interface ChoiceGroup {
  field: string;
  name: string;
  options: Choice[];
}

/** A calendar as its page shows it; id null is one to be added. */
export interface HoursView {
  id: number | null;
  isDefault: boolean;
  /** `name`, `timeZone`, and of each day, `day1` to `day7`, its spans as people write them. */
  form: Record<string, string>;
  errors: Errors;
  saved: boolean;
  days: { field: string; name: string }[];
  /** The one to be added. */
  exception: Record<"date" | "holidayName" | "spans", string>;
  exceptions: { date: string; shown: string; name: string; hours: string }[];
  countries: { value: string; name: string }[];
  years: string[];
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
