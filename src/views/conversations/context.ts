import type { Commitment } from "../../services/commitments/commitments.ts";
import { formatPhone } from "../../services/contacts/phone.ts";
import type { PurchaseSummary, ShownPurchase } from "../../services/contacts/purchases.ts";
import type { Contact } from "../../services/contacts/queries.ts";
import type { Conversation } from "../../services/conversations/types.ts";
import type { CustomField } from "../../services/fields/types.ts";
import type { Story } from "../../services/story/story.ts";
import { shownValue } from "../contacts/shown-value.ts";
import {
  dayAndClock,
  dayKey,
  dayOn,
  daysAgo,
  exact,
  initials,
  money,
  shortAge,
  shortDay,
} from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";
import { presentCase } from "./cases.ts";
import type { BandView, CommitmentView, EpisodeView, PurchaseView, SideView, WorthView } from "./panels.ts";
import { contactName, presentNote } from "./present.ts";

/** Who writes and what happened, over the conversation. */
export function presentBand(
  conversation: Conversation,
  contact: Contact,
  story: Story,
  viewer: Viewer,
): BandView {
  const t = translateFor(viewer.locale);
  const { attended, purchases } = story;
  const when = attended ? dayAndClock(attended.at, viewer.now, viewer) : "";
  return {
    id: conversation.id,
    contactId: contact.id,
    phone: phoneOf(contact),
    company: contact.company,
    language: contact.language,
    doNotContact: contact.doNotContact,
    tags: contact.tags,
    worth: presentWorth(purchases, viewer),
    prefers: [contact.preferredChannel, contact.preferredHours].filter(Boolean).join(", "),
    doNotCall: contact.doNotCall,
    pinned: story.notes
      .filter(({ pinned }) => pinned)
      .slice(0, mostPinned)
      .map((note) => ({ id: note.id, text: note.text, author: note.agentName ?? t("agent.gone") })),
    commitment:
      story.commitments.filter(({ isDone }) => !isDone).map((one) => presentCommitment(one, viewer))[0] ??
      null,
    cases: story.cases.filter(({ status }) => status === "open").map((one) => presentCase(one, viewer)),
    conversationTags: conversation.tags,
    attended: attended && {
      name: attended.name,
      when: when.charAt(0).toUpperCase() + when.slice(1),
      exact: exact(attended.at, viewer),
      text: attended.text || t(`kind.${attended.kind}`),
    },
    earlier: Math.max(0, story.episodeCount - 1),
    isNew: story.episodeCount <= 1,
  };
}

/** Notes that stand over every conversation; the others are beside it. */
const mostPinned = 2;

/** What the customer is worth: null for one who never bought anything that we know of. */
export function presentWorth(purchases: PurchaseSummary, viewer: Viewer): WorthView | null {
  if (purchases.count === 0) return null;
  const t = translateFor(viewer.locale);
  // One sign may be of several currencies: with more than one, each says its name.
  const isOne = purchases.totals.length === 1;
  const totals = purchases.totals.map(({ currency, total }) => {
    const amount = money(Number(total), currency, viewer.locale);
    return isOne ? amount : `${amount} ${currency}`;
  });
  return {
    count: purchases.count,
    words: t("purchases.count", { n: purchases.count }),
    total: totals.join(" + "),
    last: purchases.lastAt ? t("purchases.last", { age: daysAgo(purchases.lastAt, viewer.now, viewer) }) : "",
    frequency: [
      purchases.recent > 0 ? t("purchases.recent", { n: purchases.recent }) : "",
      purchases.everyDays ? t("purchases.every", { n: purchases.everyDays }) : "",
    ]
      .filter(Boolean)
      .join(" · "),
    isHighValue: purchases.isHighValue,
    returns: purchases.returns > 0 ? t("purchases.returns", { n: purchases.returns }) : "",
  };
}

export function presentCommitment(one: Commitment, viewer: Viewer): CommitmentView {
  const t = translateFor(viewer.locale);
  const due = one.dueOn === null ? null : dayOn(one.dueOn, viewer);
  const isLate = due !== null && dayKey(due, viewer) < dayKey(viewer.now, viewer);
  return {
    id: one.id,
    text: one.text,
    due:
      due === null
        ? ""
        : t(isLate ? "commitments.overdue" : "commitments.due", { day: daysAgo(due, viewer.now, viewer) }),
    isLate: isLate && !one.isDone,
    isDone: one.isDone,
    by: [one.promisedBy, shortDay(one.promisedAt, viewer.now, viewer)].filter(Boolean).join(" · "),
  };
}

