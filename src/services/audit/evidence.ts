import { may } from "../agents/policy.ts";
import { getConversation } from "../conversations/queries.ts";
import { getThread, type ThreadCursor } from "../conversations/thread.ts";
import type { Conversation, Message, Note } from "../conversations/types.ts";
import type { Context } from "../platform/context.ts";
import { rows } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";
import { auditText, digestOf, messageText, type Seal } from "./chain.ts";
import { type AuditEvent, everything, listAuditEvents } from "./queries.ts";
import { holdSeals, seal } from "./seal.ts";

/** A row as it was sealed. `text` is null for what was erased since: its digest stays. */
export interface SealedRow {
  table: "messages" | "audit_events";
  id: number;
  text: string | null;
  /** SHA-256 of the text, hex. */
  digest: string;
  seal: number;
}

/** A seal with the digest of every row that it covers, also other customers': they give nothing back. */
export interface SealProof {
  id: number;
  previous_hash: string;
  hash: string;
  audit_events: { id: number; digest: string }[];
  messages: { id: number; digest: string }[];
}

export interface Evidence {
  conversation: Conversation;
  messages: Message[];
  notes: Note[];
  events: AuditEvent[];
  files: { name: string; storageKey: string; sha256: string | null; messageId: number }[];
  proof: { rows: SealedRow[]; seals: SealProof[] };
}

const perPage = 500;
const mostEvents = 10_000;

/**
 * A conversation with everything that proves it: what was said, what was done about it, its files, and the seals over all
 * of it. What is new is sealed first; the audit says who took it.
 *
 * @throws NotFound; Forbidden without `audit.see`, `audit.export` and `contacts.phones`; Conflict while what is new cannot be sealed.
 */
export async function collectEvidence(ctx: Context, conversationId: number): Promise<Evidence> {
  // The provider's ids of messages hold the phone.
  for (const needed of ["audit.export", "audit.see", "contacts.phones"] as const)
    if (!may(ctx.actor, needed)) throw new Forbidden();
  const conversation = await getConversation(ctx, conversationId);
  const { id, contactId } = conversation;
  await transact(ctx, async (tx) =>
    tx.record(null, { act: "conversation.exported", conversationId: id, contactId }),
  );
  await seal(ctx);
  const messages: Message[] = [];
  const notes: Note[] = [];
  for (let before: ThreadCursor | null = null; ; ) {
    const page: Awaited<ReturnType<typeof getThread>> = await getThread(
      ctx,
      { contactId, conversationId: id },
      { before, limit: perPage },
    );
    messages.unshift(...page.messages);
    notes.unshift(...page.notes);
    if (!page.older) break;
    before = page.older;
  }
  const filter = { ...everything, conversationId: id };
  const events = (await listAuditEvents(ctx, { before: null, limit: mostEvents }, filter)).reverse();
  const files = await rows<Evidence["files"][number] & { fileName: string }>(
    ctx.db,
    `select f.id || '-' || coalesce(nullif(regexp_replace(f.file_name, '[^[:alnum:]._ -]+', '_', 'g'), ''), f.kind) as name,
       f.storage_key as "storageKey", f.sha256, f.message_id as "messageId"
     from attachments f join messages m on m.id = f.message_id where m.conversation_id = ? and f.state = 'stored' order by f.id`,
    [id],
  );
  return { conversation, messages, notes, events, files, proof: await prove(ctx, id, events) };
}

async function prove(ctx: Context, id: number, events: readonly AuditEvent[]): Promise<Evidence["proof"]> {
  // Without its text: what the reader may not see of an act.
  const shown = events.filter(({ data }) => Object.keys(data).length > 0).map((event) => event.id);
  const found = await rows<Omit<SealedRow, "seal"> & { seal: number | null }>(
    ctx.db,
    `select 'messages' as "table", id, case when erased_digest is null then ${escaped(messageText)} end as text,
       encode(${digestOf(messageText)}, 'hex') as digest,
       (select s.id from seals s where t.id between s.first_message_id and s.last_message_id) as seal
     from messages t where conversation_id = :id
     union all
     select 'audit_events', id, case when erased_digest is null and (data = '{}' or id = any(:shown)) then ${escaped(auditText)} end,
       encode(${digestOf(auditText)}, 'hex'),
       (select s.id from seals s where t.id between s.first_audit_event_id and s.last_audit_event_id)
     from audit_events t where conversation_id = :id and id = any(:events) order by 1, 2`,
    { id, shown, events: events.map((event) => event.id) },
  );
  const sealed = found.filter((one): one is SealedRow => one.seal !== null);
  const ids = [...new Set(sealed.map((one) => one.seal))].sort((a, b) => a - b);
  if (sealed.length < found.length) throw new Conflict("evidence.busy");
  // What was shown to somebody must be found again as it was.
  await ctx.db.transaction(async (tx) => {
    await holdSeals(tx);
    await tx.raw(
      "update seals set closed = true where id = any(?) and not closed and id = (select max(id) from seals)",
      [ids],
    );
  });
  const seals: SealProof[] = [];
  for (const one of await rows<Seal>(ctx.db, "select * from seals where id = any(?) order by id", [ids])) {
    const digests = (table: string, text: string, first: number, last: number) =>
      rows<{ id: number; digest: string }>(
        ctx.db,
        `select id, encode(${digestOf(text)}, 'hex') as digest from ${table} where id between ? and ? order by id`,
        [first, last],
      );
    seals.push({
      id: one.id,
      previous_hash: one.previous_hash,
      hash: one.hash,
      audit_events: await digests(
        "audit_events",
        auditText,
        one.first_audit_event_id,
        one.last_audit_event_id,
      ),
      messages: await digests("messages", messageText, one.first_message_id, one.last_message_id),
    });
  }
  return { rows: sealed, seals };
}

/** Question marks of operators, not of bindings. */
const escaped = (sql: string) => sql.replaceAll(" ? ", " \\? ");
