import { expect } from "chai";
import type { Browser } from "playwright-core";
import { openCase } from "../../src/services/cases/open-case.ts";
import { resolveCase } from "../../src/services/cases/status.ts";
import { setStep } from "../../src/services/cases/steps.ts";
import { saveTopic } from "../../src/services/cases/topics.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { createContact, updateContact } from "../../src/services/contacts/save-contact.ts";
import { addNote, noteOnContact, pinNote } from "../../src/services/conversations/note.ts";
import { reply } from "../../src/services/conversations/reply.ts";
import { addField } from "../../src/services/fields/save-field.ts";
import { getImport } from "../../src/services/imports/queries.ts";
import { checkImport, createImport } from "../../src/services/imports/start-import.ts";
import { addInteraction } from "../../src/services/interactions/interactions.ts";
import { createRecordType } from "../../src/services/records/record-types.ts";
import { saveRecord } from "../../src/services/records/save-record.ts";
import { keepFacts } from "../../src/services/reports/keep-facts.ts";
import { addReview } from "../../src/services/reviews/reviews.ts";
import { openBrowser, signIn, violations } from "../support/browser.ts";
import type { Cast } from "../support/cast.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { deliver, write } from "../support/meta.ts";
import { workPages } from "../support/paths.ts";

/** Something of every kind on a customer's page, and of what the settings make. */
async function story(cast: Cast, contactId: number): Promise<void> {
  await addField(cast.diego, null, { label: "Talla", kind: "choice", options: ["S", "M"], place: null });
  const title = { label: "Asunto", kind: "text" as const, options: [], place: "title" as const };
  const { id } = await createRecordType(cast.diego, "Cita", [title]);
  await saveRecord(cast.ana, contactId, id, "c1", { asunto: "Medir la sala" });
  const call = { kind: "call" as const, at: cast.clock.now, seconds: 700, url: "https://a.example/llamada" };
  await addInteraction(cast.ana, contactId, { ...call, agreements: "Dos sillas", nextStep: "Cotizar" });
  const card = { email: "l@correo.example", company: "Acme", tags: ["VIP"], custom: { talla: "M" } };
  await updateContact(cast.ana, contactId, card);
  await createContact(cast.ana, { name: "La misma", email: "L@correo.example" });
  await noteOnContact(cast.ana, contactId, { text: "@diego mira esto" });
  const bytes = Buffer.from("name,phone\nUna,abc\nOtra,+525511112222\n");
  const one = await createImport(cast.diego, "contacts", { fileName: "lista.csv", bytes });
  await checkImport(cast.diego, one.id, { encoding: "utf-8", mapping: one.mapping, onDuplicate: "update" });
  await eventually(async () => (await getImport(cast.diego, one.id)).state === "checked");
}

