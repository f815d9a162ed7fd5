import express, { Router } from "express";
import type { Door } from "../../services/channels/door.ts";
import { isVerifyToken } from "../../services/inboxes/queries.ts";
import type { Platform } from "../../services/platform/context.ts";
import { isTransient } from "../../services/platform/database.ts";
import { tokenHash } from "../../services/platform/secrets.ts";

/** Meta posts up to 3 MB ("Webhooks overview"); a little more keeps a grown payload from being refused for a week. */
const largestBody = "4mb";

/**
 * Where Meta delivers: raw bytes, signature first, stored, 200. Nothing is parsed and nothing is looked up that a
 * stranger could make slow.
 */
export function whatsappWebhook(platform: Platform, door: Door): Router {
  const webhook = Router();

  webhook.get("/webhooks/whatsapp", async (req, res) => {
    const mode = req.query["hub.mode"];
    const token = req.query["hub.verify_token"];
    const challenge = req.query["hub.challenge"];
    const known =
      mode === "subscribe" &&
      typeof token === "string" &&
      token !== "" &&
      (await isVerifyToken(platform.db, tokenHash(token)));
    if (known && typeof challenge === "string") res.type("text").send(challenge.slice(0, 200));
    else res.status(403).type("text").send("The verify token is not that of any inbox.");
  });

  webhook.post(
    "/webhooks/whatsapp",
    express.raw({ type: () => true, limit: largestBody, inflate: false }),
    async (req, res) => {
      const body = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
      try {
        const verdict = await door.verify(body, req.get("x-hub-signature-256"));
        if (verdict.state === "not_configured")
          return void res.status(503).type("text").send("No inbox is connected.");
        if (verdict.state === "refused")
          return void res.status(401).type("text").send("The signature does not match.");
        await door.store("whatsapp", body, verdict.fingerprint);
        res.status(200).type("text").send("ok");
      } catch (error) {
        const level = isTransient(error) ? "warn" : "error";
        platform.logger[level]({ err: error }, "a delivery could not be stored; the provider will repeat it");
        res.status(503).set("Retry-After", "5").type("text").send("Not stored, try again.");
      }
    },
  );

  return webhook;
}
