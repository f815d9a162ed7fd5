import { expect } from "chai";
import type { Browser } from "playwright-core";
import { assign } from "../../src/services/conversations/assign.ts";
import { keepFacts } from "../../src/services/reports/keep-facts.ts";
import { goTo, openBrowser, signIn } from "../support/browser.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";
import { openAlways, pass } from "../support/time.ts";

describe("nothing waits unseen, in browsers", () => {
  let hilo: Hilo;
  let browser: Browser;
  before(async () => {
    hilo = await startHilo();
    browser = await openBrowser();
    await openAlways(hilo.cast);
    // Everybody sits there the whole time; the minutes that pass at once must not send them away.
    await hilo.cast.platform.db("firm").update({ inactive_minutes: 0 });
  });
  after(async () => {
    await browser.close();
    await hilo.close();
  });

  it("one agent goes silent: the supervisor hears of it at ten minutes, at twenty it is on another screen", async () => {
    const ana = await signIn(browser, hilo.url, "ana");
    const bruno = await signIn(browser, hilo.url, "bruno");
    const carmen = await signIn(browser, hilo.url, "carmen");
    await goTo(bruno.page, `${hilo.url}/inbox?view=mine`);
    await goTo(carmen.page, `${hilo.url}/board`);
    const { conversationId } = await write(hilo.cast, { message: "¿Ya salió mi pedido?" });
    await assign(hilo.cast.carmen, conversationId, { agentId: hilo.cast.ids.ana });
    await goTo(ana.page, `${hilo.url}/conversations/${conversationId}`);
    // Her clock ticks by itself.
    const clock = ana.page.locator(".head .clock [data-left]");
    const before = await clock.textContent();
    await ana.page.waitForFunction(
      (text) => document.querySelector(".head .clock [data-left]")?.textContent !== text,
      before,
    );
    expect(await clock.textContent()).to.match(/^4:\d\d$/);

    await pass(hilo.cast, 10);
    await carmen.page.locator("#nav-mentions .badge", { hasText: "1" }).waitFor();
    await carmen.page.locator(".board-row .clock.late").waitFor();

    await pass(hilo.cast, 10);
    const row = bruno.page.locator("a.row", { hasText: "Lucía" });
    await row.waitFor();
    await bruno.page.locator("#nav-mentions .badge", { hasText: "1" }).waitFor();
    await row.click();
    await bruno.page.locator(".happening", { hasText: "Pasó a Bruno Vega: nadie la había movido" }).waitFor();
    await ana.page.locator(".happening", { hasText: "nadie la había movido" }).waitFor();
    for (const { complaints, context } of [ana, bruno, carmen]) {
      expect(complaints).to.deep.equal([]);
      await context.close();
    }
  });

  it("the day is on the screen as it comes: what arrives is counted without asking", async () => {
    const { context, page, complaints } = await signIn(browser, hilo.url, "carmen");
    await goTo(page, `${hilo.url}/reports/today`);
    const began = page.locator(".report-figures > div", { hasText: "Conversaciones" }).locator("dd a, dd");
    const before = Number.parseInt((await began.first().textContent()) ?? "", 10);
    await page.locator(".report-fold summary").first().click();
    await write(hilo.cast, { from: "5215500009999", name: "Nueva", message: "Hola", at: new Date() });
    await keepFacts(hilo.cast.system);
    await page
      .locator(".report-figures > div", { hasText: "Conversaciones" })
      .locator("dd", { hasText: String(before + 1) })
      .waitFor();
    // What was opened stays open.
    expect(await page.locator(".report-fold[open]").count()).to.equal(1);
    expect(complaints).to.deep.equal([]);
    await context.close();
  });

  it("tables are put in order by any column, with the keyboard, and what says nothing stands last", async () => {
    const { context, page, complaints } = await signIn(browser, hilo.url, "carmen");
    await page.goto(`${hilo.url}/reports/conversations?period=last_365`);
    const names = () => page.locator("table[data-sorts] tbody th").allTextContents();
    const before = await names();
    expect(before.length).to.be.greaterThan(1);
    await page.locator("th .sort", { hasText: "Cliente" }).focus();
    await page.keyboard.press("Enter");
    expect(await names()).to.deep.equal(before.toSorted((a, b) => a.localeCompare(b, "es")));
    await page.keyboard.press("Enter");
    expect(await names()).to.deep.equal(before.toSorted((a, b) => b.localeCompare(a, "es")));
    expect(await page.locator("th[aria-sort=descending]").count()).to.equal(1);
    await page.locator("th .sort", { hasText: "1.ª resp." }).click();
    const values = await page.locator("table[data-sorts] tbody tr td:nth-child(5)").allTextContents();
    const said = values.indexOf("–");
    expect(values.slice(said === -1 ? values.length : said).every((one) => one === "–")).to.equal(true);
    expect(complaints).to.deep.equal([]);
    await context.close();
  });

  it("a supervisor nudges and gives from the board, by keyboard and by pointer", async () => {
    const carmen = await signIn(browser, hilo.url, "carmen");
    const { conversationId } = await write(hilo.cast, { from: "5215550001111", name: "Hugo Díaz" });
    await assign(hilo.cast.diego, conversationId, { agentId: hilo.cast.ids.ana });
    await goTo(carmen.page, `${hilo.url}/board`);
    const row = carmen.page.locator(`#board-row-${conversationId}`);
    await row.getByRole("button", { name: /Avisar/ }).press("Enter");
    const { db } = hilo.cast.platform;
    await eventually(() => db("alerts").where({ kind: "nudge", agent_id: hilo.cast.ids.ana }).first("id"));
    await row.locator("details summary").press("Enter");
    await row.getByRole("button", { name: "Bruno Vega" }).press("Enter");
    await row.locator("small", { hasText: "Bruno" }).waitFor();
    await row.getByRole("button", { name: /Tomar/ }).click();
    await carmen.page.locator(`#board-row-${conversationId} small`, { hasText: "Carmen" }).waitFor();
    expect(carmen.complaints).to.deep.equal([]);
    await carmen.context.close();
  });

  it("an agent goes away with a reason, and comes back", async () => {
    const ana = await signIn(browser, hilo.url, "ana");
    await goTo(ana.page, `${hilo.url}/inbox`);
    await ana.page.locator("#here > summary").click();
    await ana.page.locator("#here [name=reason]").fill("comida");
    await ana.page.getByRole("button", { name: "Ausentarme" }).click();
    await ana.page.locator("#here .dot-away").first().waitFor();
    const away = await hilo.cast.platform.db("agents").where({ id: hilo.cast.ids.ana }).first();
    expect(away).to.deep.include({ availability: "away", away_reason: "comida" });
    await ana.page.locator("#here > summary").press("Enter");
    await ana.page.getByRole("button", { name: "Disponible" }).press("Enter");
    await ana.page.locator("#here > summary .dot-online").waitFor();
    expect(ana.complaints).to.deep.equal([]);
    await ana.context.close();
  });

  it("keeps the script that shows alerts while no page is open, under the page's policy", async () => {
    const carmen = await signIn(browser, hilo.url, "carmen");
    await carmen.context.grantPermissions(["notifications"], { origin: hilo.url });
    await goTo(carmen.page, `${hilo.url}/board`);
    await carmen.page.locator("[data-sound]").click();
    expect(await carmen.page.locator("[data-sound]").getAttribute("aria-pressed")).to.equal("true");
    const script = await carmen.page.evaluate(
      async () => (await navigator.serviceWorker.ready).active?.scriptURL,
    );
    expect(script).to.match(/\/push-worker\.js$/);
    expect(carmen.complaints).to.deep.equal([]);
    await carmen.context.close();
  });
});