export function presentPurchase(one: ShownPurchase, viewer: Viewer): PurchaseView {
  const t = translateFor(viewer.locale);
  const names = one.items.flatMap(({ name, quantity }) =>
    name ? [quantity && quantity > 1 ? `${quantity} × ${name}` : name] : [],
  );
  const isLink = /^https?:\/\//.test(one.trackingUrl) && URL.canParse(one.trackingUrl);
  return {
    id: one.id,
    name: [`#${one.number || one.externalId}`, names.join(", ")].filter(Boolean).join(" "),
    amount: one.amount && one.currency ? money(Number(one.amount), one.currency, viewer.locale) : "",
    state: [
      one.returnedAt
        ? t("purchases.returned", { date: shortDay(one.returnedAt, viewer.now, viewer) })
        : one.status,
      one.deliveryWindow,
      one.placedAt ? shortDay(one.placedAt, viewer.now, viewer) : "",
    ]
      .filter(Boolean)
      .join(" · "),
    tracking: isLink ? one.trackingUrl : null,
  };
}

/** The phone as people write it: their own, else the one they write from. */
export function phoneOf(contact: Contact): string {
  if (contact.phone) return formatPhone(contact.phone);
  const identity = contact.identities.find(({ kind }) => kind === "phone");
  return identity ? formatPhone(identity.externalId) : (contact.identities[0]?.display ?? "");
}

export function presentSide(
  conversation: Conversation,
  contact: Contact,
  story: Story,
  fields: readonly CustomField[],
  viewer: Viewer,
): SideView {
  return {
    contactId: contact.id,
    conversationId: conversation.id,
    name: contactName(conversation, viewer),
    initials: initials(contact.name),
    subtitle: [contact.jobTitle, contact.company].filter(Boolean).join(" · "),
    phone: phoneOf(contact),
    email: contact.email,
    language: contact.language,
    since: translateFor(viewer.locale)("side.since", {
      date: shortDay(contact.firstSeenAt, viewer.now, viewer),
    }),
    tags: contact.tags,
    notes: story.notes.map((note) => presentNote(note, viewer)),
    location: contact.location,
    files: presentFiles(story, viewer),
    episodes: presentEpisodes(story, viewer, conversation.id),
    commitments: story.commitments.map((one) => presentCommitment(one, viewer)),
    cases: story.cases.map((one) => presentCase(one, viewer)),
    openCases: story.cases.filter(({ status }) => status === "open").length,
    caseCount: story.caseCount,
    worth: presentWorth(story.purchases, viewer),
    purchases: story.purchases.latest.map((one) => presentPurchase(one, viewer)),
    fields: fields
      .map((field) => ({ label: field.label, value: shownValue(field, contact.custom[field.key], viewer) }))
      .filter(({ value }) => value !== ""),
    records: story.records.map((one) => ({
      id: one.id,
      title: `${one.typeName} · ${one.title}`,
      when: dayAndClock(one.at, viewer.now, viewer),
      state: one.state,
    })),
    mayCall: !contact.doNotCall && contact.phone !== "" && viewer.permissions.has("contacts.phones"),
    callHref: `tel:${contact.phone.replaceAll(/[^\d+]/g, "")}`,
  };
}

export function presentFiles(story: Story, viewer: Viewer): SideView["files"] {
  const t = translateFor(viewer.locale);
  return story.files.map((file) => ({
    href: `/files/${file.publicId}`,
    thumbnail: file.hasThumbnail ? `/files/${file.publicId}/thumbnail` : null,
    name: file.fileName || t(`kind.${file.kind}`),
    kind: file.kind,
  }));
}

export function presentEpisodes(story: Story, viewer: Viewer, currentId: number | null): EpisodeView[] {
  const t = translateFor(viewer.locale);
  return story.episodes.map((one) => ({
    id: one.id,
    href: `/conversations/${one.id}`,
    status: one.status,
    statusName: t(`status.${one.status}`),
    preview: one.preview || (one.previewKind === "text" ? "" : t(`kind.${one.previewKind}`)),
    when: shortAge(one.lastActivityAt, viewer.now, viewer),
    exact: exact(one.openedAt, viewer),
    assigneeName: one.assigneeName,
    isCurrent: one.id === currentId,
  }));
}
