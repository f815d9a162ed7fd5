/**
 * The product's vocabulary of facts. A fact carries ids, never records: whoever hears it reads the row as the
 * person who will see it, so that a lost permission stops delivery at once.
 */
export type Fact =
  | { type: "message.received"; conversationId: number; messageId: number }
  | { type: "message.queued"; conversationId: number; messageId: number }
  | { type: "message.changed"; conversationId: number; messageId: number }
  | { type: "note.added"; conversationId: number; noteId: number }
  | { type: "note.changed"; conversationId: number; noteId: number }
  | { type: "conversation.changed"; conversationId: number }
  | { type: "conversation.read"; conversationId: number }
  | { type: "conversation.viewed"; conversationId: number }
  | { type: "contact.changed"; contactId: number }
  | { type: "contact.regrouped"; contactId: number }
  | { type: "case.changed"; conversationId: number; caseId: number }
  | { type: "commitment.changed"; conversationId: number; commitmentId: number }
  | { type: "agent.changed"; agentId: number }
  | { type: "agent.mentioned"; agentId: number }
  | { type: "agent.alerted"; agentId: number }
  | { type: "inbox.changed"; inboxId: number }
  | { type: "inbound_event.received" }
  | { type: "inbound_event.quarantined"; inboundEventId: number }
  | { type: "media.pending" }
  | { type: "company.changed"; companyId: number }
  | { type: "import.changed"; importId: number }
  | { type: "export.changed" }
  | { type: "fields.changed" }
  | { type: "tags.changed" }
  | { type: "firm.changed" };

/** What the audit keeps about an act beside the actor, the time and the source. Never secrets, never message text. */
export interface Audit {
  /** Past tense, `noun.verb`: the name that the audit page shows. */
  act: string;
  conversationId?: number | null;
  contactId?: number | null;
  messageId?: number | null;
  agentId?: number | null;
  inboxId?: number | null;
  data?: Record<string, unknown>;
}

/** Channel name of Postgres' LISTEN. */
export const factsChannel = "hilo_facts";

/** Postgres refuses notifications of 8000 bytes and more ("NOTIFY", payload). */
const largestPayload = 7900;

/** Facts as few notifications, each below the limit of Postgres. */
export function packFacts(facts: readonly Fact[]): string[] {
  const payloads: string[] = [];
  let current = "";
  for (const fact of facts) {
    const text = JSON.stringify(fact);
    if (current !== "" && current.length + text.length + 2 > largestPayload) {
      payloads.push(`[${current}]`);
      current = "";
    }
    current = current === "" ? text : `${current},${text}`;
  }
  if (current !== "") payloads.push(`[${current}]`);
  return payloads;
}
