import { randomUUID } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { formatPhone } from "../../services/contacts/phone.ts";
import { getThread } from "../../services/conversations/thread.ts";
import { systemContext } from "../../services/platform/context.ts";
import { row } from "../../services/platform/database.ts";
import { NotFound } from "../../services/platform/errors.ts";
import { translateFor } from "../../views/i18n.ts";
import type { Bubble } from "../../views/messages/present.ts";
import { presentMessage } from "../../views/messages/present.ts";
import { fragment, redirect } from "../respond.ts";
import type { Provider } from "./provider.ts";
import { samplePicture, sampleSound } from "./samples.ts";

export interface Demo {
  provider: Provider;
  logins: { email: string; password: string }[];
  people: { id: string; name: string }[];
}

const phoneForm = z.object({
  who: z.string().max(40),
  text: z.string().max(4096).default(""),
  kind: z.enum(["text", "image", "audio", "location", "contacts", "order"]).default("text"),
});
const knobsForm = z.object({
  failNext: z.string().max(10).default(""),
  delivered: z.literal("1").optional(),
  read: z.literal("1").optional(),
});

/** The provider's own address, before anything that asks who you are. */
export function demoProvider(demo: Demo): Router {
  const router = Router();
  router.use("/demo/graph", demo.provider.router);
  return router;
}

/** A customer's phone: only in the demo, and open to whoever runs it. */
export function demoRoutes(demo: Demo): Router {
  const router = Router();

  router.get("/demo/phone", async (req, res) => {
    const current = personOf(demo, req.query.who);
    res.send(
      req.render("demo/phone", {
        title: translateFor(req.viewer.locale)("demo.title"),
        people: demo.people.map((one) => ({
          ...one,
          name: one.name || formatPhone(one.id),
          isCurrent: one.id === current.id,
        })),
        current,
        bubbles: await screen(req, current.id),
        knobs: demo.provider.knobs,
      }),
    );
  });

  router.get("/demo/screen", async (req, res) => {
    await showScreen(req, res, personOf(demo, req.query.who));
  });

  router.post("/demo/phone", async (req, res) => {
    const { who, text, kind } = phoneForm.parse(req.body ?? {});
    const current = personOf(demo, who);
    await write(demo, current, kind, text);
    if (!req.isFragment) return redirect(res, `/demo/phone?who=${current.id}`);
    await new Promise((resume) => setTimeout(resume, 150));
    const shown = req.render("demo/_screen", { current, bubbles: await screen(req, current.id) });
    const form = req.render("demo/_form", { current });
    fragment(res, shown, `<hx-partial hx-target="#phone-form" hx-swap="outerHTML">${form}</hx-partial>`);
  });

  router.post("/demo/knobs", (req, res) => {
    const { failNext, delivered, read } = knobsForm.parse(req.body ?? {});
    Object.assign(demo.provider.knobs, { failNext, delivered: delivered === "1", read: read === "1" });
    if (req.isFragment) res.status(204).end();
    else redirect(res, "/demo/phone");
  });

  return router;
}

function personOf(demo: Demo, id: unknown): Demo["people"][number] {
  const person = demo.people.find((one) => one.id === id) ?? demo.people[0];
  if (!person) throw new NotFound();
  return person;
}

async function showScreen(req: Request, res: Response, current: Demo["people"][number]): Promise<void> {
  fragment(res, req.render("demo/_screen", { current, bubbles: await screen(req, current.id) }));
}

/** What the customer's own phone shows: nothing that did not leave Hilo. */
async function screen(req: Request, waId: string): Promise<Bubble[]> {
  const system = systemContext(req.ctx);
  const owner = await row<{ contact_id: number }>(
    system.db,
    "select contact_id from contact_identities where channel = 'whatsapp' and external_id = ?",
    [waId],
  );
  if (!owner) return [];
  const { messages } = await getThread(system, { contactId: owner.contact_id }, { before: null, limit: 30 });
  return messages
    .filter(({ delivery }) => delivery === null || ["sent", "delivered", "read"].includes(delivery))
    .map((message) => presentMessage(message, req.viewer));
}

/** The same delivery that Meta would make for what the customer did. */
async function write(
  demo: Demo,
  { id, name }: Demo["people"][number],
  kind: string,
  text: string,
): Promise<void> {
  const base = {
    from: id,
    id: `wamid.${randomUUID().replaceAll("-", "").toUpperCase()}`,
    timestamp: String(Math.floor(Date.now() / 1000)),
    type: kind,
  };
  const { addMedia } = demo.provider;
  const parts: Record<string, () => Promise<object> | object> = {
    text: () => ({ text: { body: text } }),
    image: async () => ({
      image: {
        id: addMedia(await samplePicture(), "image/jpeg"),
        mime_type: "image/jpeg",
        caption: "Así llegó",
      },
    }),
    audio: () => ({
      audio: { id: addMedia(sampleSound(), "audio/wav"), mime_type: "audio/wav", voice: true },
    }),
    location: () => ({
      location: { latitude: 19.4326, longitude: -99.1332, name: "Zócalo", address: "Ciudad de México" },
    }),
    contacts: () => ({
      contacts: [{ name: { formatted_name: "Taller Ramírez" }, phones: [{ phone: "+52 55 5555 0101" }] }],
    }),
    order: () => ({
      order: {
        catalog_id: "1",
        product_items: [
          { product_retailer_id: "licuadora-pro", quantity: 2, item_price: 1600, currency: "MXN" },
        ],
      },
    }),
  };
  const part = await parts[kind]?.();
  await demo.provider.post({
    contacts: [{ profile: { name }, wa_id: id }],
    messages: [{ ...base, ...part }],
  });
}
