import { findAnswers, keepAnswers, type Said } from "../automation/answers.ts";
import { greet } from "../automation/greet.ts";
import type { Channel } from "../inboxes/types.ts";
import type { Tx } from "../platform/context.ts";
import { holdMerging } from "../platform/locks.ts";
import { route, type Words } from "../routing/route.ts";
import { findStrayed, keepClocks } from "../sla/keep-clocks.ts";
import { applyEffects, type Effect, effectsOf } from "./effects.ts";
import { type Arrival, findEpisodes, scopeKey } from "./episodes.ts";
import { type StoredMessage, storeMessages } from "./messages.ts";
import { knowPeople, moveIdentities, personKey } from "./people.ts";
import { openServiceWindows, summarise } from "./summaries.ts";
import type { AddressProblem, IdentityChange, InboundMessage, InboundStatus } from "./types.ts";

/** An inbound event whose inbox is known. */
export type AddressedEvent = { inboxId: number; isolatedInboxId: number | null } & (
  | { event: InboundMessage }
  | { event: InboundStatus }
  | { event: IdentityChange }
  | { event: AddressProblem }
);

/**
 * The desk: everything that must be true once a batch commits, in a fixed number of statements whatever the size.
 * Receiving the same batch again changes nothing.
 */
export async function receive(tx: Tx, channel: Channel, batch: readonly AddressedEvent[]): Promise<void> {
  const fresh = await withoutStored(tx, batch);
  await holdMerging(tx);
  const changes = fresh.flatMap(({ event }) => (event.type === "identity_changed" ? [event] : []));
  await moveIdentities(tx, channel, changes);
  const messages = fresh.flatMap(({ inboxId, isolatedInboxId, event }) =>
    event.type === "message" ? [{ inboxId, isolatedInboxId, message: followChanges(event, changes) }] : [],
  );
  const people = await knowPeople(
    tx,
    channel,
    messages.map(({ message }) => message.person),
  );
  const placed = messages.flatMap((one) => {
    const person = people.get(personKey(one.message.person));
    return person ? [{ ...one, person }] : [];
  });
  const answers = await findAnswers(tx, saidIn(placed));
  const isQuiet = (externalId: string) => answers.get(externalId)?.isQuiet ?? false;
  const { episodes, fresh: opened, begun } = await findEpisodes(tx, arrivals(placed, isQuiet));
  const stored = await storeMessages(
    tx,
    placed.flatMap((one) => {
      const conversationId = episodes.get(scopeKey(one.person.contactId, one.isolatedInboxId));
      if (conversationId === undefined) return [];
      return [{ ...(isQuiet(one.message.externalId) ? quieted(one) : one), conversationId }];
    }),
  );
  // An answer to a question of ours waits for nothing.
  const speaking = stored.filter(({ message }) => !isQuiet(message.externalId));
  const standing = await summarise(tx, speaking);
  const routed = await route(tx, wordsOf(speaking), opened);
  await keepAnswers(
    tx,
    stored.flatMap(({ message }) => answers.get(message.externalId) ?? []),
  );
  const live = speaking.filter(({ message }) => !message.history);
  const strayed = await findStrayed(tx, standing);
  await keepClocks(tx, [...routed, ...strayed]);
  // Where it is shown, its clock begins to tick, or stops.
  for (const conversationId of strayed) tx.record({ type: "conversation.changed", conversationId });
  await openServiceWindows(tx, stored);
  await greet(
    tx,
    live.filter(({ message }) => message.author === "contact").map(({ conversationId }) => conversationId),
    begun,
  );
  await applyEffects(
    tx,
    [...statuses(batch), ...effectsOf(stored)],
    stored.map(({ inboxId, message }) => ({ inboxId, externalId: message.externalId })),
  );
  await noteProblems(tx, batch);
  for (const { id, conversationId, message } of stored) {
    tx.record({
      type: message.history ? "message.changed" : "message.received",
      conversationId,
      messageId: id,
    });
  }
}

/** Marked, so that whoever counts later knows too that nobody waited. */
const quieted = (one: Known): Known => ({
  ...one,
  message: { ...one.message, content: { ...one.message.content, quiet: true } },
});

/** What contacts may have answered; on one channel, ids are unique within a batch of it. */
const saidIn = (placed: readonly Known[]): Said[] =>
  placed
    .filter(({ message }) => message.author === "contact" && !message.history)
    .map(({ message, person, isolatedInboxId }) => ({
      contactId: person.contactId,
      isolatedInboxId,
      externalId: message.externalId,
      kind: message.kind,
      text: message.text,
      choice: message.content.choice?.id ?? "",
    }));

/** What contacts wrote now: a button's words and a file's caption count like a text. */
function wordsOf(stored: readonly StoredMessage[]): Words[] {
  return stored
    .filter(({ message }) => message.author === "contact" && !message.history)
    .map(({ conversationId, message }) => ({ conversationId, text: message.text }));
}

