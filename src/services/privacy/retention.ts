import { approved } from "../agents/approvals.ts";
import { may } from "../agents/policy.ts";
import { messageText } from "../audit/chain.ts";
import { type Context, type Reader, systemContext, type Tx } from "../platform/context.ts";
import { changed, row, rows } from "../platform/database.ts";
import { Forbidden, Invalid } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

/** Kinds of data that go after a time. */
export type RetentionKind = "messages" | "files" | "interactions";
export const retentionKinds = ["messages", "files", "interactions"] as const satisfies RetentionKind[];

export interface RetentionRule {
  kind: RetentionKind;
  /** Null keeps for ever. */
  months: number | null;
}

const fewestMonths = 1;
const mostMonths = 240;
const perStatement = 1000;

/**
 * What each kind's rule takes: rows older than `:before`, and how they go. Messages of conversations that are open are
 * never taken, and of those that go the time, the direction and the sealed digest stay.
 */
const takes = {
  messages: {
    table: "messages m",
    id: "m.id",
    where: `m.sent_at < :before and m.erased_digest is null and m.text || m.content::text <> '{}'
      and exists (select 1 from conversations c where c.id = m.conversation_id and c.status = 'resolved')`,
    take: `update messages m set erased_digest = sha256(convert_to(${messageText.replaceAll(" ? ", " \\? ")}, 'UTF8')), text = '', content = '{}',
      edited_text = null, identity_id = null, delivery_error = null where id = any(:ids::bigint[]) and erased_digest is null`,
  },
  files: {
    table: "attachments f join messages m on m.id = f.message_id",
    id: "f.id",
    where: "m.sent_at < :before and f.state = 'stored'",
    take: "update attachments set message_id = null, contact_id = null, created_at = '-infinity' where id = any(:ids::bigint[])",
  },
  interactions: {
    table: "interactions i",
    id: "i.id",
    where: "i.at < :before",
    take: "delete from interactions where id = any(:ids::bigint[])",
  },
} satisfies Record<RetentionKind, { table: string; id: string; where: string; take: string }>;

/** @throws Forbidden. */
export async function listRetention(ctx: Reader): Promise<RetentionRule[]> {
  if (!may(ctx.actor, "retention.manage")) throw new Forbidden();
  const set = await rows<{ kind: RetentionKind; months: number }>(
    ctx.db,
    "select kind, months from retention_rules",
  );
  return retentionKinds.map((kind) => ({
    kind,
    months: set.find((one) => one.kind === kind)?.months ?? null,
  }));
}

/** How much a rule would take today; nothing is touched. @throws Forbidden. */
export async function rehearseRetention(ctx: Reader, kind: RetentionKind, months: number): Promise<number> {
  if (!may(ctx.actor, "retention.manage")) throw new Forbidden();
  const { table, where } = takes[kind];
  const found = await row<{ n: number }>(ctx.db, `select count(*)::int as n from ${table} where ${where}`, {
    before: monthsAgo(ctx.now(), months),
  });
  return found?.n ?? 0;
}

/** @throws Invalid with every kind whose months are odd. */
export function checkRetention(wanted: RetentionRule[]): void {
  const odd = wanted.filter(
    ({ months }) =>
      months !== null && (!Number.isInteger(months) || months < fewestMonths || months > mostMonths),
  );
  if (odd.length === 0) return;
  const reasons = Object.fromEntries(odd.map(({ kind }) => [kind, "privacy.months"] as const));
  throw new Invalid(reasons, { least: fewestMonths, most: mostMonths });
}

/** All of them or none; the audit hears of those that change. @throws Forbidden, Invalid. */
export async function setRetention(ctx: Context, wanted: RetentionRule[]): Promise<void> {
  if (!may(ctx.actor, "retention.manage")) throw new Forbidden();
  const use = await approved(ctx, "contacts.erase", { retention: wanted });
  return transact(ctx, async (tx) => {
    await use(tx);
    checkRetention(wanted);
    for (const { kind, months } of wanted) {
      const before = await row<{ months: number }>(
        tx.db,
        "select months from retention_rules where kind = ?",
        [kind],
      );
      const touched =
        months === null
          ? await changed(tx.db, "delete from retention_rules where kind = :kind", { kind })
          : await changed(
              tx.db,
              `insert into retention_rules as r (kind, months) values (:kind, :months)
               on conflict (kind) do update set months = excluded.months where r.months <> excluded.months`,
              { kind, months },
            );
      if (touched > 0)
        tx.record(null, {
          act: "retention.changed",
          data: { kind, months: { from: before?.months ?? null, to: months } },
        });
    }
  });
}

/** Takes what is too old, in small bites, each with its line in the audit before anything goes. */
export async function applyRetention(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  const rules = await rows<{ kind: RetentionKind; months: number }>(
    ctx.db,
    "select kind, months from retention_rules order by kind",
  );
  let total = 0;
  for (const { kind, months } of rules) {
    const { table, id, where, take } = takes[kind];
    const before = monthsAgo(ctx.now(), months);
    for (;;) {
      const taken = await transact(system, async (tx) => {
        const old = await rows<{ id: number }>(
          tx.db,
          `select ${id} as id from ${table} where ${where} order by ${id} limit ${perStatement} for update of ${id.slice(0, 1)} skip locked`,
          { before },
        );
        if (old.length === 0) return 0;
        tx.record(null, {
          act: "retention.applied",
          data: { kind, before: before.toISOString(), count: old.length },
        });
        const ids = old.map((one) => one.id);
        const gone = await changed(tx.db, take, { ids });
        if (kind === "messages") await forgetPreviews(tx, ids);
        return gone;
      });
      total += taken;
      if (taken < perStatement) break;
    }
    await ctx.db("retention_rules").where({ kind }).update({ applied_before: before });
  }
  return total;
}

/** What lists and the journal of merges show of messages that are gone. */
async function forgetPreviews(tx: Tx, ids: number[]): Promise<void> {
  await tx.db.raw(
    `update conversations c set preview = '' where c.preview <> '' and c.id in (select conversation_id from messages where id = any(:ids::bigint[]))
       and (select m.erased_digest is not null from messages m where m.conversation_id = c.id and m.shown order by m.sent_at desc, m.id desc limit 1)`,
    { ids },
  );
  await tx.db.raw(
    `update conversations set summary = '' where summary <> '' and id in (select conversation_id from messages where id = any(:ids::bigint[]))`,
    { ids },
  );
  await tx.db.raw(
    `update surveys set comment = '' where comment <> '' and conversation_id in (select conversation_id from messages where id = any(:ids::bigint[]))`,
    { ids },
  );
  await tx.db.raw(
    `update contact_merges g set snapshots = (select jsonb_agg(case when e ->> 'table' = 'conversations'
         then jsonb_set(jsonb_set(jsonb_set(jsonb_set(e, '{before,preview}', '""'), '{after,preview}', '""'), '{before,summary}', '""'), '{after,summary}', '""') else e end) from jsonb_array_elements(g.snapshots) e)
     where jsonb_array_length(g.snapshots) > 0 and (g.kept_id in (select contact_id from messages where id = any(:ids::bigint[]))
       or g.merged_id in (select contact_id from messages where id = any(:ids::bigint[])))`,
    { ids },
  );
}

const monthsAgo = (now: Date, months: number): Date =>
  new Date(
    Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO("UTC").subtract({ months })
      .epochMilliseconds,
  );
