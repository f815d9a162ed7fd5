import { formatPhone } from "../../services/contacts/phone.ts";
import type { Contact } from "../../services/contacts/queries.ts";
import type { Story } from "../../services/conversations/story.ts";
import type { Conversation } from "../../services/conversations/types.ts";
import { dayAndClock, exact, initials, shortAge, shortDay } from "../format.ts";
import { translateFor } from "../i18n.ts";
import type { Viewer } from "../index.ts";
import type { BandView, EpisodeView, SideView } from "../views.ts";
import { contactName, presentNote } from "./present.ts";

/** Who writes and what happened, over the conversation. */
export function presentBand(
  conversation: Conversation,
  contact: Contact,
  story: Story,
  viewer: Viewer,
): BandView {
  const t = translateFor(viewer.locale);
  const { attended } = story;
  const when = attended ? dayAndClock(attended.at, viewer.now, viewer) : "";
  return {
    id: conversation.id,
    contactId: contact.id,
    phone: phoneOf(contact),
    tags: contact.tags,
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
    files: presentFiles(story, viewer),
    episodes: presentEpisodes(story, viewer, conversation.id),
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
