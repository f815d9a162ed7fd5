import type { Delivery } from "../../conversations/types.ts";
import type { Address, IdentityChange, InboundMessage, PersonId, Translation } from "../../intake/types.ts";
import { providerError, said } from "./content.ts";
import {
  delivery,
  value as valueSchema,
  type WhatsAppMessage,
  type WhatsAppStatus,
  type WhatsAppValue,
} from "./payload.ts";
import { contactOf, person, personId } from "./person.ts";

/** Before WhatsApp existed nothing was sent; Meta's clocks are not ahead of ours by more than this. */
const firstPlausibleTime = Date.UTC(2009, 0, 1);
const clockSkewMs = 10 * 60_000;

/**
 * One delivery of Meta into our inbound events. Pure: the same bytes give the same events, whatever is stored.
 *
 * @param body the raw bytes; `receivedAt` stands in for times that are missing or cannot be right.
 * @throws SyntaxError when the body is not a JSON object.
 */
export function translate(body: Buffer, receivedAt: Date): Translation {
  const parsed: unknown = parseJson(body);
  if (!parsed || typeof parsed !== "object" || Array.isArray(parsed))
    throw new SyntaxError("not a JSON object");
  const translation: Translation = { events: [], unused: [], faults: [] };
  const { entry } = delivery.parse(parsed);
  if (!("entry" in parsed)) readValue(parsed, undefined, bareField(parsed), receivedAt, translation);
  for (const { id, changes } of entry) {
    for (const change of changes) readValue(change.value, id, change.field ?? "", receivedAt, translation);
  }
  const { events, unused, faults } = translation;
  if (events.length + unused.length + faults.length === 0) unused.push("empty");
  return translation;
}

/** Postgres stores neither NUL nor half a surrogate pair; both come from broken emoji in real messages. */
function parseJson(body: Buffer): unknown {
  const text = body.toString("utf8");
  if (!/\\u0000|\\u[dD][89abAB]|\\u[dD][c-fC-F]|\0/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (_key, entry) =>
    typeof entry === "string" ? entry.toWellFormed().replaceAll("\0", "") : entry,
  );
}

/** Gateways post the inner value without Meta's envelope. */
function bareField(body: object): string {
  return "history" in body ? "history" : "messages";
}

function readValue(
  raw: unknown,
  accountId: string | undefined,
  field: string,
  receivedAt: Date,
  into: Translation,
): void {
  const parsed = valueSchema.safeParse(raw);
  if (!parsed.success) {
    into.unused.push(field || "unnamed");
    return;
  }
  const value = parsed.data;
  const address: Address = {
    externalId: value.metadata?.phone_number_id ?? null,
    display: value.metadata?.display_phone_number ?? null,
    accountId: accountId ?? null,
  };
  const before = into.events.length + into.faults.length;
  for (const message of value.messages)
    readMessage(message, value, address, field === "history", receivedAt, into);
  for (const echo of value.message_echoes) readEcho(echo, value, address, receivedAt, into);
  for (const status of value.statuses) readStatus(status, address, receivedAt, into);
  if (field === "history") readHistory(value, address, receivedAt, into);
  // Of calls and templates the errors say nothing about receiving messages.
  if (field === "messages" && value.messages.length === 0 && value.statuses.length === 0) {
    for (const error of value.errors) {
      into.events.push({ type: "address_problem", address, error: providerError(error) });
    }
  }
  if (into.events.length + into.faults.length === before) into.unused.push(field || "unnamed");
}

function readMessage(
  message: WhatsAppMessage,
  value: WhatsAppValue,
  address: Address,
  history: boolean,
  receivedAt: Date,
  into: Translation,
): void {
  const ids = [message.from, message.from_user_id];
  const writer = person(ids, contactOf(value.contacts, ids));
  if (!message.id || !writer) {
    into.faults.push(message.id ? `message ${message.id} names nobody` : "a message without an id");
    return;
  }
  const body = said(message);
  const changed = identityChange(message, message.id, address, receivedAt);
  if (changed) into.events.push(changed);
  if (history && isOurs(message.from, address)) {
    into.faults.push(`message ${message.id} does not say to whom`);
    return;
  }
  into.events.push({
    type: "message",
    address,
    externalId: message.id,
    person: changed ? { ...writer, ids: idsAfter(writer.ids, changed) } : writer,
    author: "contact",
    ...body,
    ...time(message.timestamp, receivedAt, body.content),
    replyTo: message.context?.id ?? null,
    delivery: null,
    history,
  });
}

/** `user_changed_number` and `user_changed_user_id`; older names and `new_wa_id` mean the same. */
function identityChange(
  message: WhatsAppMessage,
  externalId: string,
  address: Address,
  receivedAt: Date,
): IdentityChange | null {
  const { system } = message;
  if (message.type !== "system" || !system || !/changed_(number|user_id)/.test(system.type ?? ""))
    return null;
  const ids = (raw: (string | undefined)[]) => raw.flatMap((id) => personId(id) ?? []);
  const to = ids([system.wa_id ?? system.new_wa_id, system.user_id]);
  // What was given up has a successor of its kind: a phone for a phone, a user id for a user id.
  const from = ids([message.from, system.previous_user_id ?? message.from_user_id]).filter((old) =>
    to.some((id) => id.kind === old.kind && id.externalId !== old.externalId),
  );
  if (from.length === 0) return null;
  const at = time(message.timestamp, receivedAt, {}).sentAt;
  return { type: "identity_changed", address, externalId, from, to, at };
}

