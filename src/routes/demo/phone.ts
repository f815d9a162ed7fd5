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
import { requireAgent, requirePermission } from "../guards.ts";
import { fragment, redirect } from "../respond.ts";
import type { Demo, FindDemo } from "./demo.ts";
import { samplePicture, sampleSound } from "./samples.ts";

const phoneForm = z.object({
  who: z.string().max(40),
  text: z.string().max(4096).default(""),
  kind: z.enum(["text", "image", "audio", "location", "contacts", "order", "interactive"]).default("text"),
  /** Id of a pressed button or a chosen row. */
  choice: z.string().max(200).default(""),
});
const knobsForm = z.object({
  failNext: z.string().max(10).default(""),
  delivered: z.literal("1").optional(),
  read: z.literal("1").optional(),
});

/** The provider's own address, before anything that asks who you are: it has tokens of its own. */
export function demoProvider(findDemo: FindDemo): Router {
  const router = Router();
  router.use("/demo/graph", async (req, res, next) => {
    const demo = await findDemo();
    if (demo) demo.provider.router(req, res, next);
    else next();
  });
  return router;
}

/**
 * A customer's phone: only while a demo is loaded. In `npm run demo` it is open to whoever runs it, elsewhere to
 * administrators.
 */
export function demoRoutes(findDemo: FindDemo, isOpen: boolean): Router {
  const router = Router();
  if (!isOpen) router.use("/demo", requireAgent, requirePermission("firm.manage"));
  const current = async (): Promise<Demo> => {
    const demo = await findDemo();
    if (!demo) throw new NotFound();
    return demo;
  };

  router.get("/demo/phone", async (req, res) => {
    const demo = await current();
    const person = personOf(demo, req.query.who);
    res.send(
      req.render("demo/phone", {
        title: translateFor(req.viewer.locale)("demo.title"),
        people: demo.people.map((one) => ({
          ...one,
          name: one.name || formatPhone(one.id),
          isCurrent: one.id === person.id,
        })),
        current: person,
        bubbles: await screen(req, person.id),
        knobs: demo.provider.knobs,
      }),
    );
  });

  router.get("/demo/screen", async (req, res) => {
    await showScreen(req, res, personOf(await current(), req.query.who));
  });

  router.post("/demo/phone", async (req, res) => {
    const { who, text, kind, choice } = phoneForm.parse(req.body ?? {});
    const demo = await current();
    const person = personOf(demo, who);
    const [chosen = "", title = text] = choice.split("|");
    await write(demo, person, choice === "" ? kind : "interactive", choice === "" ? text : title, chosen);
    if (!req.isFragment) return redirect(res, `/demo/phone?who=${person.id}`);
    await new Promise((resume) => setTimeout(resume, 150));
    const shown = req.render("demo/_screen", { current: person, bubbles: await screen(req, person.id) });
    const form = req.render("demo/_form", { current: person });
    fragment(res, shown, `<hx-partial hx-target="#phone-form" hx-swap="outerHTML">${form}</hx-partial>`);
  });

  router.post("/demo/knobs", async (req, res) => {
    const demo = await current();
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
  choice: string,
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
    interactive: () => ({
      interactive: { type: "button_reply", button_reply: { id: choice, title: text } },
    }),
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
