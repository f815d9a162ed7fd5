import { expect } from "chai";
import type { Browser } from "playwright-core";
import { createContact, updateContact } from "../../src/services/contacts/save-contact.ts";
import { addField } from "../../src/services/fields/save-field.ts";
import { mergeContacts } from "../../src/services/merges/merge.ts";
import { goTo, openBrowser, signIn } from "../support/browser.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

describe("a customer, in a browser", () => {
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

  it("a colleague is called with @ by keyboard alone, and sees it at once", async () => {
    const { conversationId } = await write(hilo.cast, { name: "Lucía" });
    const bruno = await signIn(browser, hilo.url, "bruno");
    await goTo(bruno.page, `${hilo.url}/inbox?view=all`);
    const { page, complaints, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${conversationId}`);
    await page.keyboard.press("n");
    await page.keyboard.type("Mira esto @bru");
    await page.locator(".calling li", { hasText: "Bruno Vega" }).waitFor();
    await page.keyboard.press("Enter");
    expect(await page.inputValue("#note-text")).to.equal("Mira esto @Bruno Vega ");
    await page.keyboard.press("Control+Enter");
    await page.locator(".note", { hasText: "@Bruno Vega" }).waitFor();
    await bruno.page.locator("#nav-mentions .badge", { hasText: "1" }).waitFor();
    expect([...complaints, ...bruno.complaints]).to.deep.equal([]);
    await context.close();
    await bruno.context.close();
  });

  it("the story is filtered, read in place and added to without leaving the page", async () => {
    const { contactId } = await write(hilo.cast, {
      from: "5215500008001",
      name: "Rosa",
      message: "¿Tienen sillas?",
    });
    const { page, complaints, context } = await signIn(browser, hilo.url, "ana");
    await page.goto(`${hilo.url}/contacts/${contactId}`);
    await page.locator(".opens summary").click();
    await page.locator(".opens .msg", { hasText: "¿Tienen sillas?" }).waitFor();
    await page.locator(".adding-line a", { hasText: "Llamada" }).click();
    await page.fill("#entry-form [name=summary]", "Preguntó por el plazo");
    await page.fill("#entry-form [name=at]", "");
    await page.evaluate(() =>
      document.querySelector<HTMLInputElement>("#entry-form [name=at]")?.removeAttribute("required"),
    );
    await page.click("#entry-form .go");
    await page.locator("#entry-form .field-error").waitFor();
    expect(await page.inputValue("#entry-form [name=summary]")).to.equal("Preguntó por el plazo");
    await page.fill("#entry-form [name=at]", "2026-11-24T10:30");
    await page.click("#entry-form .go");
    await page.locator(".entry-interaction", { hasText: "Preguntó por el plazo" }).waitFor();
    await page.locator(".chip", { hasText: "Compras" }).click();
    await page.locator("#timeline .empty").waitFor();
    expect(complaints).to.deep.equal([]);
    await context.close();
  });

  it("a card is changed field by field with the keyboard alone", async () => {
    await addField(hilo.cast.diego, null, {
      label: "Talla",
      kind: "choice",
      options: ["S", "M"],
      place: null,
    });
    const { id } = await createContact(hilo.cast.ana, { name: "Teclado", email: "t@correo.example" });
    await updateContact(hilo.cast.ana, id, { custom: { talla: "S" } });
    const { page, complaints, context } = await signIn(browser, hilo.url, "ana");
    await page.goto(`${hilo.url}/contacts/${id}`);
    await page.locator("#field-email .field-edit").focus();
    await page.keyboard.press("Enter");
    await page.locator("#field-email [name=value]").waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("nuevo@correo.example");
    await page.keyboard.press("Enter");
    await page.locator("#field-email", { hasText: "nuevo@correo.example" }).locator(".field-edit").waitFor();
    await page.locator("#field-custom-talla .field-edit").focus();
    await page.keyboard.press("Enter");
    await page.locator("#field-custom-talla select").waitFor();
    await page.keyboard.press("m");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("#field-custom-talla dd > span", { hasText: "M" }).waitFor();
    expect(complaints).to.deep.equal([]);
    await context.close();
  });

  it("a second card of the same person is suggested beside the conversation", async () => {
    const { conversationId } = await write(hilo.cast, { from: "5215500008201", name: "Nora Campos" });
    await createContact(hilo.cast.ana, { name: "Nora Campos" });
    const { page, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${conversationId}`);
    await page.locator(".side .duplicates", { hasText: "mismo nombre" }).waitFor();
    await context.close();
  });

  it("an open conversation follows when its customer is merged with another card, and keeps the draft", async () => {
    const kept = await write(hilo.cast, { from: "5215500008101", name: "Queda" });
    const other = await write(hilo.cast, { from: "5215500008102", name: "Se une" });
    const { page, context } = await signIn(browser, hilo.url, "ana");
    await goTo(page, `${hilo.url}/conversations/${other.conversationId}`);
    await page.fill("#reply-text", "a medio escribir");
    await eventually(async () => (await page.locator(".draft-state").first().textContent())?.trim());
    await mergeContacts(hilo.cast.bruno, kept.contactId, other.contactId);
    await page.waitForURL(`**/conversations/${kept.conversationId}`);
    expect(await page.inputValue("#reply-text")).to.equal("a medio escribir");
    await context.close();
  });
});
