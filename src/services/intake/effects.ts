import type { ProviderError } from "../conversations/types.ts";
import type { Tx } from "../platform/context.ts";
import { json, rows } from "../platform/database.ts";
import type { StoredMessage } from "./messages.ts";

/** What changes a message that is stored already. `at` is ISO 8601. */
export type Effect = { inboxId: number; externalId: string; at: string } & (
  | {
      type: "status";
      token: number | null;
      /** Which sending the token belongs to; null when the provider echoed an older form. */
      attempt: number | null;
      delivery: "sent" | "delivered" | "read" | "failed";
      error: ProviderError | null;
    }
  | { type: "reaction"; author: "contact" | "firm"; emoji: string }
  | { type: "edit"; text: string }
  | { type: "revoke" }
);

/** The effects that came as messages of their own: reactions, edits, revocations. */
export function effectsOf(stored: readonly StoredMessage[]): Effect[] {
  return stored.flatMap(({ inboxId, message }): Effect[] => {
    const externalId = message.content.target;
    if (!externalId) return [];
    const base = { inboxId, externalId, at: message.sentAt };
    switch (message.kind) {
      case "reaction":
        return [
          {
            ...base,
            type: "reaction",
            author: message.author === "contact" ? "contact" : "firm",
            emoji: message.text,
          },
        ];
      case "edit":
        return [{ ...base, type: "edit", text: message.text }];
      case "revoke":
        return [{ ...base, type: "revoke" }];
      default:
        return [];
    }
  });
}

/**
 * Applies effects to messages that are there; keeps those that came too early and applies them when their message
 * arrives. Each kind is one statement; repeating any of them changes nothing.
 *
 * @param arrived messages stored just now, whose early effects are due.
 */
export async function applyEffects(
  tx: Tx,
  effects: readonly Effect[],
  arrived: readonly { inboxId: number; externalId: string }[],
): Promise<void> {
  const due = [...(await takeEarly(tx, arrived)), ...effects];
  if (due.length === 0) return;
  const { found, early } = await findTargets(tx, due);
  if (early.length > 0) await keepForLater(tx, early);
  await applyStatuses(tx, found);
  await applyReactions(tx, found);
  await applyEdits(tx, found);
  await applyRevocations(tx, found);
  const touched = new Map(found.map(({ messageId, conversationId }) => [messageId, conversationId]));
  for (const [messageId, conversationId] of touched) {
    tx.record({ type: "message.changed", conversationId, messageId });
  }
}

type Found = Effect & { messageId: number; conversationId: number };

/**
 * Applies what came early and whose message has arrived meanwhile: two transactions side by side may each have
 * missed the other's half.
 *
 * @returns how many were applied.
 */
export async function settleEarlyEvents(tx: Tx): Promise<number> {
  const taken = await rows<{ id: number; event: Effect }>(
    tx.db,
    `delete from early_events where id in (select e.id from early_events e
       join messages m on m.inbox_id = e.inbox_id and m.external_id = e.external_id
       order by e.id limit 500 for update of e skip locked) returning id, event`,
  );
  const due = taken.sort((a, b) => a.id - b.id).map(({ event }) => event);
  await applyEffects(tx, due, []);
  return due.length;
}

async function takeEarly(
  tx: Tx,
  arrived: readonly { inboxId: number; externalId: string }[],
): Promise<Effect[]> {
  if (arrived.length === 0) return [];
  const taken = await rows<{ id: number; event: Effect }>(
    tx.db,
    `delete from early_events e using jsonb_to_recordset(:arrived::jsonb) as a("inboxId" bigint, "externalId" text)
     where e.inbox_id = a."inboxId" and e.external_id = a."externalId" returning e.id, e.event`,
    { arrived: json(arrived.map(({ inboxId, externalId }) => ({ inboxId, externalId }))) },
  );
  return taken.sort((a, b) => a.id - b.id).map(({ event }) => event);
}

/**
 * A status names its message by our own id too, which works before the provider's id was stored. Of an earlier
 * sending only proof of delivery counts: its failure must not settle the one under way.
 */
async function findTargets(tx: Tx, effects: readonly Effect[]): Promise<{ found: Found[]; early: Effect[] }> {
  const targets = await rows<{ position: number; message_id: number; conversation_id: number }>(
    tx.db,
    `select e.position, m.id as message_id, m.conversation_id
     from jsonb_to_recordset(:effects::jsonb) as e(position int, "inboxId" bigint, "externalId" text, token bigint, attempt int, delivery text)
     join messages m on m.inbox_id = e."inboxId"
       and (m.external_id = e."externalId" or (m.id = e.token and m.external_id is null and m.direction = 'outbound'
         and (e.attempt is null or e.attempt = m.attempts or e.delivery in ('delivered', 'read'))))`,
    {
      effects: json(
        effects.map((effect, position) => ({
          position,
          inboxId: effect.inboxId,
          externalId: effect.externalId,
          token: effect.type === "status" ? effect.token : null,
          attempt: effect.type === "status" ? effect.attempt : null,
          delivery: effect.type === "status" ? effect.delivery : null,
        })),
      ),
    },
  );
  const byPosition = new Map(targets.map((target) => [target.position, target]));
  const found: Found[] = [];
  const early: Effect[] = [];
  effects.forEach((effect, position) => {
    const target = byPosition.get(position);
    if (target)
      found.push({ ...effect, messageId: target.message_id, conversationId: target.conversation_id });
    else early.push(effect);
  });
  return { found, early };
}

