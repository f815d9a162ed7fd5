import { expect } from "chai";
import { generate } from "otplib";
import supertest from "supertest";
import { deactivateAgent } from "../../src/services/agents/agent.ts";
import { listRoles } from "../../src/services/agents/queries.ts";
import { requireSecondFactor } from "../../src/services/agents/save-role.ts";
import { row, rows } from "../../src/services/platform/database.ts";
import { password } from "../support/cast.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";

const fresh = "maiz tranvia lunes violeta";
type Browser = ReturnType<typeof supertest.agent>;

describe("entering: invitations, links, second factors, sessions", () => {
  let hilo: Hilo;
  beforeEach(async () => {
    hilo = await startHilo();
  });
  afterEach(() => hilo.close());

  const linkIn = (html: string): string => /\/passwords\/([\w-]{20,})/.exec(html)?.[1] ?? "no link";
  const invite = async (email = "nora@firm.test"): Promise<string> => {
    const diego = await hilo.as("diego");
    const page = await diego
      .post("/settings/agents")
      .type("form")
      .send({ name: "Nora Paz", email, role: "agent" })
      .expect(201);
    return linkIn(page.text);
  };
  const setPassword = (browser: Browser, token: string, chosen = fresh) =>
    browser.post(`/passwords/${token}`).type("form").send({ password: chosen });
  const signIn = (browser: Browser, email: string, secret: string) =>
    browser.post("/login").type("form").send({ email, password: secret });
  const isIn = async (browser: Browser) => (await browser.get("/inbox")).status === 200;
  /** Turns the second factor of a browser's person on. */
  const secure = async (browser: Browser) => {
    const offer = await browser.post("/settings/second-factor").expect(200);
    const secret = (/<code>([A-Z2-7 ]{20,})<\/code>/.exec(offer.text)?.[1] ?? "").replaceAll(" ", "");
    const code = await generate({ secret });
    const page = await browser.post("/settings/second-factor/confirmation").type("form").send({ code });
    const codes = [...page.text.matchAll(/<code>([a-z2-7-]{19})<\/code>/g)].map(([, one]) => one ?? "");
    return { secret, code, codes, status: page.status };
  };
  /** The code that comes after the one taken now: each is taken once. */
  const nextCode = (secret: string) => generate({ secret, epoch: Math.floor(Date.now() / 1000) + 30 });

  it("an invitation opens the door once, to whoever chooses a password, and its link is kept nowhere", async () => {
    const token = await invite();
    const stored = await rows(hilo.cast.platform.db, "select * from agent_links");
    expect(JSON.stringify(stored)).to.not.contain(token);
    expect((await signIn(supertest.agent(hilo.url), "nora@firm.test", "")).status).to.equal(422);
    const nora = supertest.agent(hilo.url);
    const page = await nora.get(`/passwords/${token}`).expect(200);
    expect(page.headers["referrer-policy"]).to.equal("no-referrer");
    expect(page.headers["cache-control"]).to.equal("no-store");
    expect((await setPassword(nora, token, "1234567890")).status).to.equal(422);
    expect((await setPassword(nora, token, "NoraPaz2026")).status).to.equal(422);
    await setPassword(nora, token).expect(303).expect("Location", "/inbox");
    expect(await isIn(nora)).to.equal(true);
    expect((await setPassword(supertest.agent(hilo.url), token)).status).to.equal(404);
    await signIn(supertest.agent(hilo.url), "nora@firm.test", fresh).expect(303);
  });

  it("two people with one link do not both succeed; a new link ends the old one; nobody comes in after leaving", async () => {
    const token = await invite();
    const answers = await Promise.all(
      ["uno", "dos", "tres", "cuatro"].map((word) =>
        setPassword(supertest.agent(hilo.url), token, `${fresh} ${word}`),
      ),
    );
    expect(answers.filter(({ status }) => status === 303)).to.have.length(1);
    const diego = await hilo.as("diego");
    const nora = await row<{ id: number }>(
      hilo.cast.platform.db,
      "select id from agents where email = 'nora@firm.test'",
    );
    const link = async () => linkIn((await diego.post(`/settings/agents/${nora?.id}/link`).expect(200)).text);
    const first = await link();
    const second = await link();
    expect((await hilo.anonymous.get(`/passwords/${first}`)).status).to.equal(404);
    expect((await hilo.anonymous.get(`/passwords/${second}`)).status).to.equal(200);
    await deactivateAgent(hilo.cast.diego, nora?.id ?? 0);
    expect((await hilo.anonymous.get(`/passwords/${second}`)).status).to.equal(404);
    expect((await setPassword(supertest.agent(hilo.url), second)).status).to.equal(404);
  });

  it("a link that ran out opens nothing", async () => {
    const token = await invite();
    await hilo.cast.platform.db.raw("update agent_links set expires_at = now() - interval '1 second'");
    expect((await hilo.anonymous.get(`/passwords/${token}`)).status).to.equal(404);
    expect((await setPassword(supertest.agent(hilo.url), token)).status).to.equal(404);
  });

  it("asking for a link says the same of a known and an unknown address, and is limited", async () => {
    const ask = (email: string) => hilo.anonymous.post("/passwords").type("form").send({ email });
    const [known, unknown] = [await ask("ana@firm.test"), await ask("nadie@firm.test")];
    const bare = ({ text }: { text: string }) => text.replaceAll(/nonce="[^"]*"/g, "");
    expect(bare(known)).to.equal(bare(unknown));
    expect(known.status).to.equal(unknown.status);
    for (let n = 0; n < 2; n += 1) await ask("ana@firm.test");
    const refused = await ask("ana@firm.test");
    expect(refused.status).to.equal(429);
    expect(Number(refused.headers["retry-after"])).to.be.greaterThan(0);
  });

  it("a reset ends every session and does not pass the second factor", async () => {
    const ana = await hilo.as("ana");
    const { secret, code } = await secure(ana);
    expect(await isIn(ana)).to.equal(true);
    const diego = await hilo.as("diego");
    const page = await diego.post(`/settings/agents/${hilo.cast.ids.ana}/link`).expect(200);
    const other = supertest.agent(hilo.url);
    await setPassword(other, linkIn(page.text)).expect(303).expect("Location", "/login?reset=1");
    expect(await isIn(ana)).to.equal(false);
    expect(await isIn(other)).to.equal(false);
    await signIn(other, "ana@firm.test", fresh).expect(303).expect("Location", "/login/code");
    expect(await isIn(other)).to.equal(false);
    const enter = (typed: string) => other.post("/login/code").type("form").send({ code: typed });
    expect((await enter(code)).status, "a code that was taken").to.equal(422);
    expect((await enter("000000")).status).to.equal(422);
    await enter(await nextCode(secret)).expect(303);
    expect(await isIn(other)).to.equal(true);
  });

  it("one code, or one recovery code, at one moment lets one in", async () => {
    const { secret, codes } = await secure(await hilo.as("ana"));
    expect(codes).to.have.length(10);
    const race = async (typed: string) => {
      const browsers = [0, 1, 2, 3].map(() => supertest.agent(hilo.url));
      for (const browser of browsers) await signIn(browser, "ana@firm.test", password).expect(303);
      const answers = await Promise.all(
        browsers.map((browser) => browser.post("/login/code").type("form").send({ code: typed })),
      );
      return answers.filter(({ status }) => status === 303).length;
    };
    expect(await race(await nextCode(secret))).to.equal(1);
    expect(await race(codes[0] ?? "")).to.equal(1);
    expect(await race(codes[0] ?? "")).to.equal(0);
  });

  it("guesses of codes are limited for each person, from wherever they come", async () => {
    await secure(await hilo.as("ana"));
    const statuses: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      const browser = supertest.agent(hilo.url);
      await signIn(browser, "ana@firm.test", password);
      const { status } = await browser.post("/login/code").type("form").send({ code: "123456" });
      statuses.push(status);
    }
    expect(statuses.slice(0, 10).every((status) => status === 422)).to.equal(true);
    expect(statuses[10]).to.equal(429);
  });

  it("nothing of the second step is open without the first, nor long after it", async () => {
    expect((await hilo.anonymous.get("/login/code")).headers.location).to.equal("/login");
    const { secret } = await secure(await hilo.as("ana"));
    const late = supertest.agent(hilo.url);
    await signIn(late, "ana@firm.test", password).expect("Location", "/login/code");
    await hilo.cast.platform.db.raw(
      `update sessions set sess = jsonb_set(sess::jsonb, '{pending,at}', '1')::json where sess #>> '{pending,agentId}' is not null`,
    );
    // Another process would ask the table; this one is made to.
    await hilo.as("bruno");
    await hilo.server.platform.memories.hear([{ type: "agent.changed", agentId: 0 }]);
    const answer = await late
      .post("/login/code")
      .type("form")
      .send({ code: await nextCode(secret) });
    expect(answer.headers.location).to.equal("/login");
  });

  it("a role that asks for a second factor opens nothing but the page where it is set up, in open sessions too", async () => {
    const ana = await hilo.as("ana");
    const role = (await listRoles(hilo.cast.diego)).find(({ name }) => name === "agent");
    await requireSecondFactor(hilo.cast.diego, role?.id ?? 0, true);
    await eventually(async () => (await ana.get("/inbox")).headers.location === "/settings/second-factor");
    const fragment = await ana.get("/inbox/list").set("HX-Request", "true");
    expect(fragment.headers["hx-redirect"]).to.equal("/settings/second-factor");
    expect((await ana.get("/live")).headers.location).to.equal("/settings/second-factor");
    expect((await ana.get("/settings/second-factor")).status).to.equal(200);
    expect((await secure(ana)).codes).to.have.length(10);
    expect(await isIn(ana)).to.equal(true);
    expect((await ana.post("/settings/second-factor/removal")).status).to.equal(409);
  });

  it("an administrator resets a lost second factor: sessions end, the password alone opens", async () => {
    const ana = await hilo.as("ana");
    await secure(ana);
    const diego = await hilo.as("diego");
    const path = `/settings/agents/${hilo.cast.ids.ana}/second-factor-reset`;
    expect((await (await hilo.as("carmen")).post(path)).status).to.equal(403);
    await diego.post(path).expect(303);
    expect(await isIn(ana)).to.equal(false);
    await signIn(supertest.agent(hilo.url), "ana@firm.test", password).expect("Location", "/inbox");
  });

  it("a sign-in that began before the password changed comes to nothing, and so does the code after it", async () => {
    const { platform } = hilo.cast;
    const { secret } = await secure(await hilo.as("ana"));
    const late = supertest.agent(hilo.url);
    await signIn(late, "ana@firm.test", password).expect("Location", "/login/code");
    await platform.db.raw("update agents set session_version = session_version + 1 where id = ?", [
      hilo.cast.ids.ana,
    ]);
    hilo.server.platform.memories.hear([{ type: "agent.changed", agentId: hilo.cast.ids.ana }]);
    const answer = await late
      .post("/login/code")
      .type("form")
      .send({ code: await nextCode(secret) });
    expect(answer.headers.location).to.equal("/login");
    expect(await isIn(late)).to.equal(false);
  });

  it("a secret that was shown and not used is not shown again to whoever comes later", async () => {
    const ana = await hilo.as("ana");
    const shown = async () =>
      /<code>([A-Z2-7 ]{20,})<\/code>/.exec((await ana.post("/settings/second-factor")).text)?.[1];
    expect(await shown()).to.not.equal(await shown());
  });
});
