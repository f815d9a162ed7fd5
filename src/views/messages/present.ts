import { adviceFor } from "../../services/channels/whatsapp/errors.ts";
import type { Message } from "../../services/conversations/types.ts";
import { clock, exact, fileSize, money } from "../format.ts";
import { translateFor } from "../i18n.ts";
import { domId, type Viewer } from "../index.ts";

/** A stretch of text, or a link. */
export interface Segment {
  text: string;
  href: string | null;
}

export interface AttachmentView {
  kind: string;
  href: string;
  thumbnail: string | null;
  inline: boolean;
  name: string;
  size: string;
  width: number | null;
  height: number | null;
  state: "pending" | "stored" | "failed";
  isSticker: boolean;
}

/** A message, ready to be shown: the template only chooses by what is there. */
export interface Bubble {
  domId: string;
  id: number;
  /** Sorts the thread: milliseconds, rank, id. */
  key: string;
  side: "in" | "out";
  author: string | null;
  clock: string;
  exact: string;
  iso: string;
  segments: Segment[];
  plainText: string;
  isBigEmoji: boolean;
  isRevoked: boolean;
  isEdited: boolean;
  isDiscarded: boolean;
  isForwarded: boolean;
  quote: { author: string; text: string; href: string } | null;
  attachments: AttachmentView[];
  location: { href: string; label: string; address: string } | null;
  cards: { name: string; lines: string[] }[];
  caption: string | null;
  rows: { label: string; value: string }[];
  /** Answers that the contact can choose from. */
  options: { id: string; title: string }[];
  total: string | null;
  referral: { headline: string; body: string; href: string | null } | null;
  notice: string | null;
  reactions: string;
  canReact: boolean;
  tick: { icon: string; label: string; isRead: boolean } | null;
  failure: Failure | null;
}

export interface Failure {
  title: string;
  advice: string;
  words: string;
  canRetry: boolean;
  canDiscard: boolean;
  retryLabel: string;
}

/** Sorting key of anything in a thread. Ranks: 0 a day's knot, 1 everything else. */
export const threadKey = (at: Date, rank: 0 | 1, id: number): string => `${at.getTime()}-${rank}-${id}`;

export function presentMessage(message: Message, viewer: Viewer): Bubble {
  const t = translateFor(viewer.locale);
  const { content } = message;
  const isRevoked = message.revokedAt !== null;
  const shown = isRevoked ? "" : (message.editedText ?? message.text);
  return {
    domId: domId("message", message.id),
    id: message.id,
    key: threadKey(message.sentAt, 1, message.id),
    side: message.direction === "inbound" ? "in" : "out",
    author: authorOf(message, viewer),
    clock: clock(message.sentAt, viewer),
    exact: exact(message.sentAt, viewer),
    iso: message.sentAt.toISOString(),
    segments: segments(shown),
    plainText: shown.slice(0, 160) || t(`kind.${message.kind}`),
    isBigEmoji: /^(\p{RGI_Emoji}\s?){1,3}$/v.test(shown),
    isRevoked,
    isEdited: message.editedText !== null,
    isDiscarded: message.discardedAt !== null,
    isForwarded: content.forwarded === true,
    quote: message.replyTo && {
      author: quoteAuthor(message.replyTo, viewer),
      text: message.replyTo.text || t(`kind.${message.replyTo.kind}`),
      href: `#${domId("message", message.replyTo.id)}`,
    },
    attachments: isRevoked ? [] : message.attachments.map((one) => presentAttachment(one, viewer)),
    location: isRevoked ? null : locationOf(message, viewer),
    cards: (content.contacts ?? []).map((card) => ({
      name: card.name || t("message.no_name"),
      lines: [...card.phones, ...card.emails, ...(card.company ? [card.company] : [])],
    })),
    caption: captionOf(message, viewer),
    rows: rowsOf(message, viewer),
    options: message.content.options ?? [],
    total: orderTotal(message, viewer),
    referral: referralOf(message),
    notice: noticeOf(message, viewer),
    reactions: message.reactions.map(({ emoji }) => emoji).join(""),
    canReact: message.externalId !== null && !isRevoked && message.kind !== "system",
    tick: tickOf(message, viewer),
    failure: failureOf(message, viewer),
  };
}

function authorOf(message: Message, viewer: Viewer): string | null {
  if (message.direction === "inbound") return null;
  if (message.authorKind === "phone") return translateFor(viewer.locale)("message.from_phone");
  if (message.authorKind === "bot") return translateFor(viewer.locale)("message.from_bot");
  return message.authorName;
}

function quoteAuthor(quote: NonNullable<Message["replyTo"]>, viewer: Viewer): string {
  const t = translateFor(viewer.locale);
  if (quote.authorKind === "contact") return t("message.the_contact");
  return quote.authorName ?? t(quote.authorKind === "phone" ? "message.from_phone" : "message.from_bot");
}

const urlPattern = /https?:\/\/[^\s<>"']+/giu;

/** Only web addresses become links; every other scheme stays text. */
export function segments(text: string): Segment[] {
  const found: Segment[] = [];
  let end = 0;
  for (const match of text.matchAll(urlPattern)) {
    const href = match[0].replace(/[.,;:!?)\]}]+$/u, "");
    if (match.index > end) found.push({ text: text.slice(end, match.index), href: null });
    found.push({ text: href, href: URL.canParse(href) ? href : null });
    end = match.index + href.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), href: null });
  return found;
}

