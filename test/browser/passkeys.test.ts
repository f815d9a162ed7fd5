import { expect } from "chai";
import type { Browser, CDPSession, Page } from "playwright-core";
import { deactivateAgent, reactivateAgent } from "../../src/services/agents/agent.ts";
import { listRoles } from "../../src/services/agents/queries.ts";
import { requireSecondFactor } from "../../src/services/agents/save-role.ts";
import { row } from "../../src/services/platform/database.ts";
import { openBrowser, signIn } from "../support/browser.ts";
import { password } from "../support/cast.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";

describe("passkeys, in a browser", () => {
  let hilo: Hilo;
  let browser: Browser;
  beforeEach(async () => {
    hilo = await startHilo();
    browser = await openBrowser();
  });
  afterEach(async () => {
    await browser.close();
    await hilo.close();
  });

  /** A key in the browser, as a phone or a laptop has one. @param isVerified whether its owner shows a finger. */
  async function plugIn(page: Page, isVerified = true): Promise<{ cdp: CDPSession; id: string }> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable");
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: isVerified,
        automaticPresenceSimulation: true,
      },
    });
    return { cdp, id: authenticatorId };
  }
  async function addKey(page: Page) {
    await page.goto(`${hilo.url}/settings/second-factor`);
    await page.fill("[data-passkey] [name=name]", "Mi portátil");
    await page.click("[data-passkey] button");
    await page.getByText("Mi portátil").waitFor();
  }
  const signOut = async (page: Page) => {
    await page.goto(`${hilo.url}/settings`);
    await page.click("form[action='/logout'] button");
    await page.waitForURL("**/login");
  };

  it("are made, open the door without a password, count as the second factor, and are taken away", async () => {
    const { page, complaints } = await signIn(browser, hilo.url, "ana");
    const elsewhere = await hilo.as("ana");
    await plugIn(page);
    await addKey(page);
    expect((await elsewhere.get("/inbox")).status, "opened without it").to.equal(303);
    await signOut(page);
    await page.getByRole("button", { name: "Entrar con una llave" }).click();
    await page.waitForURL("**/inbox");
    const kept = await row<{ counter: number; used: Date | null }>(
      hilo.cast.platform.db,
      "select counter, last_used_at as used from passkeys",
    );
    expect(kept?.used).to.be.instanceOf(Date);

    // With the password alone nobody is in any more.
    await signOut(page);
    await page.fill("[name=email]", "ana@firm.test");
    await page.fill("[name=password]", password);
    await page.click("button.go");
    await page.waitForURL("**/login/code");
    await page.getByRole("button", { name: "Entrar con una llave" }).click();
    await page.waitForURL("**/inbox");

    const role = (await listRoles(hilo.cast.diego)).find(({ name }) => name === "agent");
    await requireSecondFactor(hilo.cast.diego, role?.id ?? 0, true);
    await page.goto(`${hilo.url}/inbox`);
    expect(new URL(page.url()).pathname).to.equal("/inbox");
    await page.goto(`${hilo.url}/settings/second-factor`);
    await page.getByRole("button", { name: "Quitar" }).click();
    expect(await page.locator("main").innerText()).to.contain("Tu rol pide un segundo factor");
    await requireSecondFactor(hilo.cast.diego, role?.id ?? 0, false);
    await page.goto(`${hilo.url}/settings/second-factor`);
    await page.getByRole("button", { name: "Quitar" }).click();
    await page.waitForURL("**/settings/second-factor");
    expect(await page.getByText("Mi portátil").count()).to.equal(0);
    expect(complaints).to.deep.equal([]);
  });

  it("open nothing for who left, for a copied key, for an old answer, or without a finger", async () => {
    const { page } = await signIn(browser, hilo.url, "ana");
    const { cdp, id } = await plugIn(page);
    await addKey(page);
    const { db } = hilo.cast.platform;
    const refused = async () => {
      await page.goto(`${hilo.url}/login`);
      await page.getByRole("button", { name: "Entrar con una llave" }).click();
      await page.getByText("Esa llave no sirvió").waitFor();
      return (await page.context().cookies()).length >= 0 && new URL(page.url()).pathname === "/login";
    };
    await signOut(page);
    await deactivateAgent(hilo.cast.diego, hilo.cast.ids.ana);
    expect(await refused(), "left").to.equal(true);
    await reactivateAgent(hilo.cast.diego, hilo.cast.ids.ana);

    // Whose door the provider of single sign-on opens: a passkey alone would outlive their leaving it.
    await db.raw(
      "insert into single_sign_on (name, issuer, client_id, client_secret, groups_claim, enabled) values ('I', 'https://id.test', 'c', 's', 'g', true)",
    );
    await db.raw("update agents set sso_issuer = 'https://id.test', sso_subject = 'a' where id = ?", [
      hilo.cast.ids.ana,
    ]);
    expect(await refused(), "of the provider").to.equal(true);
    await db.raw("delete from single_sign_on");

    await db.raw("update passkeys set counter = counter + 1000");
    expect(await refused(), "copied").to.equal(true);
    await db.raw("update passkeys set counter = 0");

    let answer: string | null = null;
    await page.route("**/login/passkey", async (route) => {
      answer = route.request().postData();
      await route.continue();
    });
    await page.goto(`${hilo.url}/login`);
    await page.getByRole("button", { name: "Entrar con una llave" }).click();
    await page.waitForURL("**/inbox");
    const again = (cookie: string) =>
      fetch(`${hilo.url}/login/passkey`, {
        method: "POST",
        headers: { "content-type": "application/json", cookie },
        body: answer ?? "",
      });
    expect((await again("")).status, "an answer without its question").to.equal(422);
    const asked = await fetch(`${hilo.url}/login/passkey/options`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    const cookie = asked.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect((await again(cookie)).status, "an old answer to a new question").to.equal(422);

    await signOut(page);
    await cdp.send("WebAuthn.setUserVerified", { authenticatorId: id, isUserVerified: false });
    await page.goto(`${hilo.url}/login`);
    await page.getByRole("button", { name: "Entrar con una llave" }).click();
    await page.waitForTimeout(300);
    expect(new URL(page.url()).pathname, "without a finger").to.equal("/login");
    expect(
      (
        await fetch(`${hilo.url}/login/passkey`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: '{"response":{"id":"x","response":{}}}',
        })
      ).status,
    ).to.equal(422);
  });
});
