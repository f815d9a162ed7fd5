import { createHmac, randomBytes } from "node:crypto";
import { drain } from "../../src/services/channels/drain.ts";
import { row } from "../../src/services/platform/database.ts";
import { appSecret, type Cast } from "./cast.ts";
import { eventually } from "./hilo.ts";

/** Lucía, who writes in. */
export const lucia = { wa_id: "5215512345678", name: "Lucía Hernández" };

let counter = 0;
export function wamid(): string {
  counter += 1;
  return `wamid.${counter}.${randomBytes(4).toString("hex")}`;
}

export const seconds = (at: Date): string => String(Math.floor(at.getTime() / 1000));

export interface Said {
  from?: string;
  name?: string;
  id?: string;
  at?: Date;
  /** The rest of Meta's message: type and content. A string is a text. */
  message?: Record<string, unknown> | string;
}

/** Meta's value for one message of Lucía, unless said otherwise. */
export function messageValue(said: Said = {}): Record<string, unknown> {
  const from = said.from ?? lucia.wa_id;
  const content =
    typeof said.message === "object"
      ? said.message
      : { type: "text", text: { body: said.message ?? "Hola" } };
  return {
    contacts: [{ profile: { name: said.name ?? lucia.name }, wa_id: from }],
    messages: [{ from, id: said.id ?? wamid(), timestamp: seconds(said.at ?? new Date()), ...content }],
  };
}

/** The whole delivery around a value. */
export function delivery(value: Record<string, unknown>, field = "messages", phoneNumberId = "PN1"): Buffer {
  const metadata = { display_phone_number: "525550001000", phone_number_id: phoneNumberId };
  return Buffer.from(
    JSON.stringify({
      object: "whatsapp_business_account",
      entry: [
        { id: "WABA1", changes: [{ field, value: { messaging_product: "whatsapp", metadata, ...value } }] },
      ],
    }),
  );
}

export const sign = (body: Buffer, secret = appSecret): string =>
  `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;

/** Puts deliveries behind the door, verified, and drains them. */
export async function deliver(cast: Cast, ...bodies: Buffer[]): Promise<void> {
  const ids = await store(cast, ...bodies);
  await drain(cast.system);
  // A server beside the test may have claimed them first, and be at them still.
  await eventually(async () => {
    const waiting = await row(
      cast.platform.db,
      "select 1 from inbound_events where id = any(?::bigint[]) and state = 'received' limit 1",
      [ids],
    );
    return waiting === null;
  });
}

/** As the door leaves them. @returns their ids. */
export async function store(cast: Cast, ...bodies: Buffer[]): Promise<number[]> {
  const stored = await cast.platform.db("inbound_events").insert(
    bodies.map((body) => ({
      channel: "whatsapp",
      body,
      secret_fingerprint: cast.platform.secrets.fingerprint(appSecret),
      received_at: new Date(),
    })),
    "id",
  );
  return stored.map(({ id }) => id);
}

/** Lucía (or somebody) writes, and it has arrived. */
export async function write(
  cast: Cast,
  said: Said = {},
): Promise<{ conversationId: number; messageId: number; contactId: number }> {
  const id = said.id ?? wamid();
  await deliver(cast, delivery(messageValue({ at: cast.clock.now, ...said, id })));
  const found = await row<{ id: number; conversation_id: number; contact_id: number }>(
    cast.platform.db,
    "select id, conversation_id, contact_id from messages where external_id = ?",
    [id],
  );
  if (!found) throw new Error("the message did not arrive");
  return { conversationId: found.conversation_id, messageId: found.id, contactId: found.contact_id };
}
