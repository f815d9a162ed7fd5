import type { MediaKind, MessageContent, MessageKind, ProviderError } from "../../conversations/types.ts";
import type { InboundMedia } from "../../intake/types.ts";
import type { WhatsAppMessage } from "./payload.ts";

/** What a message says, without who and when. */
export interface Said {
  kind: MessageKind;
  text: string;
  content: MessageContent;
  media: InboundMedia | null;
}

const mediaKinds = ["image", "video", "audio", "document", "sticker"] as const satisfies MediaKind[];

/** Meta's type into Hilo's kind. What is not understood is kept whole as `unsupported`: never an error. */
export function said(message: WhatsAppMessage): Said {
  const base = annotations(message);
  const type = message.type ?? "";
  const plain = (kind: MessageKind, text = "", content: MessageContent = {}): Said => ({
    kind,
    text,
    content: { ...base, ...content },
    media: null,
  });
  // What was said in a group was not said to us alone, and an answer would not reach the group.
  if (message.group_id) return unsupported(message, base);
  const mediaKind = mediaKinds.find((kind) => kind === type);
  if (mediaKind) return mediaSaid(message, mediaKind, base) ?? unsupported(message, base);
  switch (type) {
    case "text":
      return message.text ? plain("text", message.text.body ?? "") : unsupported(message, base);
    case "location":
      return message.location
        ? plain("location", message.location.name ?? message.location.address ?? "", {
            location: {
              latitude: message.location.latitude,
              longitude: message.location.longitude,
              ...(message.location.name ? { name: message.location.name } : {}),
              ...(message.location.address ? { address: message.location.address } : {}),
            },
          })
        : unsupported(message, base);
    case "contacts": {
      const contacts = message.contacts.map((card) => ({
        name: card.name?.formatted_name ?? card.name?.first_name ?? "",
        phones: card.phones.flatMap((phone) => phone.phone ?? phone.wa_id ?? []),
        emails: card.emails.flatMap((email) => email.email ?? []),
        ...(card.org?.company ? { company: card.org.company } : {}),
      }));
      return contacts.length > 0
        ? plain("contacts", contacts.map((card) => card.name).join(", "), { contacts })
        : unsupported(message, base);
    }
    case "button":
      return plain("choice", message.button?.text ?? "", {
        choice: { id: message.button?.payload ?? "", source: "template" },
      });
    case "interactive":
      return interactive(message, plain) ?? unsupported(message, base);
    case "reaction":
      return message.reaction?.message_id
        ? plain("reaction", message.reaction.emoji ?? "", { target: message.reaction.message_id })
        : unsupported(message, base);
    case "order":
      return plain("order", message.order?.text ?? "", {
        order: {
          catalog: message.order?.catalog_id ?? "",
          items: (message.order?.product_items ?? []).map((item) => ({
            product: item.product_retailer_id ?? "",
            quantity: item.quantity,
            price: item.item_price,
            currency: item.currency ?? "",
          })),
        },
      });
    case "system":
      return plain("system", message.system?.body ?? "", { type: message.system?.type ?? "" });
    case "request_welcome":
      return plain("welcome");
    case "edit":
      return edit(message, base);
    case "revoke":
      return message.revoke?.original_message_id
        ? plain("revoke", "", { target: message.revoke.original_message_id })
        : unsupported(message, base);
    case "media_placeholder":
      return plain("unsupported", "", { type, placeholder: true });
    default:
      return unsupported(message, base);
  }
}

/** What may accompany any type: the advertisement that brought them, forwarding, a product, errors. */
function annotations(message: WhatsAppMessage): MessageContent {
  const content: MessageContent = {};
  if (message.referral) {
    content.referral = {
      url: message.referral.source_url ?? "",
      headline: message.referral.headline ?? "",
      body: message.referral.body ?? "",
      kind: message.referral.source_type ?? "",
      ...(message.referral.ctwa_clid ? { clickId: message.referral.ctwa_clid } : {}),
    };
  }
  if (message.context?.forwarded || message.context?.frequently_forwarded) content.forwarded = true;
  const product = message.context?.referred_product?.product_retailer_id;
  if (product) content.product = product;
  if (message.errors.length > 0) content.errors = message.errors.map(providerError);
  return content;
}

/** Meta writes its reasons in several places; the longest explanation is the useful one. */
export function providerError(error: {
  code: number;
  title?: string | undefined;
  message?: string | undefined;
  details?: string | undefined;
  error_data?: { details?: string | undefined } | undefined;
}): ProviderError {
  const details = error.error_data?.details ?? error.details;
  return {
    code: error.code,
    title: error.title ?? error.message ?? "",
    ...(details ? { details } : {}),
  };
}

function mediaSaid(message: WhatsAppMessage, kind: MediaKind, base: MessageContent): Said | null {
  const file = message[kind];
  if (!file) return null;
  const media: InboundMedia | null = file.id
    ? {
        kind,
        providerMediaId: file.id,
        mediaType: file.mime_type ?? "application/octet-stream",
        fileName: (file.filename ?? "").slice(0, 255),
      }
    : null;
  return {
    kind,
    text: file.caption ?? "",
    content: {
      ...base,
      ...(file.voice ? { voice: true } : {}),
      ...(media ? {} : { errors: base.errors ?? [{ code: 0, title: "no media id" }] }),
    },
    media,
  };
}

function interactive(
  message: WhatsAppMessage,
  plain: (kind: MessageKind, text?: string, content?: MessageContent) => Said,
): Said | null {
  const reply = message.interactive;
  if (reply?.button_reply) {
    return plain("choice", reply.button_reply.title ?? "", {
      choice: { id: reply.button_reply.id ?? "", source: "button" },
    });
  }
  if (reply?.list_reply) {
    const { id, title, description } = reply.list_reply;
    return plain("choice", title ?? "", {
      choice: { id: id ?? "", source: "list", ...(description ? { description } : {}) },
    });
  }
  if (reply?.nfm_reply) {
    const { name, body, response_json } = reply.nfm_reply;
    const raw = typeof response_json === "string" ? response_json : JSON.stringify(response_json ?? null);
    return plain("form", body ?? "", { form: { name: name ?? "", raw, answers: formAnswers(raw) } });
  }
  return null;
}

/** A form's answers when they are a JSON object; lists, null and broken JSON stay visible as they came. */
function formAnswers(raw: string): Record<string, unknown> | null {
  try {
    const parsed: unknown = JSON.parse(raw);
    if (parsed && typeof parsed === "object" && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
    return null;
  } catch {
    return null;
  }
}

function edit(message: WhatsAppMessage, base: MessageContent): Said {
  const target = message.edit?.original_message_id;
  const edited = (message.edit?.message ?? {}) as {
    text?: { body?: unknown };
    image?: { caption?: unknown };
    video?: { caption?: unknown };
    document?: { caption?: unknown };
  };
  const text = [
    edited.text?.body,
    edited.image?.caption,
    edited.video?.caption,
    edited.document?.caption,
  ].find((candidate) => typeof candidate === "string");
  if (!target) return unsupported(message, base);
  return {
    kind: "edit",
    text: (text as string | undefined) ?? "",
    content: { ...base, target },
    media: null,
  };
}

function unsupported(message: WhatsAppMessage, base: MessageContent): Said {
  return {
    kind: "unsupported",
    text: "",
    content: { ...base, type: message.unsupported?.type ?? message.type ?? "", raw: message },
    media: null,
  };
}
