import { may } from "../agents/policy.ts";
import { visibleConversation, visiblePerson } from "../inboxes/policy.ts";
import type { Reader } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Forbidden } from "../platform/errors.ts";

export interface AuditEvent {
  id: number;
  actorKind: "agent" | "system" | "anonymous";
  actorId: number | null;
  actorName: string | null;
  source: string;
  /** Where it came from, an IP address; null for what Hilo did by itself. */
  address: string | null;
  act: string;
  conversationId: number | null;
  contactId: number | null;
  messageId: number | null;
  agentId: number | null;
  agentName: string | null;
  inboxId: number | null;
  /** Empty, too, where it tells of somebody whom the reader may not see. */
  data: Record<string, unknown>;
  createdAt: Date;
}

/** What is asked for; null and empty ask for everything. */
export interface AuditFilter {
  /** An agent's id, or what Hilo did by itself. */
  actor: number | "hilo" | null;
  /** The acts' first word: `conversation`, `contact`, `agent`… */
  about: string;
  from: Date | null;
  until: Date | null;
  /** In what the act keeps, where it came from, and names. */
  search: string;
  conversationId: number | null;
  contactId: number | null;
}

export const everything: AuditFilter = {
  actor: null,
  about: "",
  from: null,
  until: null,
  search: "",
  conversationId: null,
  contactId: null,
};

/** The first words of acts, as the filter offers them. */
export const subjects = [
  "agent",
  "role",
  "api_token",
  "conversation",
  "message",
  "note",
  "contact",
  "case",
  "purchase",
  "import",
  "inbox",
  "sla",
  "firm",
  "audit",
] as const;

/** Newest first; `before` is the id to go on from. @throws Forbidden without `audit.see`. */
export function listAuditEvents(
  ctx: Reader,
  page: { before: number | null; limit: number },
  filter: AuditFilter = everything,
): Promise<AuditEvent[]> {
  const { actor } = ctx;
  if (!may(actor, "audit.see")) throw new Forbidden();
  const conversation = visibleConversation(actor, "c");
  const person = visiblePerson(actor, "e.contact_id");
  const isolated = `exists (select 1 from conversations c where c.contact_id = e.contact_id and c.isolated_inbox_id is not null)`;
  const seen = `(e.conversation_id is null or ${conversation.sql})
    and (e.contact_id is null or (${person.sql} and (not ${isolated} or exists (select 1 from conversations c where c.contact_id = e.contact_id and ${conversation.sql}))))`;
  const told = may(actor, "contacts.phones") ? "e.data" : "e.data - 'phone'";
  const data = `case when ${seen} then ${told} else '{}' end`;
  const tests = [
    page.before !== null && "e.id < :before",
    filter.actor === "hilo" && "e.actor_kind = 'system'",
    // What somebody does before they are in is theirs too.
    typeof filter.actor === "number" &&
      "(e.actor_id = :actor or (e.actor_kind = 'anonymous' and e.agent_id = :actor))",
    filter.about !== "" &&
      "(e.act = :about or e.act like :about || '\\_%' or e.act like :about || '.%' or e.act like :about || 's.%')",
    filter.from && "e.created_at >= :from",
    filter.until && "e.created_at < :until",
    filter.conversationId !== null && "e.conversation_id = :conversationId",
    filter.contactId !== null &&
      "(e.contact_id = :contactId or e.conversation_id in (select id from conversations where contact_id = :contactId))",
    // Who may see it is asked only where there is something to be seen.
    filter.search !== "" &&
      `(case when plain(e.data::text) like :like then plain((${data})::text) like :like else false end or e.act like :like or e.address like :like or plain(actor.name) like :like or plain(agent.name) like :like)`,
  ].filter(Boolean);
  const like = `%${filter.search
    .toLowerCase()
    .normalize("NFD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[\\%_]/g, "\\$&")}%`;
  return rows(
    ctx.db,
    `select e.id, e.actor_kind as "actorKind", e.actor_id as "actorId", actor.name as "actorName", e.source, e.address, e.act,
       e.conversation_id as "conversationId", e.contact_id as "contactId", e.message_id as "messageId",
       e.agent_id as "agentId", agent.name as "agentName", e.inbox_id as "inboxId",
       ${data} as data, e.created_at as "createdAt"
     from audit_events e left join agents actor on actor.id = e.actor_id left join agents agent on agent.id = e.agent_id
       left join conversations c on c.id = e.conversation_id
     ${tests.length > 0 ? `where ${tests.join(" and ")}` : ""} order by e.id desc limit :limit`,
    { ...conversation.bindings, ...person.bindings, ...filter, ...page, like },
  );
}