/** The ids that a person has after a change: the new ones, and those of another kind that stayed. */
function idsAfter(before: readonly PersonId[], change: IdentityChange): PersonId[] {
  const stayed = before.filter((id) => !change.to.some(({ kind }) => kind === id.kind));
  return [...change.to, ...stayed].sort(
    (a, b) => Number(a.kind === "user_id") - Number(b.kind === "user_id"),
  );
}

/** What the firm wrote on its own phone. */
function readEcho(
  echo: WhatsAppMessage,
  value: WhatsAppValue,
  address: Address,
  receivedAt: Date,
  into: Translation,
): void {
  const ids = [echo.to, echo.to_user_id];
  const reader = person(ids, contactOf(value.contacts, ids));
  if (!echo.id || !reader) {
    into.faults.push(echo.id ? `echo ${echo.id} names nobody` : "an echo without an id");
    return;
  }
  const body = said(echo);
  into.events.push({
    type: "message",
    address,
    externalId: echo.id,
    person: reader,
    author: "phone",
    ...body,
    ...time(echo.timestamp, receivedAt, body.content),
    replyTo: echo.context?.id ?? null,
    delivery: "sent",
    history: false,
  });
}

function readHistory(value: WhatsAppValue, address: Address, receivedAt: Date, into: Translation): void {
  for (const chunk of value.history) {
    for (const error of chunk.errors) {
      into.events.push({ type: "address_problem", address, error: providerError(error) });
    }
    for (const thread of chunk.threads) {
      for (const message of thread.messages) {
        const ours = isOurs(message.from, address) || (!!message.from && message.from !== thread.id);
        const them = person([thread.id], contactOf(value.contacts, [thread.id]));
        if (!message.id || !them) {
          into.faults.push(`history of ${thread.id ? "a thread" : "nobody"} without ids`);
          continue;
        }
        into.events.push(pastMessage(message, message.id, them, ours, address, receivedAt));
      }
    }
  }
}

function pastMessage(
  message: WhatsAppMessage,
  externalId: string,
  them: InboundMessage["person"],
  ours: boolean,
  address: Address,
  receivedAt: Date,
): InboundMessage {
  const body = said(message);
  return {
    type: "message",
    address,
    externalId,
    person: them,
    author: ours ? "phone" : "contact",
    ...body,
    ...time(message.timestamp, receivedAt, { ...body.content, history: true }),
    replyTo: message.context?.id ?? null,
    delivery: ours ? pastDelivery(message.history_context?.status) : null,
    history: true,
  };
}

/** Meta, "history" webhook: DELIVERED, ERROR, PENDING, PLAYED, READ, SENT. */
function pastDelivery(status: string | undefined): Delivery {
  if (status === "READ" || status === "PLAYED") return "read";
  if (status === "DELIVERED") return "delivered";
  if (status === "ERROR") return "failed";
  return "sent";
}

function isOurs(from: string | undefined, address: Address): boolean {
  const digits = (text: string) => text.replaceAll(/\D/g, "");
  return !!from && !!address.display && digits(from) === digits(address.display);
}

/** Words that Meta documents; others (`deleted`, `warning`, …) tell nothing that we show. */
const deliveries: Record<string, "sent" | "delivered" | "read" | "failed"> = {
  sent: "sent",
  delivered: "delivered",
  read: "read",
  played: "read",
  failed: "failed",
};

function readStatus(status: WhatsAppStatus, address: Address, receivedAt: Date, into: Translation): void {
  const known = deliveries[status.status?.toLowerCase() ?? ""];
  if (!status.id || !known || status.type === "call") {
    into.unused.push(`status:${status.status ?? "unnamed"}`);
    return;
  }
  const error = status.errors[0];
  into.events.push({
    type: "status",
    address,
    externalId: status.id,
    token: status.biz_opaque_callback_data ?? null,
    delivery: known,
    error: error ? providerError(error) : null,
    at: time(status.timestamp, receivedAt, {}).sentAt,
  });
}

/** Meta's unix seconds. A time that is missing or impossible becomes ours, and the original is kept. */
function time(
  timestamp: string | undefined,
  receivedAt: Date,
  content: InboundMessage["content"],
): { sentAt: string; content: InboundMessage["content"] } {
  const at = Number(timestamp) * 1000;
  if (Number.isFinite(at) && at >= firstPlausibleTime && at <= receivedAt.getTime() + clockSkewMs) {
    return { sentAt: new Date(at).toISOString(), content };
  }
  const original = timestamp === undefined ? {} : { providerTime: timestamp.slice(0, 40) };
  return { sentAt: receivedAt.toISOString(), content: { ...content, ...original } };
}
