import { createHash, createHmac } from "node:crypto";
import type { Knex } from "knex";
import { row } from "../platform/database.ts";
import type { Secrets } from "../platform/secrets.ts";

/** Rows of each kind that one seal covers at most. */
export const largestSeal = 20_000;
/** Bytes of one row in `leaves`: its id and the beginning of its digest. */
export const leafBytes = 16;

/** One link of the chain, as it is stored. `last_…` of the one before plus one is `first_…`. */
export interface Seal {
  id: number;
  previous_hash: string;
  first_audit_event_id: number;
  last_audit_event_id: number;
  audit_events: number;
  first_message_id: number;
  last_message_id: number;
  messages: number;
  /** SHA-256, hex, of the hash before it and of each kind's digests one after the other. */
  hash: string;
  audit_leaves: Buffer | null;
  message_leaves: Buffer | null;
  mac: string | null;
}

/** Before the first seal. */
export const beginning = { hash: "hilo", last_audit_event_id: 0, last_message_id: 0 };

/**
 * What never changes in a row, as text. A message's delivery, its edits and its person's merges may change. Where an act
 * came from was not noted at first: rows without it are sealed as they were then.
 */
export const auditText = `(jsonb_build_array(id, actor_kind, actor_id, source, act, conversation_id, contact_id, message_id, agent_id,
  inbox_id, data, extract(epoch from created_at)) || case when address is null then '[]' else jsonb_build_array(address) end)::text`;
export const messageText = `jsonb_build_array(id, inbox_id, direction, author_kind, author_agent_id,
  case when content ? 'history' then null else kind end, case when content ? 'history' then null else text end,
  case when direction = 'inbound' then external_id end, extract(epoch from sent_at), extract(epoch from created_at))::text`;

/** The digest of a row: of what it says, or of what it said before that was erased. */
export const digestOf = (text: string): string =>
  `coalesce(erased_digest, sha256(convert_to(${text.replaceAll(" ? ", " \\? ")}, 'UTF8')))`;

/** Up to where a seal reaches. */
export interface Reach {
  auditEventId: number;
  messageId: number;
}

type Link = Omit<Seal, "id" | "mac">;

/** The link after `previous`, of what is there up to `upTo`. */
export async function linkAfter(
  db: Knex,
  previous: Pick<Seal, "hash" | "last_audit_event_id" | "last_message_id">,
  upTo: Reach,
): Promise<Link> {
  const lastAudit = previous.last_audit_event_id;
  const lastMessage = previous.last_message_id;
  const audit = await rangeOf(db, "audit_events", auditText, lastAudit, upTo.auditEventId);
  const message = await rangeOf(db, "messages", messageText, lastMessage, upTo.messageId);
  return {
    previous_hash: previous.hash,
    first_audit_event_id: lastAudit + 1,
    last_audit_event_id: Math.max(audit.last, lastAudit),
    audit_events: audit.n,
    first_message_id: lastMessage + 1,
    last_message_id: Math.max(message.last, lastMessage),
    messages: message.n,
    hash: createHash("sha256").update([previous.hash, audit.hash, message.hash].join("\n")).digest("hex"),
    audit_leaves: audit.leaves,
    message_leaves: message.leaves,
  };
}

/**
 * Where a seal ends that begins after an id. Found first, by the index alone: asked for the first rows of a range of unknown length,
 * Postgres would read the whole of it for each seal.
 */
async function endOf(db: Knex, table: string, after: number, upTo: number): Promise<number> {
  if (upTo - after <= largestSeal) return upTo;
  const last = await row<{ id: number | null }>(
    db,
    `select max(id) as id from (select id from ${table} where id > :after order by id limit ${largestSeal}) sealed`,
    { after },
  );
  return Math.min(last?.id ?? upTo, upTo);
}

async function rangeOf(db: Knex, table: string, text: string, after: number, upTo: number) {
  const found = await row<{ n: number; last: number | null; hash: string | null; leaves: Buffer | null }>(
    db,
    `select count(*)::int as n, max(id) as last, encode(sha256(string_agg(digest, ''::bytea order by id)), 'hex') as hash,
       string_agg(int8send(id) || substring(digest for 8), ''::bytea order by id) as leaves
     from (select id, ${digestOf(text)} as digest from ${table} where id > :after and id <= :end) sealed`,
    { after, end: await endOf(db, table, after, upTo) },
  );
  return {
    n: found?.n ?? 0,
    last: found?.last ?? after,
    hash: found?.hash ?? "",
    leaves: found?.leaves ?? Buffer.alloc(0),
  };
}

/** What whoever has only the database cannot compute: by the newest key first, then by those before it. */
export const macsOf = (secrets: Secrets, { hash, last_audit_event_id, last_message_id }: Link): string[] =>
  secrets
    .deriveAll("seals")
    .map((key) =>
      createHmac("sha256", key)
        .update([hash, last_audit_event_id, last_message_id].join("\n"))
        .digest("base64url"),
    );