/** What was written under an old id, before the change that came in the same batch, is of the person who changed. */
function followChanges(message: InboundMessage, changes: readonly IdentityChange[]): InboundMessage {
  for (const change of changes) {
    if (message.sentAt > change.at) continue;
    const ids = message.person.ids.map((id) => {
      const isOld = change.from.some((old) => old.externalId === id.externalId);
      return (isOld && change.to.find(({ kind }) => kind === id.kind)) || id;
    });
    message = { ...message, person: { ...message.person, ids } };
  }
  return message;
}

interface Known {
  inboxId: number;
  isolatedInboxId: number | null;
  message: InboundMessage;
  person: { contactId: number; identityId: number };
}

/**
 * What was not received before. A repeated message must neither reopen a conversation nor move a person again, so
 * it leaves before anything is touched. A placeholder still waits for its file and does not count.
 */
async function withoutStored(tx: Tx, batch: readonly AddressedEvent[]): Promise<readonly AddressedEvent[]> {
  const wanted = batch.flatMap(({ inboxId, event }) =>
    event.type === "message" ? [{ inboxId, id: event.externalId }] : [],
  );
  if (wanted.length === 0) return batch;
  const { rows: known } = await tx.db.raw<{ rows: { inbox_id: number; external_id: string }[] }>(
    `select m.inbox_id, m.external_id from messages m
     where (m.inbox_id, m.external_id) in (select * from unnest(:inboxes::bigint[], :ids::text[]))
       and m.content -> 'placeholder' is null`,
    { inboxes: wanted.map(({ inboxId }) => inboxId), ids: wanted.map(({ id }) => id) },
  );
  if (known.length === 0) return batch;
  const stored = new Set(known.map((row) => `${row.inbox_id}/${row.external_id}`));
  return batch.filter(
    ({ inboxId, event }) =>
      !("externalId" in event) || event.type === "status" || !stored.has(`${inboxId}/${event.externalId}`),
  );
}

const strength = { inbound: 2, phone: 1, history: 0 };

/** One arrival per contact and scope; what the contact wrote now decides over what the phone or the past brings. */
function arrivals(messages: readonly Known[], isQuiet: (externalId: string) => boolean): Arrival[] {
  const found = new Map<string, Arrival>();
  for (const { message, person, isolatedInboxId } of messages) {
    const key = scopeKey(person.contactId, isolatedInboxId);
    const quiet =
      message.kind === "reaction" ||
      message.kind === "edit" ||
      message.kind === "revoke" ||
      message.kind === "system" ||
      isQuiet(message.externalId);
    const manner = message.history ? "history" : message.author === "phone" || quiet ? "phone" : "inbound";
    const old = found.get(key);
    if (old && strength[old.manner] > strength[manner]) continue;
    const same = old?.manner === manner ? old : null;
    found.set(key, {
      contactId: person.contactId,
      isolatedInboxId,
      manner,
      firstAt: same && same.firstAt < message.sentAt ? same.firstAt : message.sentAt,
      lastAt: same && same.lastAt > message.sentAt ? same.lastAt : message.sentAt,
    });
  }
  return [...found.values()].sort((a, b) => a.contactId - b.contactId);
}

function statuses(batch: readonly AddressedEvent[]): Effect[] {
  return batch.flatMap(({ inboxId, event }): Effect[] => {
    if (event.type !== "status") return [];
    const [, id, attempt] = /^(\d{1,15})(?:\.(\d{1,9}))?$/.exec(event.token ?? "") ?? [];
    const token = id === undefined ? null : Number(id);
    const { externalId, delivery, error, at } = event;
    return [
      {
        type: "status",
        inboxId,
        externalId,
        token,
        attempt: attempt ? Number(attempt) : null,
        delivery,
        error,
        at,
      },
    ];
  });
}

async function noteProblems(tx: Tx, batch: readonly AddressedEvent[]): Promise<void> {
  const seen = [...new Set(batch.map(({ inboxId }) => inboxId))].sort((a, b) => a - b);
  if (seen.length > 0) {
    // Once in ten seconds is enough for a person, and keeps the row out of the way of the sends that lock it.
    await tx.db.raw(
      `update inboxes set last_webhook_at = now() where id in (select id from inboxes
         where id = any(?::bigint[]) and (last_webhook_at is null or last_webhook_at < now() - interval '10 seconds')
         order by id for update skip locked)`,
      [seen],
    );
  }
  for (const { inboxId, event } of batch) {
    if (event.type !== "address_problem") continue;
    const words = [event.error.code, event.error.title, event.error.details].filter(Boolean).join(" · ");
    await tx
      .db("inboxes")
      .where({ id: inboxId })
      .update({ last_error: words.slice(0, 500), last_error_at: tx.now() });
    tx.record({ type: "inbox.changed", inboxId });
  }
}
