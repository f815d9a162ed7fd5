import { approved } from "../agents/approvals.ts";
import { may } from "../agents/policy.ts";
import { auditText, messageText } from "../audit/chain.ts";
import { lockWhole } from "../contacts/lock-contact.ts";
import { getContact } from "../contacts/queries.ts";
import type { Context, Reader } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Conflict, Forbidden } from "../platform/errors.ts";
import { lockMerging } from "../platform/locks.ts";
import { transact } from "../platform/transact.ts";

/** What erasing a person would take, for whoever decides. */
export interface Extent {
  conversations: number;
  messages: number;
  files: number;
  notes: number;
  cases: number;
  interactions: number;
  records: number;
  purchases: number;
}

/** The caller has loaded the contact. Counts everything, also what this agent does not see: it would go too. */
export async function getErasureExtent(ctx: Reader, contactId: number): Promise<Extent> {
  if (!may(ctx.actor, "contacts.erase")) throw new Forbidden();
  const count = (table: string) =>
    `(select count(*)::int from ${table} where contact_id = :contactId) as ${table}`;
  const found = await row<Extent & { attachments: number }>(
    ctx.db,
    `select ${["conversations", "messages", "notes", "cases", "interactions", "records", "purchases"].map(count).join(", ")},
       (select count(*)::int from attachments where contact_id = :contactId and message_id is not null) as files`,
    { contactId },
  );
  if (!found) throw new Error("nothing was counted");
  return found;
}

/** SHA-256 of what a seal covers of a row. */
const digestOf = (text: string) => `sha256(convert_to(${text.replaceAll(" ? ", " \\? ")}, 'UTF8'))`;

/**
 * Erases a person: what they and we said, files, identities, notes, interactions, records and the card, also from what
 * the audit kept of it. Purchases stay, for the law wants them kept, and so do times, counts and digests, without the
 * person. Cannot be undone. Files leave the disk with the next sweep.
 *
 * @throws NotFound, Forbidden; Conflict when it was done already.
 */
export async function eraseContact(ctx: Context, contactId: number): Promise<void> {
  if (!may(ctx.actor, "contacts.erase")) throw new Forbidden();
  const use = await approved(ctx, "contacts.erase", { contactId });
  await forgetDeliveries(ctx, contactId);
  return transact(ctx, async (tx) => {
    await use(tx);
    await lockMerging(tx);
    const { id, erasedAt } = await getContact(tx, contactId);
    if (erasedAt) throw new Conflict("privacy.erased_already");
    await lockWhole(tx, id, true);
    const same = await rows<{ id: number }>(
      tx.db,
      "select id from contacts where id = :id or merged_into_id = :id",
      { id },
    );
    const ids = same.map((one) => one.id);
    const run = (sql: string) => changed(tx.db, sql, { ids, now: tx.now() });
    const theirs = "contact_id = any(:ids::bigint[])";
    const sending = await row(
      tx.db,
      `select 1 from messages where ${theirs} and delivery = 'sending' limit 1`,
      { ids },
    );
    if (sending) throw new Conflict("privacy.sending");
    await run(
      `update messages set delivery = 'failed', due_at = null, discarded_at = :now where ${theirs} and delivery = 'queued'`,
    );
    await run(`delete from message_reactions where message_id in (select id from messages where ${theirs})`);
    await run(`update attachments set message_id = null, contact_id = null, file_name = '', sha256 = null, provider_media_id = null,
      created_at = '-infinity' where ${theirs}`);
    await run(`update messages set erased_digest = coalesce(erased_digest, ${digestOf(messageText)}), text = '', content = '{}', edited_text = null,
      identity_id = null, external_id = null, reply_to_id = null, delivery_error = null where ${theirs}`);
    await run(`update conversations set preview = '', summary = '', last_identity_id = null, flagged_at = null, waiting_since = null, unread_count = 0, snoozed_until = null,
      status = 'resolved', resolved_at = coalesce(resolved_at, :now) where ${theirs}`);
    await run(`delete from drafts where conversation_id in (select id from conversations where ${theirs})`);
    await run(
      `delete from scheduled_messages where conversation_id in (select id from conversations where ${theirs})`,
    );
    // A table that somebody took out may hold them: its file goes at the next sweep.
    await tx.db.raw(
      "update exports set created_at = '-infinity', state = case when state in ('waiting', 'running', 'done') then 'cancelled' else state end where state <> 'failed'",
    );
    await run(
      `update reviews set comment = '', answer = '' where conversation_id in (select id from conversations where ${theirs})`,
    );
    await run(`update surveys set comment = '', comment_until = null where ${theirs}`);
    for (const table of [
      "notes",
      "commitments",
      "interactions",
      "records",
      "contact_tags",
      "contact_identities",
    ]) {
      await run(`delete from ${table} where ${theirs}`);
    }
    await run(`update cases set title = '—', state_note = '', solution = '' where ${theirs}`);
    await run(`update case_steps set title = '—' where case_id in (select id from cases where ${theirs})`);
    await run(`update purchases set tracking_url = '', delivery_window = '' where ${theirs}`);
    await run(
      "delete from contact_merges where kept_id = any(:ids::bigint[]) or merged_id = any(:ids::bigint[])",
    );
    await run(
      "delete from contact_distinctions where lower_id = any(:ids::bigint[]) or higher_id = any(:ids::bigint[])",
    );
    await run(
      `update audit_events set erased_digest = ${digestOf(auditText)}, data = '{}' where ${theirs} and data <> '{}' and erased_digest is null`,
    );
    await run(`update contacts set name = '', name_source = 'provider', company_id = null, job_title = '', email = '', phone = '',
      phone_match_key = null, language = '', custom = '{}', location = '', preferred_channel = '', preferred_hours = '',
      client_token = null, erased_at = :now where id = any(:ids::bigint[])`);
    tx.record({ type: "contact.regrouped", contactId: id }, { act: "contact.erased", contactId: id });
    for (const other of ids) if (other !== id) tx.record(null, { act: "contact.erased", contactId: other });
  });
}

/**
 * Deliveries as they came, kept for two weeks, hold the words too. In a transaction of its own, before anything else: it
 * reads all of them, and nobody waits for it.
 */
async function forgetDeliveries(ctx: Context, contactId: number): Promise<void> {
  if (!may(ctx.actor, "contacts.erase")) throw new Forbidden();
  const { id } = await getContact(ctx, contactId);
  await changed(
    ctx.db,
    `delete from inbound_events where state in ('done', 'quarantined') and exists (select 1 from contact_identities i
       where i.contact_id in (select p.id from contacts p where p.id = :id or p.merged_into_id = :id)
         and position(convert_to(i.external_id, 'UTF8') in body) > 0)`,
    { id },
  );
}
