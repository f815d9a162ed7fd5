import { createHash, createHmac, randomBytes, randomUUID } from "node:crypto";
import busboy from "busboy";
import express, { type Request, type Response, Router } from "express";
import { demoPicture } from "../../services/demo/week.ts";
import { samplePicture } from "./samples.ts";

/** How the provider behaves; people turn these on the phone's page, tests in code. */
export interface Knobs {
  /** The next send fails with this code of Meta's; `lost` takes the message and loses the answer; empty works. */
  failNext: string;
  delivered: boolean;
  read: boolean;
}

/** What a send brought, in the order it was taken. */
export interface Taken {
  id: string;
  phoneNumberId: string;
  recipient: string;
  body: Record<string, unknown>;
  callbackData: string | null;
}

export interface Provider {
  router: Router;
  knobs: Knobs;
  /** Puts a file where Hilo can fetch it and answers its id. */
  addMedia: (bytes: Buffer, mediaType: string) => string;
  /** Signs and posts a delivery as Meta does. Resolves with the HTTP status. */
  post: (value: Record<string, unknown>, field?: string) => Promise<number>;
}

export interface ProviderOptions {
  phoneNumberId: string;
  accountId: string;
  displayPhone: string;
  accessToken: string;
  appSecret: string;
  /** Where Hilo takes deliveries, and where this router is mounted: full addresses. */
  webhookUrl: () => string;
  ownUrl: () => string;
}

const mostMedia = 50;

const statusFor: Record<string, number> = { "130429": 429, "131056": 429, "190": 401, "131000": 500 };

/** A provider on this machine that speaks as much of the Graph API as Hilo uses. Real protocol, no real network. */
export function createProvider(options: ProviderOptions): Provider {
  const knobs: Knobs = { failNext: "", delivered: true, read: true };
  const media = new Map<string, { bytes: Buffer; mediaType: string }>();
  const router = Router();

  async function post(value: Record<string, unknown>, field = "messages"): Promise<number> {
    const metadata = { display_phone_number: options.displayPhone, phone_number_id: options.phoneNumberId };
    const whole = { messaging_product: "whatsapp", metadata, ...value };
    const body = JSON.stringify({
      object: "whatsapp_business_account",
      entry: [{ id: options.accountId, changes: [{ field, value: whole }] }],
    });
    const signature = createHmac("sha256", options.appSecret).update(body).digest("hex");
    const response = await fetch(options.webhookUrl(), {
      method: "POST",
      headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` },
      body,
    });
    await response.text();
    return response.status;
  }

  /** The newest files are kept, in memory: Hilo stores its own copy of what it fetches. */
  function addMedia(bytes: Buffer, mediaType: string): string {
    const id = String(randomBytes(6).readUIntBE(0, 6));
    media.set(id, { bytes, mediaType });
    while (media.size > mostMedia) media.delete(media.keys().next().value ?? id);
    return id;
  }

  function refuse(res: Response, code: number): void {
    const message = `(#${code}) Simulated failure`;
    res.status(statusFor[String(code)] ?? 400).json({
      error: {
        message,
        type: "OAuthException",
        code,
        error_data: { messaging_product: "whatsapp", details: "Chosen on the phone's page." },
      },
    });
  }

  /** Ticks as Meta sends them, each a delivery of its own. */
  async function sendTicks(message: Taken): Promise<void> {
    const ticks = [
      "sent",
      ...(knobs.delivered ? ["delivered"] : []),
      ...(knobs.delivered && knobs.read ? ["read"] : []),
    ];
    for (const status of ticks) {
      await new Promise((resume) =>
        setTimeout(resume, status === "sent" ? 80 : status === "delivered" ? 500 : 1200),
      );
      const timestamp = String(Math.floor(Date.now() / 1000));
      const callback =
        message.callbackData === null ? {} : { biz_opaque_callback_data: message.callbackData };
      await post({
        statuses: [{ id: message.id, status, timestamp, recipient_id: message.recipient, ...callback }],
      });
    }
  }

  router.use((req, res, next) => {
    if (req.get("authorization") === `Bearer ${options.accessToken}`) return next();
    refuse(res, 190);
  });

  router.post("/:version/:phone/messages", express.json({ limit: "1mb" }), (req: Request, res) => {
    const body = req.body as Record<string, unknown>;
    if (body.status === "read") return void res.json({ success: true });
    const failing = knobs.failNext;
    knobs.failNext = "";
    if (failing !== "" && failing !== "lost") return refuse(res, Number(failing));
    const recipient = String(body.to ?? body.recipient ?? "").replace(/^\+/, "");
    const id = `wamid.${randomUUID().replaceAll("-", "").toUpperCase()}`;
    const callback = body.biz_opaque_callback_data;
    const message: Taken = {
      id,
      phoneNumberId: String(req.params.phone),
      recipient,
      body,
      callbackData: typeof callback === "string" ? callback : null,
    };
    sendTicks(message).catch(() => {
      // Hilo is stopping: Meta would repeat the tick later, the demo's provider forgets it.
    });
    if (failing === "lost") return void res.socket?.destroy();
    res.json({
      messaging_product: "whatsapp",
      contacts: [{ input: body.to, wa_id: recipient }],
      messages: [{ id }],
    });
  });

  router.post("/:version/:phone/media", (req, res) => {
    const parser = busboy({ headers: req.headers, limits: { fileSize: 100 * 1024 * 1024 } });
    let id = "";
    // What Hilo sends ends here: a customer's phone that is a page shows Hilo's own copy.
    parser.on("file", (_name, stream, { mimeType }) => {
      stream.resume();
      stream.on("end", () => {
        id = addMedia(Buffer.alloc(0), mimeType);
      });
    });
    parser.on("close", () => (id ? res.json({ id }) : refuse(res, 100)));
    req.pipe(parser);
  });

  router.post("/:version/:account/subscribed_apps", (_req, res) => void res.json({ success: true }));

  /** What was given to us, or the picture of the demo's week, which is there after every start. */
  async function find(id: string): Promise<{ bytes: Buffer; mediaType: string } | undefined> {
    return id === demoPicture ? { bytes: await samplePicture(), mediaType: "image/jpeg" } : media.get(id);
  }

  router.get("/media/:id", async (req, res) => {
    const file = await find(req.params.id);
    if (!file) return void res.status(404).end();
    res.type(file.mediaType).send(file.bytes);
  });

  router.get("/:version/:id", async (req, res) => {
    const { id } = req.params;
    if (id === options.phoneNumberId) {
      return void res.json({
        id,
        display_phone_number: options.displayPhone,
        verified_name: "Demo",
        quality_rating: "GREEN",
      });
    }
    const file = await find(id);
    if (!file) return refuse(res, 100);
    const sha256 = createHash("sha256").update(file.bytes).digest("base64");
    res.json({
      id,
      url: `${options.ownUrl()}/media/${id}`,
      mime_type: file.mediaType,
      file_size: file.bytes.length,
      sha256,
    });
  });

  return { router, knobs, addMedia, post };
}