describe("accessibility and small screens", () => {
  let hilo: Hilo;
  let browser: Browser;
  let conversationId: number;
  let contactId: number;
  before(async () => {
    hilo = await startHilo();
    browser = await openBrowser();
    ({ conversationId, contactId } = await write(hilo.cast, {
      message: "Hola, ¿abren hoy? https://hilo.test",
    }));
    await reply(hilo.cast.ana, conversationId, { text: "Sí, hasta las 20 h" });
    const note = await addNote(hilo.cast.ana, conversationId, {
      text: "Prefiere que le llamen por su nombre",
    });
    await pinNote(hilo.cast.ana, note.id, true);
    const steps = ["Fotos recibidas", "Reemplazo enviado"];
    const topic = await saveTopic(hilo.cast.diego, null, { name: "Producto defectuoso", steps });
    for (let n = 0; n < 3; n += 1) {
      const { id, steps: open } = await openCase(hilo.cast.ana, conversationId, {
        title: "",
        topicId: topic.id,
      });
      await setStep(hilo.cast.ana, id, open[0]?.id ?? 0, true);
      if (n === 0) await resolveCase(hilo.cast.ana, id, "Se cambió la pieza");
    }
    const bought = { amount: 3200, currency: "MXN", status: "en camino", trackingUrl: "https://guia.test/1" };
    await savePurchase(hilo.cast.ana, contactId, "4521", bought);
    await updateContact(hilo.cast.ana, contactId, { preferredChannel: "correo", doNotCall: true });
    await hilo.cast.platform
      .db("messages")
      .where({ direction: "outbound" })
      .update({ delivery: "failed", due_at: null, delivery_error: { code: 131047, title: "Re-engagement" } });
    await write(hilo.cast, {
      message: {
        type: "order",
        order: {
          product_items: [{ product_retailer_id: "p", quantity: 2, item_price: 10, currency: "MXN" }],
        },
      },
    });
    await deliver(hilo.cast, Buffer.from("{broken"));
    await story(hilo.cast, contactId);
    await keepFacts(hilo.cast.system);
    await addReview(hilo.cast.diego, conversationId);
  });
  after(async () => {
    await browser.close();
    await hilo.close();
  });

  const paths = () => [
    "/inbox?view=all",
    "/inbox?view=mine&q=nadie",
    `/conversations/${conversationId}`,
    "/contacts",
    `/contacts/${contactId}`,
    `/contacts/${contactId}?edit=1`,
    `/contacts/${contactId}/files`,
    `/contacts/${contactId}?show=messages`,
    `/contacts/${contactId}/merge`,
    `/contacts/${contactId}/merge?with=${contactId + 1}`,
    `/contacts/${contactId}/interactions/new`,
    `/contacts/${contactId}/purchases/new`,
    `/contacts/${contactId}/records/new/1`,
    `/contacts/${contactId}/export.html`,
    `/contacts/${contactId}/erasure`,
    "/contacts/new",
    "/settings/firm",
    "/companies",
    "/companies/1",
    "/imports",
    "/imports/1",
    "/mentions",
    "/commitments?who=all",
    "/settings/fields",
    "/settings/tags",
    "/settings/retention",
    "/search?q=hola",
    "/search?q=producto",
    "/settings/topics",
    "/audit",
    "/settings",
    "/settings/profile",
    "/settings/agents",
    "/settings/agents/new",
    "/settings/agents/1/rights",
    "/settings/roles",
    "/settings/roles/1",
    "/settings/tokens/new",
    "/settings/sso",
    "/reports",
    "/reports/today",
    "/reports/agents",
    "/reports/teams",
    "/reports/doors",
    "/reports/topics",
    "/reports/promises",
    "/reports/hours",
    "/reports/satisfaction",
    "/reports/contact",
    "/reports/abandonment",
    "/reports/sales",
    "/reports/quality",
    "/reports/forecast",
    "/reports/conversations",
    "/reports/reviews",
    "/reviews",
    "/reviews/mine",
    "/reviews/criteria",
    "/reviews/1",
    "/settings/approvals",
    "/approvals",
    "/settings/sessions",
    "/settings/second-factor",
    "/settings/inboxes",
    "/settings/inboxes/new",
    "/settings/inboxes/1",
    "/settings/inbound-events",
    ...workPages,
    "/conversations/999999",
  ];

  for (const colorScheme of ["light", "dark"] as const) {
    it(`no page violates WCAG 2.2 AA, ${colorScheme}`, async () => {
      const { page, context } = await signIn(browser, hilo.url, "diego", { colorScheme, bypassCSP: true });
      const found: string[] = [];
      for (const path of paths()) {
        await page.goto(hilo.url + path);
        found.push(...(await violations(page)).map((violation) => `${path} ${violation}`));
      }
      expect(found).to.deep.equal([]);
      await context.close();
    });
  }

  it("the sign-in page too", async () => {
    const context = await browser.newContext({ bypassCSP: true });
    const page = await context.newPage();
    await page.goto(`${hilo.url}/login`);
    expect(await violations(page)).to.deep.equal([]);
    await context.close();
  });

  for (const width of [390, 768, 1440]) {
    it(`nothing runs off the side at ${width} px`, async () => {
      const { page, context } = await signIn(browser, hilo.url, "diego", {
        viewport: { width, height: 844 },
      });
      for (const path of paths()) {
        await page.goto(hilo.url + path);
        const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        expect(over, path).to.be.at.most(0);
      }
      await context.close();
    });
  }

  it("on a phone the list gives way to the conversation, and back", async () => {
    const { page, context } = await signIn(browser, hilo.url, "ana", {
      viewport: { width: 390, height: 844 },
      hasTouch: true,
    });
    await page.goto(`${hilo.url}/inbox?view=all`);
    await page.locator("a.row").first().tap();
    await page.locator("#composer").waitFor();
    expect(await page.locator("#list").isVisible()).to.equal(false);
    await page.locator("a.back").tap();
    await page.locator("#list").waitFor();
    await context.close();
  });
});
