import type { Channel } from "../inboxes/types.ts";
import { loadAddresses } from "../intake/addresses.ts";
import { type AddressedEvent, receive } from "../intake/receive.ts";
import type { Translation } from "../intake/types.ts";
import { type Context, systemContext } from "../platform/context.ts";
import { isTransient, json, rows } from "../platform/database.ts";
import { transact } from "../platform/transact.ts";
import { adapterOf } from "./index.ts";

/** The prototype's optimum lay between 200 and 300 events; bytes bound the memory of one batch. */
const largestBatch = 300;
const largestBatchBytes = 4 * 1024 * 1024;

interface ReceivedEvent {
  id: number;
  channel: Channel;
  body: Buffer;
  secret_fingerprint: string;
  received_at: Date;
}

/**
 * Takes received events to the desk, oldest first, until none is left. A batch that fails is halved until the
 * poison event stands alone and is quarantined. Any number of processes may drain at once.
 *
 * @returns how many events were handled.
 */
export async function drain(ctx: Context): Promise<number> {
  const system = systemContext(ctx, ctx.now);
  let handled = 0;
  for (;;) {
    const batch = await handleBatch(system, null);
    if (batch.length === 0) return handled;
    handled += batch.length;
  }
}

/** One batch in one transaction. `only` names its events; null claims the oldest. */
async function handleBatch(ctx: Context, only: readonly number[] | null): Promise<readonly number[]> {
  let claimed: number[] = [];
  try {
    await transact(ctx, async (tx) => {
      claimed = await claim(tx.db, only);
      if (claimed.length === 0) return;
      const events = await rows<ReceivedEvent>(
        tx.db,
        "select id, channel, body, secret_fingerprint, received_at from inbound_events where id = any(?::bigint[]) order by id",
        [claimed],
      );
      const find = await loadAddresses(tx.db);
      const understood = events.map((event) => understand(event, find));
      const addressed = understood.flatMap((one) => one.events);
      if (addressed.length > 0) await receive(tx, "whatsapp", addressed);
      await tx.db.raw(
        `update inbound_events e set state = case when u.error is null then 'done' else 'quarantined' end,
           error = u.error, unused = u.unused, done_at = now()
         from jsonb_to_recordset(?::jsonb) as u(id bigint, error text, unused text[]) where e.id = u.id`,
        [json(understood.map(({ id, error, unused }) => ({ id, error, unused })))],
      );
      for (const { id, error } of understood) {
        if (error) tx.record({ type: "inbound_event.quarantined", inboundEventId: id });
      }
    });
  } catch (error) {
    if (isTransient(error) || claimed.length === 0) throw error;
    if (claimed.length === 1) await quarantine(ctx, claimed[0] ?? 0, error);
    else {
      const middle = Math.ceil(claimed.length / 2);
      await handleBatch(ctx, claimed.slice(0, middle));
      await handleBatch(ctx, claimed.slice(middle));
    }
  }
  return claimed;
}

async function claim(db: Context["db"], only: readonly number[] | null): Promise<number[]> {
  const found = await rows<{ id: number; bytes: number }>(
    db,
    `select id, octet_length(body) as bytes from inbound_events
     where state = 'received' and (:only::bigint[] is null or id = any(:only::bigint[]))
     order by id limit :limit for update skip locked`,
    { only, limit: largestBatch },
  );
  let bytes = 0;
  return found.flatMap((event, index) => {
    bytes += event.bytes;
    return index > 0 && bytes > largestBatchBytes ? [] : [event.id];
  });
}

interface Understood {
  id: number;
  events: AddressedEvent[];
  unused: string[];
  /** Why the event needs a person's eye, or null. What could be understood was received all the same. */
  error: string | null;
}

function understand(event: ReceivedEvent, find: Awaited<ReturnType<typeof loadAddresses>>): Understood {
  let translation: Translation;
  try {
    translation = adapterOf(event.channel).translate(event.body, event.received_at);
  } catch (error) {
    return {
      id: event.id,
      events: [],
      unused: [],
      error: `unreadable: ${(error as Error).message}`.slice(0, 500),
    };
  }
  const faults = new Set(translation.faults);
  const events = translation.events.flatMap((one) => {
    const inbox = find(one.address, event.secret_fingerprint);
    if (typeof inbox === "object") {
      return [
        {
          inboxId: inbox.id,
          isolatedInboxId: inbox.isolated ? inbox.id : null,
          event: one,
        } as AddressedEvent,
      ];
    }
    const named = one.address.externalId ?? one.address.display ?? one.address.accountId ?? "nothing";
    faults.add(
      inbox === "unmatched"
        ? `unmatched: no inbox for ${named}`
        : `signed with the secret of another inbox than ${named}`,
    );
    return [];
  });
  const error = faults.size > 0 ? [...faults].join("; ").slice(0, 2000) : null;
  return { id: event.id, events, unused: translation.unused, error };
}

async function quarantine(ctx: Context, id: number, error: unknown): Promise<void> {
  const { message, code } = error as { message?: string; code?: string };
  ctx.logger.error({ err: error, inboundEventId: id }, "an inbound event was quarantined");
  const words = `${code ?? "error"}: ${(message ?? "").split(" - ").at(-1) ?? ""}`.slice(0, 500);
  await transact(ctx, async (tx) => {
    await tx.db.raw(
      "update inbound_events set state = 'quarantined', error = ?, done_at = now() where id = ? and state = 'received'",
      [words, id],
    );
    tx.record({ type: "inbound_event.quarantined", inboundEventId: id });
  });
}
