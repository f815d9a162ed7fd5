import type { MediaKind, MessageKind } from "../conversations/types.ts";
import type { ConnectedInbox } from "../inboxes/queries.ts";
import type { Channel } from "../inboxes/types.ts";
import type { Translation } from "../intake/types.ts";
import { whatsapp } from "./whatsapp/index.ts";

/** A message about to leave, with all that its channel needs. */
export interface OutboundMessage {
  /** Ours: the provider echoes it, which settles a lost answer. */
  id: number;
  /** Which try this is: echoed with the id, so that a late word about an earlier one is told apart. */
  attempt: number;
  kind: MessageKind;
  text: string;
  /** Where to: the provider's id byte for byte, and how to read it. */
  recipient: { externalId: string; kind: "phone" | "user_id" };
  /** External id of the message it answers or reacts to, or null. */
  target: string | null;
  media: OutboundMedia | null;
  /** Answers to choose from, or null. A channel without buttons sends the text alone: it can be answered in words. */
  choices: { shownAs: "buttons" | "list"; options: { id: string; title: string }[] } | null;
}

export interface OutboundMedia {
  kind: MediaKind;
  fileName: string;
  mediaType: string;
  voice: boolean;
  /** The provider's id when it has the file already. */
  providerMediaId: string | null;
  read: () => Promise<Blob>;
}

/** What the provider said about a message it took. */
export interface Accepted {
  externalId: string;
  /** The provider's id of the file, to be kept for a second try, or null. */
  providerMediaId: string | null;
}

/** Where a provider keeps a file, and what it says of it. */
export interface DownloadedMedia {
  bytes: Uint8Array;
  mediaType: string;
}

/** How one kind of address speaks. Numbers carry their source where they are defined. */
export interface ChannelAdapter {
  /** Pure. @throws SyntaxError when the bytes are not what the channel sends at all. */
  translate: (body: Buffer, receivedAt: Date) => Translation;
  /** @throws ChannelError. */
  send: (apiUrl: string, inbox: ConnectedInbox, message: OutboundMessage) => Promise<Accepted>;
  /** Another spelling of the recipient worth one more try after this provider code, or null. */
  alternateRecipient: (externalId: string, code: number | null) => string | null;
  /** Tells the provider that we read up to a message, and perhaps that we are typing. */
  markRead: (apiUrl: string, inbox: ConnectedInbox, externalId: string, typing: boolean) => Promise<void>;
  /** @throws ChannelError. */
  download: (apiUrl: string, inbox: ConnectedInbox, providerMediaId: string) => Promise<DownloadedMedia>;
  /** Messages a second and burst, for the whole address and for one recipient. */
  limits: { inbox: { perSecond: number; burst: number }; pair: { perSecond: number; burst: number } };
  /** Largest file by kind, bytes, and the kind a file travels as. */
  outboundKind: (mediaType: string, bytes: number) => MediaKind | null;
}

const adapters = { whatsapp } satisfies Record<Channel, ChannelAdapter>;

export const adapterOf = (channel: Channel): ChannelAdapter => adapters[channel];
