import { z } from "zod";
import type { ConnectedInbox } from "../../inboxes/queries.ts";
import { ChannelError } from "../../platform/errors.ts";
import type { Accepted, OutboundMessage } from "../index.ts";
import { graph, graphVersion } from "./graph.ts";

const accepted = z.looseObject({ messages: z.array(z.looseObject({ id: z.string().min(1) })).min(1) });
const uploaded = z.looseObject({ id: z.string().min(1) });

const url = (apiUrl: string, inbox: ConnectedInbox, path: string) =>
  `${apiUrl}/${graphVersion}/${encodeURIComponent(inbox.externalId)}/${path}`;

/**
 * Sends one message. Uploading its file first is repeatable; only the last call can reach the person.
 *
 * @throws ChannelError.
 */
export async function send(
  apiUrl: string,
  inbox: ConnectedInbox,
  message: OutboundMessage,
): Promise<Accepted> {
  const providerMediaId = message.media ? await upload(apiUrl, inbox, message) : null;
  const answer = accepted.safeParse(
    await graph(url(apiUrl, inbox, "messages"), inbox.secrets.accessToken, {
      method: "POST",
      json: payload(message, providerMediaId),
    }),
  );
  if (!answer.success) throw new ChannelError("WhatsApp answered without an id", { outcome: "unknown" });
  return { externalId: answer.data.messages[0]?.id ?? "", providerMediaId };
}

async function upload(
  apiUrl: string,
  inbox: ConnectedInbox,
  message: OutboundMessage,
): Promise<string | null> {
  const { media } = message;
  if (!media) return null;
  if (media.providerMediaId) return media.providerMediaId;
  const form = new FormData();
  form.set("messaging_product", "whatsapp");
  form.set("type", media.mediaType);
  const file = (await media.read()).slice(0, undefined, media.mediaType);
  form.set("file", file, media.fileName || "file");
  try {
    const answer = uploaded.parse(
      await graph(url(apiUrl, inbox, "media"), inbox.secrets.accessToken, { method: "POST", form }),
    );
    return answer.id;
  } catch (error) {
    // An upload reaches nobody: when its answer is lost it can simply be done again.
    if (error instanceof ChannelError && error.outcome === "unknown") {
      throw new ChannelError(error.message, { outcome: "retry" });
    }
    throw error;
  }
}

/** Meta, Cloud API "Send messages". The callback data comes back in every status and settles a lost answer. */
function payload(message: OutboundMessage, mediaId: string | null): Record<string, unknown> {
  const { recipient } = message;
  const common = {
    messaging_product: "whatsapp",
    recipient_type: "individual",
    ...(recipient.kind === "phone"
      ? { to: `+${recipient.externalId}` }
      : { recipient: recipient.externalId }),
    biz_opaque_callback_data: `${message.id}.${message.attempt}`,
  };
  if (message.kind === "reaction") {
    return { ...common, type: "reaction", reaction: { message_id: message.target, emoji: message.text } };
  }
  const reply = message.target ? { context: { message_id: message.target } } : {};
  if (message.media) {
    const { kind, fileName, voice } = message.media;
    const caption = message.text && kind !== "audio" && kind !== "sticker" ? { caption: message.text } : {};
    const name = kind === "document" ? { filename: fileName } : {};
    return {
      ...common,
      ...reply,
      type: kind,
      [kind]: { id: mediaId, ...caption, ...name, ...(voice ? { voice } : {}) },
    };
  }
  if (message.choices) {
    return {
      ...common,
      ...reply,
      type: "interactive",
      interactive: interactive(message.text, message.choices),
    };
  }
  return { ...common, ...reply, type: "text", text: { body: message.text, preview_url: true } };
}

/** Longest titles: Meta, Cloud API "Interactive reply buttons" and "Interactive list messages". */
const buttonTitle = 20;
const rowTitle = 24;
const bodyLimit = 1024;

function interactive(text: string, { shownAs, options }: NonNullable<OutboundMessage["choices"]>) {
  const body = { text: text.slice(0, bodyLimit) };
  if (shownAs === "buttons") {
    const buttons = options.map(({ id, title }) => ({
      type: "reply",
      reply: { id, title: title.slice(0, buttonTitle) },
    }));
    return { type: "button", body, action: { buttons } };
  }
  const listed = options.map(({ id, title }) => ({ id, title: title.slice(0, rowTitle) }));
  // The button that opens the list shows its range: `5 … 1`.
  const ends = [listed[0], listed.at(-1)].map((one) => one?.title.split(" ")[0] ?? "");
  return { type: "list", body, action: { button: ends.join(" … "), sections: [{ rows: listed }] } };
}

/** Blue ticks for the contact up to this message; with `typing`, "writing…" for at most 25 seconds. */
export async function markRead(
  apiUrl: string,
  inbox: ConnectedInbox,
  externalId: string,
  typing: boolean,
): Promise<void> {
  await graph(url(apiUrl, inbox, "messages"), inbox.secrets.accessToken, {
    method: "POST",
    json: {
      messaging_product: "whatsapp",
      status: "read",
      message_id: externalId,
      ...(typing ? { typing_indicator: { type: "text" } } : {}),
    },
  });
}
