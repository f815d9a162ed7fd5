import { expect } from "chai";
import type { Browser } from "playwright-core";
import { samplePicture } from "../../src/routes/demo/samples.ts";
import { listCases } from "../../src/services/cases/queries.ts";
import { describeCase } from "../../src/services/cases/status.ts";
import { saveTopic } from "../../src/services/cases/topics.ts";
import { drain } from "../../src/services/channels/drain.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { row } from "../../src/services/platform/database.ts";
import { goTo, openBrowser, signIn } from "../support/browser.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("inbox, in a browser", () => {
  let hilo: Hilo;
  let browser: Browser;
  before(async () => {
    hilo = await startHilo();
    browser = await openBrowser();
  });
  after(async () => {
    await browser.close();
    await hilo.close();
  });

  const status = (word: string, id: string) =>
    deliver(hilo.cast, delivery({ statuses: [{ id, status: word, timestamp: "1795262400" }] }));

  it("a message arrives, is answered by key, and its ticks turn", async () => {
    const { page, complaints, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/inbox?view=queue`);
    await write(hilo.cast, { message: "¿Ya enviaron el reemplazo?" });
    await page.locator("a.row", { hasText: "Lucía" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/conversations/*");
    await page.locator(".msg.in", { hasText: "¿Ya enviaron" }).waitFor();
    await page.keyboard.press("r");
    await page.keyboard.type("Sí: salió ayer.");
    await page.keyboard.press("Control+Enter");
    const bubble = page.locator(".msg.out", { hasText: "Sí: salió ayer." });
    await bubble.waitFor();
    const sent = await eventually(async () => hilo.provider.accepted.at(-1));
    await status("delivered", sent.id);
    await bubble.locator('.ticks[aria-label="Entregado"]').waitFor();
    await status("read", sent.id);
    await bubble.locator(".ticks.read").waitFor();
    expect(await page.inputValue("#reply-text")).to.equal("");
    await eventually(async () =>
      hilo.provider.asked.some(({ body }) => (body as { status?: string })?.status === "read"),
    );
    await write(hilo.cast, { message: "Gracias <img src=x onerror=alert(1)>" });
    await page.locator(".msg.in", { hasText: "Gracias <img" }).waitFor();
    expect(complaints).to.deep.equal([]);
    await context.close();
  });

  it("two agents in one conversation see each other, each other's notes and who has it", async () => {
    const { conversationId } = await write(hilo.cast, { from: "5215598765432", name: "Pedro" });
    const at = `${hilo.url}/conversations/${conversationId}`;
    const ana = await signIn(browser, hilo.url, "ana");
    const bruno = await signIn(browser, hilo.url, "bruno");
    await goTo(ana.page, at);
    await goTo(bruno.page, at);
    await ana.page.locator(".live-line", { hasText: "Bruno Vega" }).waitFor();
    await bruno.page.keyboard.press("r");
    await bruno.page.keyboard.type("Un momento");
    await ana.page.locator(".live-line", { hasText: "escribiendo" }).waitFor();
    await ana.page.keyboard.press("n");
    await ana.page.keyboard.type("Es cliente de Guadalajara");
    await ana.page.keyboard.press("Control+Enter");
    await bruno.page.locator(".note", { hasText: "Guadalajara" }).waitFor();
    expect(await bruno.page.inputValue("#reply-text")).to.equal("Un momento");
    await ana.page.keyboard.press("Escape");
    await ana.page.keyboard.press("a");
    await ana.page.keyboard.press("Enter");
    await bruno.page.locator(".acts", { hasText: "Ana Torres" }).waitFor();
    await bruno.page.locator(".happening", { hasText: "Ana Torres la tomó" }).waitFor();
    await bruno.context.close();
    await eventually(async () => (await ana.page.locator(".live-line").textContent())?.trim() === "");
    expect([...ana.complaints, ...bruno.complaints]).to.deep.equal([]);
    await ana.context.close();
  });

  it("a draft survives leaving, reloading and being offline", async () => {
    const { conversationId } = await write(hilo.cast, { from: "5215511112222", name: "Rosa" });
    const { page, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${conversationId}`);
    await page.keyboard.press("r");
    await page.keyboard.type("A medio escri");
    await page.locator(".draft-state", { hasText: "Borrador guardado" }).waitFor();
    await goTo(page, `${hilo.url}/inbox`);
    await goTo(page, `${hilo.url}/conversations/${conversationId}`);
    expect(await page.inputValue("#reply-text")).to.equal("A medio escri");
    await context.setOffline(true);
    await page.locator("#offline").waitFor();
    await page.locator("#reply-text").press("End");
    await page.keyboard.type("bir");
    await page.locator(".draft-state", { hasText: "sin conexión" }).waitFor();
    await context.setOffline(false);
    await eventually(async () => {
      const draft = await row<{ text: string }>(
        hilo.cast.platform.db,
        "select text from drafts where conversation_id = ?",
        [conversationId],
      );
      return draft?.text === "A medio escribir";
    });
    await context.close();
  });

  it("comes back after the stream was cut, with what was missed", async () => {
    const { conversationId } = await write(hilo.cast, { from: "5215577778888", name: "Sofía" });
    const { page, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${conversationId}`);
    await page.locator(".msg.in").first().waitFor();
    await context.setOffline(true);
    await page.locator("#offline").waitFor();
    await write(hilo.cast, { from: "5215577778888", name: "Sofía", message: "mientras no estabas" });
    await drain(hilo.cast.system);
    await context.setOffline(false);
    await page.locator(".msg.in", { hasText: "mientras no estabas" }).waitFor();
    await page.locator("#offline").waitFor({ state: "hidden" });
    await context.close();
  });

  it("resolves by key, opens the next one, and can be undone", async () => {
    const { conversationId } = await write(hilo.cast, { from: "5215500001111", name: "Primera" });
    const { page, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${conversationId}?view=all`);
    await page.keyboard.press("e");
    await page.locator("#notice", { hasText: "Resuelta: Primera" }).waitFor();
    await eventually(async () => !page.url().includes(`/${conversationId}`));
    await page.locator("#notice button", { hasText: "Deshacer" }).click();
    await page.waitForURL(`**/conversations/${conversationId}`);
    const stored = await row<{ status: string }>(
      hilo.cast.platform.db,
      "select status from conversations where id = ?",
      [conversationId],
    );
    expect(stored?.status).to.equal("open");
    await context.close();
  });

  it("keeps the tick that came before a slow answer to the form", async () => {
    const { conversationId } = await write(hilo.cast, { from: "5215544446666", name: "Lenta" });
    const { page, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${conversationId}`);
    const ticked = Promise.withResolvers<void>();
    await page.route("**/messages", async (route) => {
      const response = await route.fetch();
      await ticked.promise;
      await route.fulfill({ response });
    });
    await page.fill("#reply-text", "Sin prisa");
    await page.click("#composer button[type=submit] >> visible=true");
    const bubble = page.locator(".msg.out", { hasText: "Sin prisa" });
    await bubble.locator('.ticks[aria-label="Enviado"]').waitFor();
    ticked.resolve();
    await eventually(async () => (await page.inputValue("#reply-text")) === "");
    expect(await bubble.count()).to.equal(1);
    expect(await bubble.locator(".ticks").getAttribute("aria-label")).to.equal("Enviado");
    await context.close();
  });

  it("shows why a message failed and sends it again; sends a file; reacts", async () => {
    const { conversationId } = await write(hilo.cast, { from: "5215544445555", name: "Martín" });
    const { page, complaints, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${conversationId}`);
    hilo.provider.script.push({ code: 131047 });
    await page.fill("#reply-text", "Hola Martín");
    await page.click("#composer button[type=submit] >> visible=true");
    const bubble = page.locator(".msg.out", { hasText: "Hola Martín" });
    await bubble.locator(".failure", { hasText: "Pasaron más de 24 h" }).waitFor();
    await bubble.getByRole("button", { name: "Enviar otra vez" }).click();
    await bubble.locator('.ticks[aria-label="Enviado"]').waitFor();
    const upload = Promise.withResolvers<void>();
    await page.route("**/uploads", async (route) => {
      await upload.promise;
      await route.continue();
    });
    await page.setInputFiles("[data-upload]", {
      name: "cotización.txt",
      mimeType: "text/plain",
      buffer: Buffer.from("doce sillas"),
    });
    await page.locator(".upload", { hasText: "cotización.txt" }).waitFor();
    // Sent while the file is still on its way: the reply waits for it.
    await page.click("#composer button[type=submit] >> visible=true");
    await page.locator(".draft-state", { hasText: "en cuanto el archivo" }).waitFor();
    upload.resolve();
    await page.locator(".msg.out .file", { hasText: "cotización.txt" }).waitFor();
    await page.locator(".msg.in").first().hover();
    await page.locator(".msg.in").first().getByRole("button", { name: "Reaccionar" }).click();
    await page.locator("#reactions button").first().click();
    await page.locator(".msg.in .react").waitFor();
    await eventually(async () => hilo.provider.accepted.some(({ body }) => body.type === "reaction"));
    expect(complaints).to.deep.equal([]);
    await context.close();
  });

  it("Monday's defect is on Tuesday's screen: case, steps, photo, promise, purchase, without a click", async () => {
    const { cast, url } = hilo;
    const from = "5213312349876";
    await saveTopic(cast.diego, null, { name: "Defectuoso", steps: ["Fotos", "Reemplazo"] });
    const { conversationId, contactId } = await write(cast, {
      from,
      name: "Juan Pérez",
      message: "Llegó roto",
    });
    const photo = {
      type: "image",
      image: { id: "photo-1", mime_type: "image/jpeg", caption: "Aquí la foto" },
    };
    hilo.provider.media.set("photo-1", { bytes: await samplePicture(), type: "image/jpeg" });
    await write(cast, { from, name: "Juan Pérez", message: photo });
    await savePurchase(cast.ana, contactId, "4521", {
      number: "4521",
      amount: 45000,
      currency: "MXN",
      placedAt: new Date(Date.now() - 5 * 86_400_000).toISOString(),
      items: [{ name: "Licuadora Pro" }],
    });
    await updateContact(cast.ana, contactId, { preferredChannel: "correo", doNotCall: true });
    const ana = await signIn(browser, url, "ana");
    await goTo(ana.page, `${url}/conversations/${conversationId}`);
    await ana.page.keyboard.press("c");
    await ana.page.locator("#case-menu button", { hasText: "Defectuoso" }).click();
    await ana.page.locator(".case-step", { hasText: "Fotos" }).waitFor();
    expect(await ana.page.evaluate(() => document.activeElement?.parentElement?.id)).to.equal("case-menu");
    await ana.page.locator(".case-step", { hasText: "Fotos" }).click();
    await ana.page.locator('.case-step[aria-pressed="true"]', { hasText: "Fotos" }).waitFor();
    await ana.page.keyboard.press("r");
    await ana.page.keyboard.type("Mañana te confirmamos el reemplazo.");
    await ana.page.keyboard.press("Control+Enter");
    await ana.page.locator(".msg.out", { hasText: "Mañana te confirmamos" }).waitFor();
    await ana.page.fill("#quick-note", "No pedirle las fotos otra vez");
    await ana.page.keyboard.press("Enter");
    await ana.page.locator("#side .item", { hasText: "No pedirle" }).locator(".pin").click();
    await ana.page.locator(".pinned", { hasText: "No pedirle" }).waitFor();
    expect(await ana.page.inputValue("#quick-note")).to.equal("");
    await ana.context.close();

    const bruno = await signIn(browser, url, "bruno");
    await goTo(bruno.page, `${url}/conversations/${conversationId}`);
    const seen = (await bruno.page.locator("#workspace").innerText()).replaceAll(/\s+/g, " ");
    expect(seen)
      .to.contain("Caso abierto: Defectuoso")
      .and.contain("1 compra · $45,000 · última hace 5 días")
      .and.contain("Prefiere correo")
      .and.contain("No llamar")
      .and.contain("Ana Torres: «Mañana te confirmamos el reemplazo.»")
      .and.contain("#4521 Licuadora Pro")
      .and.contain("1 de 2 pasos");
    expect(seen.match(/No pedirle las fotos otra vez/g)).to.have.length(3);
    await bruno.page.locator("#side .files img").waitFor();
    await describeCase(cast.ana, (await listCases(cast.ana, contactId))[0]?.id ?? 0, "Reemplazo en camino");
    await bruno.page.locator(".open-case", { hasText: "Reemplazo en camino" }).waitFor();
    expect(bruno.complaints.concat(ana.complaints)).to.deep.equal([]);
    await bruno.context.close();
  });

  it("loads earlier messages when one scrolls up, and does not jump when something arrives", async () => {
    const from = "5215566667777";
    const start = Date.now() - 3_600_000;
    const bodies = Array.from({ length: 70 }, (_, n) =>
      delivery(
        messageValue({ from, name: "Larga", at: new Date(start + n * 1000), message: `mensaje número ${n}` }),
      ),
    );
    await deliver(hilo.cast, ...bodies);
    const found = await row<{ id: number }>(
      hilo.cast.platform.db,
      "select c.id from conversations c join contacts p on p.id = c.contact_id where p.name = 'Larga'",
    );
    const { page, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${found?.id}`);
    await page.locator(".msg", { hasText: "mensaje número 69" }).waitFor();
    expect(await page.locator(".msg").count()).to.be.at.most(60);
    await eventually(async () => {
      await page.locator(".thread").evaluate((thread) => {
        thread.scrollTop = -thread.scrollHeight;
      });
      return (await page.locator(".msg").count()) >= 70;
    });
    const before = await page.locator(".thread").evaluate((thread) => thread.scrollTop);
    await write(hilo.cast, { from, name: "Larga", message: "y uno más" });
    await page.locator(".msg", { hasText: "y uno más" }).waitFor({ state: "attached" });
    await page.locator(".new-below").waitFor();
    const after = await page.locator(".thread").evaluate((thread) => thread.scrollTop);
    expect(after).to.be.below(-200);
    expect(before).to.be.below(-200);
    await context.close();
  });
});
