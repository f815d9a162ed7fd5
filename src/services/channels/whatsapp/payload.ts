import { z } from "zod";

/**
 * Meta's deliveries, as leniently as they come: unknown fields stay, wrong types become "not there". Meta, "Cloud
 * API webhooks"; the odd shapes are real ones.
 */
const text = z
  .union([z.string(), z.number().transform(String)])
  .optional()
  .catch(undefined);
const list = <T extends z.ZodType>(item: T) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((values) =>
      values.flatMap((value) => {
        const parsed = item.safeParse(value);
        return parsed.success ? [parsed.data as z.output<T>] : [];
      }),
    );

const error = z.looseObject({
  code: z.coerce.number().catch(0),
  title: text,
  message: text,
  details: text,
  error_data: z.looseObject({ details: text }).optional().catch(undefined),
});

const media = z
  .looseObject({
    id: text,
    mime_type: text,
    caption: text,
    filename: text,
    voice: z.boolean().optional().catch(undefined),
  })
  .optional()
  .catch(undefined);

const namedObject = z.looseObject({}).optional().catch(undefined);

export const message = z.looseObject({
  id: text,
  from: text,
  from_user_id: text,
  to: text,
  to_user_id: text,
  timestamp: text,
  type: text,
  group_id: text,
  errors: list(error),
  context: z
    .looseObject({
      id: text,
      forwarded: z.boolean().optional().catch(undefined),
      frequently_forwarded: z.boolean().optional().catch(undefined),
      referred_product: z.looseObject({ product_retailer_id: text }).optional().catch(undefined),
    })
    .nullish()
    .catch(undefined),
  referral: z
    .looseObject({
      source_url: text,
      source_type: text,
      headline: text,
      body: text,
      ctwa_clid: text,
    })
    .nullish()
    .catch(undefined),
  text: z.looseObject({ body: text }).optional().catch(undefined),
  image: media,
  video: media,
  audio: media,
  document: media,
  sticker: media,
  location: z
    .looseObject({
      latitude: z.coerce.number(),
      longitude: z.coerce.number(),
      name: text,
      address: text,
    })
    .optional()
    .catch(undefined),
  contacts: list(
    z.looseObject({
      name: z.looseObject({ formatted_name: text, first_name: text }).optional().catch(undefined),
      phones: list(z.looseObject({ phone: text, wa_id: text })),
      emails: list(z.looseObject({ email: text })),
      org: z.looseObject({ company: text }).optional().catch(undefined),
    }),
  ),
  button: z.looseObject({ text, payload: text }).optional().catch(undefined),
  interactive: z
    .looseObject({
      type: text,
      button_reply: z.looseObject({ id: text, title: text }).optional().catch(undefined),
      list_reply: z.looseObject({ id: text, title: text, description: text }).optional().catch(undefined),
      nfm_reply: z
        .looseObject({ name: text, body: text, response_json: z.unknown().optional() })
        .optional()
        .catch(undefined),
    })
    .optional()
    .catch(undefined),
  reaction: z.looseObject({ message_id: text, emoji: text }).optional().catch(undefined),
  order: z
    .looseObject({
      catalog_id: text,
      text,
      product_items: list(
        z.looseObject({
          product_retailer_id: text,
          quantity: z.coerce.number().catch(0),
          item_price: z.coerce.number().catch(0),
          currency: text,
        }),
      ),
    })
    .optional()
    .catch(undefined),
  system: z
    .looseObject({
      type: text,
      body: text,
      wa_id: text,
      new_wa_id: text,
      user_id: text,
      previous_user_id: text,
    })
    .optional()
    .catch(undefined),
  edit: z
    .looseObject({
      original_message_id: text,
      message: z.looseObject({ type: text }).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
  revoke: z.looseObject({ original_message_id: text }).optional().catch(undefined),
  unsupported: z.looseObject({ type: text }).optional().catch(undefined),
  history_context: z.looseObject({ status: text }).optional().catch(undefined),
  media_placeholder: namedObject,
});

const contact = z.looseObject({
  wa_id: text,
  user_id: text,
  profile: z.looseObject({ name: text, username: text }).optional().catch(undefined),
});

const status = z.looseObject({
  id: text,
  status: text,
  timestamp: text,
  biz_opaque_callback_data: text,
  type: text,
  errors: list(error),
});

export const value = z.looseObject({
  metadata: z.looseObject({ display_phone_number: text, phone_number_id: text }).optional().catch(undefined),
  contacts: list(contact),
  messages: list(message),
  statuses: list(status),
  errors: list(error),
  message_echoes: list(message),
  history: list(
    z.looseObject({
      errors: list(error),
      threads: list(z.looseObject({ id: text, messages: list(message) })),
    }),
  ),
});

const change = z.looseObject({ field: text, value: z.unknown().optional() });

export const delivery = z.looseObject({
  entry: list(z.looseObject({ id: text, changes: list(change) })),
});

export type WhatsAppMessage = z.output<typeof message>;
export type WhatsAppContact = z.output<typeof contact>;
export type WhatsAppStatus = z.output<typeof status>;
export type WhatsAppValue = z.output<typeof value>;
