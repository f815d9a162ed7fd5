import type { Context } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { NotFound } from "../platform/errors.ts";
import { type Anchor, readAnchor } from "./anchor.ts";
import { beginning, leafBytes, linkAfter, macsOf, type Seal } from "./chain.ts";

export interface Verification {
  seals: number;
  auditEvents: number;
  messages: number;
  /** What was found changed, removed or inserted, with its id; null when all is as it was sealed. */
  fault: string | null;
}

/** Seals that are read at once: their leaves are large. */
const perPage = 50;

/** Walks the chain from its beginning and computes every hash again. */
export async function verify(ctx: Context): Promise<Verification> {
  const result: Verification = { seals: 0, auditEvents: 0, messages: 0, fault: null };
  const anchor = readAnchor(ctx.config.dataDir);
  let last: Pick<Seal, "hash" | "last_audit_event_id" | "last_message_id"> & {
    id: number;
    sealed?: boolean;
  } = { ...beginning, id: 0 };
  for (;;) {
    const page = await rows<Seal>(ctx.db, `select * from seals where id > ? order by id limit ${perPage}`, [
      last.id,
    ]);
    for (const one of page) {
      const fault = (await faultOf(ctx, last, one)) ?? strange(anchor, one);
      if (fault) return { ...result, fault };
      last = { ...one, sealed: one.mac !== null };
      result.seals += 1;
      result.auditEvents += one.audit_events;
      result.messages += one.messages;
    }
    if (page.length < perPage) break;
  }
  if (anchor?.head && last.id < anchor.head.id)
    return { ...result, fault: `seal ${anchor.head.id} and what came after it were removed` };
  return { ...result, fault: await findUnexplained(ctx) };
}

/** What the installation remembers otherwise of a seal. */
function strange(anchor: Anchor | null, one: Seal): string | null {
  if (anchor && one.id >= anchor.markedFrom && one.mac === null) return `seal ${one.id} ${unmarked}`;
  return anchor?.head?.id === one.id && anchor.head.hash !== one.hash ? `seal ${one.id} ${unmarked}` : null;
}

const unmarked = "was not made by this installation: its rows were sealed again by somebody without its key";

async function faultOf(
  ctx: Context,
  last: Pick<Seal, "hash" | "last_audit_event_id" | "last_message_id"> & { sealed?: boolean },
  one: Seal,
): Promise<string | null> {
  const name = `seal ${one.id}`;
  if (one.previous_hash !== last.hash) return `${name} does not follow the one before it`;
  const again = await linkAfter(ctx.db, last, {
    auditEventId: one.last_audit_event_id,
    messageId: one.last_message_id,
  });
  const row =
    named("audit event", one.audit_leaves, again.audit_leaves) ??
    named("message", one.message_leaves, again.message_leaves);
  if (row) return `${row} (${name})`;
  if (again.hash !== one.hash)
    return `${name} does not match its rows: audit events ${one.first_audit_event_id}–${one.last_audit_event_id}, messages ${one.first_message_id}–${one.last_message_id}`;
  // Old seals carry no key's mark; after one that does, every one must.
  if (one.mac === null ? last.sealed : !macsOf(ctx.secrets, again).includes(one.mac))
    return `${name} ${unmarked}`;
  return null;
}

/** The first row that is not as it was sealed; null when all are, or when an old seal does not know its rows. */
function named(kind: string, sealed: Buffer | null, found: Buffer | null): string | null {
  if (sealed === null || found === null || sealed.equals(found)) return null;
  for (let at = 0; ; at += leafBytes) {
    const was = sealed.subarray(at, at + leafBytes);
    const is = found.subarray(at, at + leafBytes);
    if (was.equals(is) && was.length > 0) continue;
    const wasId = was.length > 0 ? was.readBigInt64BE() : null;
    const isId = is.length > 0 ? is.readBigInt64BE() : null;
    if (wasId !== null && wasId === isId) return `${kind} ${wasId} was changed`;
    return isId !== null && (wasId === null || isId < wasId)
      ? `${kind} ${isId} was inserted`
      : `${kind} ${wasId} was removed`;
  }
}

/** Only what was erased by somebody, or was older than a rule says, may lack its content. */
async function findUnexplained(ctx: Context): Promise<string | null> {
  const found = await row<{ table: string; id: number }>(
    ctx.db,
    `with erased as materialized (select contact_id, (data ->> 'before')::timestamptz as before from audit_events
       where act = 'contact.erased' or (act = 'retention.applied' and data ->> 'kind' = 'messages')),
     gone as (
       select 'message' as table, id, contact_id, sent_at as at from messages where erased_digest is not null
       union all select 'audit event', id, contact_id, null from audit_events where erased_digest is not null)
     select gone.table, gone.id from gone where not exists (select 1 from erased where erased.contact_id = gone.contact_id)
       and not exists (select 1 from contacts p join erased on erased.contact_id = p.merged_into_id where p.id = gone.contact_id)
       and not exists (select 1 from erased where erased.before > gone.at) limit 1`,
  );
  return found ? `${found.table} ${found.id} lacks its content, and nobody erased it` : null;
}

/** What a seal says of itself, to be compared with a bundle of evidence. @throws NotFound. */
export async function sealHash(ctx: Pick<Context, "db">, id: string): Promise<string> {
  const found = /^\d{1,15}$/.test(id)
    ? await row<{ hash: string }>(ctx.db, "select hash from seals where id = ?", [Number(id)])
    : null;
  if (!found) throw new NotFound();
  return found.hash;
}
