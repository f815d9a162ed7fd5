import { may } from "../agents/policy.ts";
import type { Context, Reader } from "../platform/context.ts";
import { row, rows } from "../platform/database.ts";
import { Forbidden, NotFound } from "../platform/errors.ts";
import { transact } from "../platform/transact.ts";

export interface InboundEventRow {
  id: number;
  channel: string;
  state: "received" | "done" | "quarantined";
  error: string | null;
  receivedAt: Date;
  bytes: number;
}

const columns = `id, channel, state, error, received_at as "receivedAt", octet_length(body) as bytes`;

/** Newest first; `before` is the id to go on from. */
export function listInboundEvents(
  ctx: Reader,
  query: { state: InboundEventRow["state"]; before?: number | null; limit: number },
): Promise<InboundEventRow[]> {
  if (!may(ctx.actor, "deliveries.manage")) throw new Forbidden();
  return rows(
    ctx.db,
    `select ${columns} from inbound_events where state = :state and (:before::bigint is null or id < :before)
     order by id desc limit :limit`,
    { state: query.state, before: query.before ?? null, limit: query.limit },
  );
}

/** A quarantined one with its body as text, for an administrator's eye; what was understood is read as messages. */
export async function getInboundEvent(ctx: Reader, id: number): Promise<InboundEventRow & { body: string }> {
  if (!may(ctx.actor, "deliveries.manage")) throw new Forbidden();
  const found = await row<InboundEventRow & { body: Buffer }>(
    ctx.db,
    `select ${columns}, body from inbound_events where id = ? and state = 'quarantined'`,
    [id],
  );
  if (!found) throw new NotFound();
  return { ...found, body: found.body.toString("utf8") };
}

/** Puts a quarantined event back in line: what was stored of it before is not stored twice. */
export async function replayInboundEvent(ctx: Context, id: number): Promise<InboundEventRow> {
  if (!may(ctx.actor, "deliveries.manage")) throw new Forbidden();
  return transact(ctx, async (tx) => {
    const found = await row<InboundEventRow>(
      tx.db,
      `update inbound_events set state = 'received', error = null, done_at = null
       where id = ? and state = 'quarantined' returning ${columns}`,
      [id],
    );
    if (!found) throw new NotFound();
    tx.record(
      { type: "inbound_event.received" },
      { act: "inbound_event.replayed", data: { inboundEventId: id } },
    );
    return found;
  });
}

/** How many wait for a person. */
export async function countQuarantined(ctx: Reader): Promise<number> {
  if (!may(ctx.actor, "deliveries.manage")) return 0;
  const found = await row<{ n: number }>(
    ctx.db,
    "select count(*)::int as n from inbound_events where state = 'quarantined'",
  );
  return found?.n ?? 0;
}
