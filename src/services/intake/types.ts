import type {
  Delivery,
  MediaKind,
  MessageContent,
  MessageKind,
  ProviderError,
} from "../conversations/types.ts";

/** One id of one person on a channel: for WhatsApp a phone number or a business-scoped user id. */
export interface PersonId {
  externalId: string;
  kind: "phone" | "user_id";
  phoneMatchKey: string | null;
}

/** Who wrote. Ids are in order of preference for replies; the name is the provider's, possibly empty. */
export interface Person {
  ids: PersonId[];
  name: string;
  display: string;
}

/** Which of our addresses a delivery names: the strongest that is given wins. */
export interface Address {
  externalId: string | null;
  display: string | null;
  accountId: string | null;
}

export interface InboundMedia {
  kind: MediaKind;
  providerMediaId: string;
  mediaType: string;
  fileName: string;
}

export interface InboundMessage {
  type: "message";
  address: Address;
  externalId: string;
  person: Person;
  author: "contact" | "phone";
  kind: MessageKind;
  text: string;
  content: MessageContent;
  replyTo: string | null;
  media: InboundMedia | null;
  /** The provider's time, ISO 8601. */
  sentAt: string;
  /** Known state of what the firm itself wrote; null for what a contact wrote. */
  delivery: Delivery | null;
  /** Fills the past: notifies nobody, counts nothing, opens no window. */
  history: boolean;
}

export interface InboundStatus {
  type: "status";
  address: Address;
  externalId: string;
  /** What we gave the provider to echo: our message id. */
  token: string | null;
  delivery: "sent" | "delivered" | "read" | "failed";
  error: ProviderError | null;
  at: string;
}

/** The provider says that a person now has other ids. Applying it twice changes nothing. */
export interface IdentityChange {
  type: "identity_changed";
  address: Address;
  /** Of the message that told it: told again, it has no effect. */
  externalId: string;
  from: PersonId[];
  to: PersonId[];
  /** ISO 8601. */
  at: string;
}

/** The provider complains about the address itself, not about a message. */
export interface AddressProblem {
  type: "address_problem";
  address: Address;
  error: ProviderError;
}

export type InboundEvent = InboundMessage | InboundStatus | IdentityChange | AddressProblem;

/** A delivery, understood. `unused` names the parts that are kept and not used; `faults` what made no sense. */
export interface Translation {
  events: InboundEvent[];
  unused: string[];
  faults: string[];
}
