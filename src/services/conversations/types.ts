import type { Priority } from "../sla/types.ts";

/** What crossed a channel. `choice` is a pressed button or a chosen list row; `form` a filled-in WhatsApp Flow. */
export type MessageKind =
  | "text"
  | "image"
  | "video"
  | "audio"
  | "document"
  | "sticker"
  | "location"
  | "contacts"
  | "choice"
  | "form"
  | "order"
  | "system"
  | "welcome"
  | "unsupported"
  | "reaction"
  | "edit"
  | "revoke";

export type MediaKind = "image" | "video" | "audio" | "document" | "sticker";

export type Delivery = "queued" | "sending" | "sent" | "delivered" | "read" | "failed" | "unknown";

/** What a kind needs beyond its text; stored as `messages.content`. */
export interface MessageContent {
  location?: { latitude: number; longitude: number; name?: string; address?: string };
  contacts?: { name: string; phones: string[]; emails: string[]; company?: string }[];
  choice?: { id: string; source: "button" | "list" | "template"; description?: string };
  form?: { name: string; answers: Record<string, unknown> | null; raw: string };
  order?: {
    items: { product: string; quantity: number; price: number; currency: string }[];
    catalog: string;
  };
  referral?: { url: string; headline: string; body: string; kind: string; clickId?: string };
  product?: string;
  forwarded?: boolean;
  /** Audio recorded in WhatsApp rather than sent as a file. */
  voice?: boolean;
  /** Provider's errors about this message: code and words. */
  errors?: ProviderError[];
  /** Provider's name of a type that Hilo does not show, with the whole original. */
  type?: string;
  raw?: unknown;
  /** External id of the message that a reaction, an edit or a revocation is about. */
  target?: string;
  /** History that came without its file: a second delivery may bring it. */
  placeholder?: boolean;
  /** A time that could not be right, as the provider wrote it. */
  providerTime?: string;
  /** Answers that the contact can choose from, in a message of ours. */
  options?: { id: string; title: string }[];
  shownAs?: "buttons" | "list";
  /** The message came with the history of the firm's phone. */
  history?: boolean;
  /** It answers a question of ours: nobody waits for an answer to it. */
  quiet?: boolean;
}

export interface ProviderError {
  code: number;
  title: string;
  details?: string;
}

export type Status = "open" | "pending" | "snoozed" | "resolved";
export type AuthorKind = "contact" | "agent" | "bot" | "phone";

/** The promise that falls due next, or null: nothing is promised, or nothing counts now. */
export interface NextDue {
  dueTarget: "first_response" | "next_response" | "resolution" | null;
  dueAt: Date | null;
  /** What was promised, in seconds of the calendar that it counts by. */
  dueSeconds: number | null;
}

/** A conversation with what its header, the composer and the rules need. */
export interface Conversation extends NextDue {
  id: number;
  contactId: number;
  contactName: string;
  /** What names the contact when they have no name: a formatted phone or a handle. */
  contactDisplay: string;
  status: Status;
  priority: Priority;
  topicId: number | null;
  /** What came of it where something was to be sold or booked. */
  outcome: "won" | "lost" | null;
  /** Name of the topic; empty for none. */
  topic: string;
  teamId: number | null;
  assigneeId: number | null;
  assigneeName: string | null;
  isolatedInboxId: number | null;
  waitingSince: Date | null;
  firstResponseAt: Date | null;
  lastActivityAt: Date;
  lastInboundAt: Date | null;
  lastInboxId: number | null;
  lastInboxName: string | null;
  lastIdentityId: number | null;
  serviceWindowEndsAt: Date | null;
  preview: string;
  unreadCount: number;
  snoozedUntil: Date | null;
  openedAt: Date;
  resolvedAt: Date | null;
  /** Where it goes on since its contact was merged, or null. */
  mergedIntoId: number | null;
  /** Since when it has the red flag: unanswered for 24 hours. */
  flaggedAt: Date | null;
  /** The contact's wishes, for whoever writes. */
  preferredHours: string;
  doNotContact: boolean;
  tags: string[];
}

/** A row of the list. */
export interface ConversationRow extends NextDue {
  id: number;
  contactName: string;
  contactDisplay: string;
  status: Status;
  priority: Priority;
  flaggedAt: Date | null;
  assigneeId: number | null;
  assigneeName: string | null;
  waitingSince: Date | null;
  lastActivityAt: Date;
  preview: string;
  previewKind: MessageKind;
  previewAuthor: AuthorKind;
  unreadCount: number;
  snoozedUntil: Date | null;
  tags: string[];
}

export interface Message {
  id: number;
  conversationId: number;
  contactId: number;
  inboxId: number;
  direction: "inbound" | "outbound";
  kind: MessageKind;
  text: string;
  content: MessageContent;
  replyTo: {
    id: number;
    text: string;
    kind: MessageKind;
    authorKind: AuthorKind;
    authorName: string | null;
  } | null;
  externalId: string | null;
  authorKind: AuthorKind;
  authorAgentId: number | null;
  authorName: string | null;
  delivery: Delivery | null;
  deliveryError: { code: number; title: string; details?: string } | null;
  discardedAt: Date | null;
  editedText: string | null;
  revokedAt: Date | null;
  sentAt: Date;
  createdAt: Date;
  attachments: Attachment[];
  reactions: { authorKind: "contact" | "firm"; emoji: string }[];
}

export interface Attachment {
  publicId: string;
  kind: MediaKind;
  fileName: string;
  mediaType: string;
  bytes: number | null;
  width: number | null;
  height: number | null;
  hasThumbnail: boolean;
  state: "pending" | "fetching" | "stored" | "failed";
  error: string | null;
}

export interface Note {
  id: number;
  conversationId: number | null;
  contactId: number;
  agentId: number | null;
  agentName: string | null;
  text: string;
  /** When it was written in parts: `text` is what was written beside them. */
  wrapUp: { text: string; problem: string; action: string; nextStep: string; dueOn: string | null } | null;
  pinned: boolean;
  createdAt: Date;
}
