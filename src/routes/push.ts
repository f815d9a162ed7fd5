import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Router } from "express";
import { z } from "zod";
import { getPushKeys, subscribe, unsubscribe } from "../services/alerts/push.ts";
import { parseForm, text } from "./validate.ts";

const subscriptionForm = z.object({
  endpoint: text(1000),
  keys: z.object({ p256dh: text(200), auth: text(100) }),
});

const worker = readFileSync(resolve(import.meta.dirname, "../../public/push-worker.js"));

/** The script that a browser keeps to show alerts while no page is open: at the root, so that it may open any page. */
export const pushWorker: Router = Router();
pushWorker.get("/push-worker.js", (_req, res) => {
  res.set("Cache-Control", "no-cache").type("js").send(worker);
});

/** Browsers that want to be told of alerts. */
export const push: Router = Router();

push.get("/push/key", async (req, res) => {
  res.json({ key: (await getPushKeys(req.ctx)).publicKey });
});

push.post("/push/subscriptions", async (req, res) => {
  const { endpoint, keys } = parseForm(subscriptionForm, req.body);
  await subscribe(req.ctx, { endpoint, ...keys });
  res.status(204).end();
});

push.post("/push/subscriptions/removal", async (req, res) => {
  const { endpoint } = parseForm(z.object({ endpoint: text(1000) }), req.body);
  await unsubscribe(req.ctx, endpoint);
  res.status(204).end();
});