async function keepForLater(tx: Tx, early: readonly Effect[]): Promise<void> {
  await tx.db.raw(
    `insert into early_events (inbox_id, external_id, event)
     select (e ->> 'inboxId')::bigint, e ->> 'externalId', e from jsonb_array_elements(?::jsonb) e`,
    [json(early)],
  );
}

/**
 * Deliveries only climb: queued, sending, unknown, sent, delivered, read. `failed` overrides all below delivered,
 * and proof of delivery overrides `failed`. Several statuses of one message in a batch: the highest counts.
 */
async function applyStatuses(tx: Tx, found: readonly Found[]): Promise<void> {
  const rank = { sent: 1, failed: 2, delivered: 3, read: 4 };
  const highest = new Map<number, Found & { type: "status" }>();
  for (const effect of found) {
    if (effect.type !== "status") continue;
    const old = highest.get(effect.messageId);
    if (!old || rank[effect.delivery] > rank[old.delivery]) highest.set(effect.messageId, effect);
  }
  if (highest.size === 0) return;
  const statuses = [...highest.values()].map(({ messageId, externalId, delivery, error }) => ({
    messageId,
    externalId,
    delivery,
    error,
  }));
  await tx.db.raw(
    `update messages m set delivery = s.delivery, external_id = coalesce(m.external_id, s."externalId"),
       delivery_error = case when s.delivery = 'failed' then s.error end,
       lease_ends_at = null, due_at = null
     from jsonb_to_recordset(:statuses::jsonb)
       as s("messageId" bigint, "externalId" text, delivery text, error jsonb)
     where m.id = s."messageId" and m.direction = 'outbound' and
       array_position(array['queued', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'read'], m.delivery)
       < array_position(array['queued', 'sending', 'unknown', 'sent', 'failed', 'delivered', 'read'], s.delivery)`,
    { statuses: json(statuses) },
  );
}

/** One reaction per side and message; the newest by the provider's time stands. A removal stays as an empty one. */
async function applyReactions(tx: Tx, found: readonly Found[]): Promise<void> {
  const newest = new Map<string, Found & { type: "reaction" }>();
  for (const effect of found) {
    if (effect.type !== "reaction") continue;
    const key = `${effect.messageId}/${effect.author}`;
    const old = newest.get(key);
    if (!old || effect.at >= old.at) newest.set(key, effect);
  }
  if (newest.size === 0) return;
  const reactions = [...newest.values()].map(({ messageId, author, emoji, at }) => ({
    messageId,
    author,
    emoji: emoji.slice(0, 32),
    at,
  }));
  const bindings = { reactions: json(reactions) };
  const set = `jsonb_to_recordset(:reactions::jsonb) as r("messageId" bigint, author text, emoji text, at timestamptz)`;
  await tx.db.raw(
    `insert into message_reactions (message_id, author_kind, emoji, sent_at)
     select "messageId", author, emoji, at from ${set}
     on conflict (message_id, author_kind) do update set emoji = excluded.emoji, sent_at = excluded.sent_at, agent_id = null
     where message_reactions.sent_at <= excluded.sent_at`,
    bindings,
  );
}

async function applyEdits(tx: Tx, found: readonly Found[]): Promise<void> {
  const edits = found.flatMap((effect) => (effect.type === "edit" ? [effect] : []));
  if (edits.length === 0) return;
  await tx.db.raw(
    `update messages m set edited_text = e.text, edited_at = e.at
     from (select distinct on ("messageId") * from jsonb_to_recordset(:edits::jsonb)
             as e("messageId" bigint, text text, at timestamptz) order by "messageId", at desc) e
     where m.id = e."messageId" and (m.edited_at is null or m.edited_at <= e.at)`,
    { edits: json(edits.map(({ messageId, text, at }) => ({ messageId, text, at }))) },
  );
}

async function applyRevocations(tx: Tx, found: readonly Found[]): Promise<void> {
  const revoked = found.flatMap((effect) => (effect.type === "revoke" ? [effect] : []));
  if (revoked.length === 0) return;
  await tx.db.raw(
    `update messages m set revoked_at = coalesce(m.revoked_at, r.at)
     from jsonb_to_recordset(:revoked::jsonb) as r("messageId" bigint, at timestamptz) where m.id = r."messageId"`,
    { revoked: json(revoked.map(({ messageId, at }) => ({ messageId, at }))) },
  );
}