function presentAttachment(one: Message["attachments"][number], viewer: Viewer): AttachmentView {
  const t = translateFor(viewer.locale);
  const href = `/files/${one.publicId}`;
  return {
    kind: one.kind,
    href,
    thumbnail: one.hasThumbnail ? `${href}/thumbnail` : null,
    inline: /^(audio|video)\//.test(one.mediaType),
    name: one.fileName || t(`kind.${one.kind}`),
    size: one.bytes === null ? "" : fileSize(one.bytes, viewer.locale),
    width: one.width,
    height: one.height,
    state: one.state === "fetching" ? "pending" : one.state,
    isSticker: one.kind === "sticker",
  };
}

function locationOf(message: Message, viewer: Viewer): Bubble["location"] {
  const { location } = message.content;
  if (!location) return null;
  const { latitude, longitude, name, address } = location;
  return {
    href: `https://www.google.com/maps/search/?api=1&query=${encodeURIComponent(`${latitude},${longitude}`)}`,
    label: name || translateFor(viewer.locale)("kind.location"),
    address: address ?? `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`,
  };
}

function captionOf(message: Message, viewer: Viewer): string | null {
  const t = translateFor(viewer.locale);
  if (message.content.voice) return t("message.voice");
  if (message.content.choice) return t(`message.choice_${message.content.choice.source}`);
  if (message.content.form) return t("message.form");
  if (message.content.order) return t("message.order");
  if (message.content.product) return t("message.product", { product: message.content.product });
  return null;
}

function rowsOf(message: Message, viewer: Viewer): Bubble["rows"] {
  const { form, order, choice } = message.content;
  if (form) {
    if (!form.answers) return form.raw === "null" ? [] : [{ label: "", value: form.raw.slice(0, 500) }];
    return Object.entries(form.answers)
      .filter(([label]) => label !== "flow_token")
      .slice(0, 40)
      .map(([label, value]) => ({
        label,
        value: (typeof value === "string" ? value : JSON.stringify(value)).slice(0, 300),
      }));
  }
  if (order) {
    return order.items.map((item) => ({
      label: `${item.quantity} × ${item.product}`,
      value: money(item.price * item.quantity, item.currency, viewer.locale),
    }));
  }
  return choice?.description ? [{ label: "", value: choice.description }] : [];
}

function orderTotal(message: Message, viewer: Viewer): string | null {
  const items = message.content.order?.items ?? [];
  const [first] = items;
  if (!first || items.some((item) => item.currency !== first.currency)) return null;
  return money(
    items.reduce((sum, item) => sum + item.price * item.quantity, 0),
    first.currency,
    viewer.locale,
  );
}

function referralOf(message: Message): Bubble["referral"] {
  const { referral } = message.content;
  if (!referral) return null;
  const isWeb = /^https?:\/\//i.test(referral.url) && URL.canParse(referral.url);
  return { headline: referral.headline, body: referral.body, href: isWeb ? referral.url : null };
}

/** What the message cannot show, in words. */
function noticeOf(message: Message, viewer: Viewer): string | null {
  const t = translateFor(viewer.locale);
  if (message.revokedAt) return t("message.revoked");
  switch (message.kind) {
    case "unsupported":
      if (message.content.placeholder) return t("message.placeholder");
      if (message.content.errors?.some(({ code }) => code === 131060)) return t("message.other_device");
      return t("message.unsupported", { type: message.content.type || "?" });
    case "welcome":
      return t("message.welcome");
    case "system":
      return t(systemKey(message.content.type));
    default:
      return message.content.errors?.length && message.attachments.length === 0
        ? t("message.media_lost")
        : null;
  }
}

function systemKey(type: string | undefined): string {
  if (/changed_number/.test(type ?? "")) return "message.number_changed";
  if (/changed_user_id/.test(type ?? "")) return "message.id_changed";
  return /identity_changed/.test(type ?? "") ? "message.security_changed" : "message.system";
}

const tickIcons = {
  queued: "clock",
  sending: "clock",
  unknown: "circle-question-mark",
  sent: "check",
  delivered: "check-check",
  read: "check-check",
  failed: "triangle-alert",
} as const;

function tickOf(message: Message, viewer: Viewer): Bubble["tick"] {
  if (!message.delivery || message.content.history) return null;
  const label = translateFor(viewer.locale)(`delivery.${message.delivery}`);
  return { icon: tickIcons[message.delivery], label, isRead: message.delivery === "read" };
}

function failureOf(message: Message, viewer: Viewer): Failure | null {
  const t = translateFor(viewer.locale);
  const isUnknown = message.delivery === "unknown";
  if (message.discardedAt) return null;
  if (message.delivery !== "failed" && !isUnknown) {
    const lost = message.attachments.some(({ state }) => state === "failed");
    if (!lost) return null;
    return {
      title: t("failure.file_title"),
      advice: t("failure.file"),
      words: message.attachments.find(({ error }) => error)?.error ?? "",
      canRetry: true,
      canDiscard: false,
      retryLabel: t("failure.fetch_again"),
    };
  }
  const error = message.deliveryError;
  const advice = isUnknown ? "lost_answer" : adviceFor(error?.code ?? -1);
  return {
    title: t(isUnknown ? "failure.unknown_title" : "failure.title"),
    advice: t(`failure.${advice}`),
    words: error
      ? [error.code > 0 ? error.code : "", error.title, error.details ?? ""].filter(Boolean).join(" · ")
      : "",
    canRetry: message.authorKind === "agent",
    canDiscard: message.authorKind === "agent",
    retryLabel: t(isUnknown ? "failure.send_anyway" : "failure.send_again"),
  };
}
