import { formatPhone } from "../../services/contacts/phone.ts";
import type { Contact } from "../../services/contacts/queries.ts";
import type { Duplicate } from "../../services/merges/duplicates.ts";
import type { ContactExtent, Merge } from "../../services/merges/queries.ts";
import { phoneOf } from "../conversations/context.ts";
import { dayAndClock, exact, initials, shortDay } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";

/** Somebody who may be the same person. */
export interface DuplicateView {
  id: number;
  name: string;
  initials: string;
  details: string;
  reasons: string;
  compare: string;
}

export function presentDuplicate(contactId: number, one: Duplicate, viewer: Viewer): DuplicateView {
  const t = translateFor(viewer.locale);
  return {
    id: one.id,
    name: one.name || one.phone || t("contact.unnamed"),
    initials: initials(one.name),
    details: [one.phone && formatPhone(one.phone), one.email, one.company].filter(Boolean).join(" · "),
    reasons: one.reasons.map((reason) => t(`merges.reason_${reason}`)).join(", "),
    compare: `/contacts/${contactId}/merge?with=${one.id}`,
  };
}

export interface MergeView {
  id: number;
  words: string;
  by: string;
  exact: string;
  /** Null when a later merge stands in the way. */
  undo: string | null;
}

export function presentMerge(one: Merge, viewer: Viewer): MergeView {
  const t = translateFor(viewer.locale);
  const when = dayAndClock(one.mergedAt, viewer.now, viewer);
  return {
    id: one.id,
    words: t("merges.done", { name: one.mergedName || one.mergedPhone || t("contact.unnamed") }),
    by: t("merges.by", { name: one.mergedBy ?? t("agent.hilo"), when }),
    exact: exact(one.mergedAt, viewer),
    undo: one.canUndo ? `/contacts/${one.keptId}/merges/${one.id}/reversal` : null,
  };
}

/** A card as it stands beside another. */
export interface ComparedView {
  id: number;
  name: string;
  initials: string;
  rows: string[];
}

/** What is compared, in the order of its rows. */
export const comparedLabels = [
  "contact.phone",
  "contact.email",
  "contact.company",
  "contact.job",
  "contact.location",
  "contact.language",
  "contact.preferred_channel",
  "contact.preferred_hours",
  "contact.tags",
  "contact.identities",
  "contact.since",
  "merges.messages",
  "timeline.show_purchase",
  "timeline.show_case",
  "side.notes",
  "merges.last_activity",
] as const;

export function presentCompared(contact: Contact, extent: ContactExtent, viewer: Viewer): ComparedView {
  const t = translateFor(viewer.locale);
  return {
    id: contact.id,
    name: contact.name || phoneOf(contact) || t("contact.unnamed"),
    initials: initials(contact.name),
    rows: [
      phoneOf(contact),
      contact.email,
      contact.company,
      contact.jobTitle,
      contact.location,
      contact.language,
      contact.preferredChannel,
      contact.preferredHours,
      contact.tags.join(", "),
      contact.identities.map(({ display, externalId }) => display || externalId).join(", "),
      shortDay(contact.firstSeenAt, viewer.now, viewer),
      extent.messages > mostCounted ? t("merges.many", { n: mostCounted }) : String(extent.messages),
      String(extent.purchases),
      String(extent.cases),
      String(extent.notes),
      extent.lastActivityAt ? dayAndClock(extent.lastActivityAt, viewer.now, viewer) : "",
    ],
  };
}

/** Counting stops here: more is just "more". */
export const mostCounted = 5000;
