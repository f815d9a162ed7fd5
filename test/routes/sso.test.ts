import { expect } from "chai";
import supertest from "supertest";
import { getAgent, listAgents } from "../../src/services/agents/queries.ts";
import { type SingleSignOn, saveSingleSignOn } from "../../src/services/agents/sso.ts";
import { rotateSecrets } from "../../src/services/inboxes/rotate-secrets.ts";
import { row, rows } from "../../src/services/platform/database.ts";
import { Conflict, Forbidden, Invalid } from "../../src/services/platform/errors.ts";
import { contextOf, password } from "../support/cast.ts";
import { type Hilo, rejected, startHilo, tokenIn } from "../support/hilo.ts";
import { type FakeIssuer, type Lie, startIssuer } from "../support/issuer.ts";

const secret = "provider-secret-9f2c";
type Browser = ReturnType<typeof supertest.agent>;

describe("single sign-on", () => {
  let hilo: Hilo;
  let issuer: FakeIssuer;
  const nora = { sub: "n-1", email: "nora@firm.test", email_verified: true, name: "Nora Paz" };
  const ana = { sub: "a-1", email: "ana@firm.test", email_verified: true, groups: ["ventas"] };

  beforeEach(async () => {
    issuer = await startIssuer("hilo", secret);
    hilo = await startHilo(async (url) => url, { INTERNAL_ORIGINS: issuer.url });
    await turnOn();
  });
  afterEach(async () => {
    await hilo.close();
    await issuer.close();
  });

  const wanted = (): SingleSignOn => ({
    name: "Firma",
    issuer: issuer.url,
    clientId: "hilo",
    groupsClaim: "groups",
    groups: [
      { group: "jefas", role: "supervisor" },
      { group: "ventas", role: "agent" },
    ],
    defaultRole: null,
    domains: ["firm.test"],
    enabled: true,
  });
  const diego = () => ({
    ...hilo.cast.diego,
    config: { ...hilo.cast.diego.config, internalOrigins: [issuer.url] },
  });
  const turnOn = (change: Partial<SingleSignOn> = {}) =>
    saveSingleSignOn(diego(), { ...wanted(), ...change }, secret);

  /** There and back. @returns where the browser ends. */
  const comeBack = async (
    browser: Browser,
    person: Record<string, unknown>,
    lie?: Lie,
    from = "/login/sso",
  ) => {
    const left = await browser.get(from).expect(303);
    const back = new URL(await issuer.visit(left.headers.location ?? "", person, lie));
    return (await browser.get(back.pathname + back.search).expect(303)).headers.location ?? "";
  };
  const enter = (person: Record<string, unknown>, lie?: Lie) =>
    comeBack(supertest.agent(hilo.url), person, lie);
  const people = async () => (await listAgents(hilo.cast.system)).length;

  it("a person of the firm comes in by the button, gets the role of their groups, and keeps following them", async () => {
    const browser = supertest.agent(hilo.url);
    expect((await browser.get("/login")).text).to.contain("Entrar con Firma");
    const sentTo = await comeBack(
      browser,
      { ...nora, groups: ["otro", "ventas", "jefas"], locale: "en-US" },
      {},
      "/login/sso?next=/search",
    );
    expect(sentTo).to.equal("/search");
    expect((await browser.get("/search")).status).to.equal(200);
    const made = await row<{ id: number }>(
      hilo.cast.platform.db,
      "select id from agents where email = 'nora@firm.test'",
    );
    const known = await getAgent(hilo.cast.system, made?.id ?? 0);
    expect(known).to.include({ name: "Nora Paz", roleName: "supervisor", locale: "en", isInvited: false });
    // Another address and another name later: still the same person, of whom groups decide.
    expect(await enter({ ...nora, email: "np@elsewhere.test", groups: ["ventas"] })).to.equal("/inbox");
    expect((await getAgent(hilo.cast.system, known.id)).roleName).to.equal("agent");
    expect(await enter({ ...nora, groups: [] })).to.equal("/login?sso=no_role&next=%2Finbox");
    const acts = await rows<{ act: string }>(
      hilo.cast.platform.db,
      "select act from audit_events where agent_id = ? order by id",
      [known.id],
    );
    expect(acts.map(({ act }) => act)).to.include.members([
      "agent.created",
      "agent.sso_linked",
      "agent.role_changed",
      "agent.signed_in",
    ]);
  });

  it("nobody comes in with a token of another audience, issuer, time, key or nonce, unsigned, or without a verified address", async () => {
    const now = Math.floor(Date.now() / 1000);
    const person = { ...ana };
    const lies: Record<string, Lie> = {
      audience: { claims: { aud: "somebody-else" } },
      issuer: { claims: { iss: "https://evil.test" } },
      expired: { claims: { exp: now - 3600, iat: now - 7200 } },
      "not yet": { claims: { nbf: now + 3600 } },
      nonce: { claims: { nonce: "another" } },
      "no nonce": { claims: { nonce: undefined } },
      "no subject": { claims: { sub: undefined } },
      stranger: { signedBy: "stranger" },
      unsigned: { signedBy: "nobody" },
      unverified: { claims: { email_verified: false } },
      "not said": { claims: { email_verified: undefined } },
      "no address": { claims: { email: undefined } },
      "another's userinfo": {
        claims: { email: undefined },
        userinfo: { sub: "x", email: "ana@firm.test", email_verified: true },
      },
      domain: { claims: { email: "ana@elsewhere.test" } },
    };
    const before = await people();
    for (const [name, lie] of Object.entries(lies))
      expect(await enter(person, lie), name).to.match(/^\/login\?sso=(failed|unverified|domain)&/);
    expect(await people()).to.equal(before);
    expect(await rows(hilo.cast.platform.db, "select 1 from agents where sso_subject is not null")).to.be
      .empty;
    // What the token leaves out the userinfo of the same person may say.
    const thin = { claims: { email: undefined, email_verified: undefined, groups: undefined } };
    expect(await enter(ana, { ...thin, userinfo: { ...ana } })).to.equal("/inbox");
  });

  it("an answer is good once, for the browser that asked, and state and code cannot be swapped", async () => {
    const [one, two] = [supertest.agent(hilo.url), supertest.agent(hilo.url)];
    const left = await one.get("/login/sso").expect(303);
    const back = new URL(await issuer.visit(left.headers.location ?? "", ana));
    const path = back.pathname + back.search;
    expect((await two.get(path)).headers.location).to.equal("/login?sso=stale");
    await two.get("/login/sso").expect(303);
    expect((await two.get(path)).headers.location).to.contain("/login?sso=failed");
    expect((await one.get(path)).headers.location).to.equal("/inbox");
    expect((await one.get(path)).headers.location).to.equal("/login?sso=stale");
    expect((await supertest.agent(hilo.url).get("/login/sso/callback?error=access_denied")).status).to.equal(
      303,
    );
  });

  it("whoever had an account is linked to it, loses its password and old links, and nobody else gets its address", async () => {
    const sessions = await hilo.as("ana");
    expect(await enter(ana)).to.equal("/inbox");
    expect((await sessions.get("/inbox")).status, "a session from before").to.equal(303);
    const login = { email: "ana@firm.test", password };
    expect((await hilo.anonymous.post("/login").type("form").send(login)).status).to.equal(422);
    expect(await enter({ ...ana, sub: "a-2" })).to.contain("sso=other_person");
    // The last one who could open the door to others keeps the key, in case the provider fails.
    await turnOn({ groups: [{ group: "ventas", role: "admin" }] });
    expect(await enter({ ...ana, sub: "d-1", email: "diego@firm.test" })).to.equal("/inbox");
    await hilo.as("diego");
    await hilo.cast.platform.db("agents").where({ id: hilo.cast.ids.bruno }).update({
      deactivated_at: new Date(),
    });
    expect(await enter({ ...ana, sub: "b-1", email: "bruno@firm.test" })).to.contain("sso=refused");
  });

  it("a slash at the end of the issuer's name locks nobody out", async () => {
    await turnOn({ issuer: `${issuer.url}/` });
    expect(await enter({ ...nora, groups: ["ventas"] })).to.equal("/inbox");
    expect(await enter({ ...nora, groups: ["ventas"] })).to.equal("/inbox");
  });

  it("two who come in for the first time at one moment are one account", async () => {
    const before = await people();
    const ends = await Promise.all(Array.from({ length: 6 }, () => enter({ ...nora, groups: ["ventas"] })));
    expect(new Set(ends)).to.deep.equal(new Set(["/inbox"]));
    expect(await people()).to.equal(before + 1);
  });

  it("47: what is incomplete is not kept, and only who may do everything decides whom we believe", async () => {
    const odd: [Partial<SingleSignOn>, string][] = [
      [{ issuer: "http://id.firm.test" }, "issuer"],
      [{ issuer: "https://127.0.0.1" }, "issuer"],
      [{ issuer: "https://2130706433" }, "issuer"],
      [{ clientId: "" }, "client_id"],
      [{ groups: [] }, "groups"],
      [{ defaultRole: "agent", domains: [] }, "domains"],
      [{ issuer: `${issuer.url}/nothing` }, "issuer"],
    ];
    for (const [change, field] of odd) {
      const error = await rejected(turnOn(change));
      expect(error).to.be.instanceOf(Invalid);
      expect((error as Invalid).fields, JSON.stringify(change)).to.have.property(field);
    }
    const { db } = hilo.cast.platform;
    await db.raw("delete from single_sign_on");
    const bare = await rejected(saveSingleSignOn(diego(), wanted(), null));
    expect((bare as Invalid).fields).to.have.property("client_secret");
    expect(
      await rejected(Promise.resolve(db("single_sign_on").insert({ ...insertable(), client_secret: "" }))),
    ).to.match(/check constraint/);
    expect((await hilo.anonymous.get("/login/sso")).headers.location).to.equal("/login");
    expect((await hilo.anonymous.get("/login")).text).not.to.contain("/login/sso");
    expect(await rejected(saveSingleSignOn(hilo.cast.carmen, wanted(), secret))).to.be.instanceOf(Forbidden);
    const role = await row<{ id: number }>(
      db,
      "insert into roles (name, permissions) values ('gente', '{agents.manage,roles.manage,firm.manage}') returning id",
    );
    await db("agents").where({ id: hilo.cast.ids.carmen }).update({ role_id: role?.id });
    const half = await contextOf(hilo.cast.system, hilo.cast.ids.carmen);
    expect(await rejected(saveSingleSignOn(half, wanted(), secret))).to.be.instanceOf(Conflict);
  });
  const insertable = () => ({
    name: "x",
    issuer: issuer.url,
    client_id: "x",
    client_secret: "x",
    groups_claim: "g",
    enabled: true,
  });

  it("a second factor is asked for after the provider too, and proving again goes through the provider", async () => {
    const { db } = hilo.cast.platform;
    const again = supertest.agent(hilo.url);
    await comeBack(again, { ...nora, groups: ["ventas"] });
    const confirm = await again.get("/confirm?next=/settings/sessions");
    expect(confirm.text).to.contain("/login/sso?again=1&amp;next=%2Fsettings%2Fsessions");
    const from = "/login/sso?again=1&next=/settings/sessions";
    const left = await again.get(from).expect(303);
    expect(left.headers.location).to.contain("prompt=login");
    expect(
      await comeBack(again, { ...ana }, { claims: { auth_time: Math.floor(Date.now() / 1000) } }, from),
      "somebody else",
    ).to.contain("/confirm?sso=refused");
    const stale = { claims: { auth_time: Math.floor(Date.now() / 1000) - 3600 } };
    expect(await comeBack(again, { ...nora, groups: ["ventas"] }, stale, from)).to.contain(
      "/confirm?sso=not_fresh",
    );
    expect(await comeBack(again, { ...nora, groups: ["ventas"] }, {}, from), "says not when").to.contain(
      "/confirm?sso=not_fresh",
    );
    // This morning's word at the provider opens the door, and nothing that asks to be proved.
    expect((await again.get("/settings/second-factor")).headers.location).to.contain("/confirm");
    const fresh = { claims: { auth_time: Math.floor(Date.now() / 1000) } };
    expect(await comeBack(again, { ...nora, groups: ["ventas"] }, fresh, from)).to.equal(
      "/settings/sessions",
    );
    expect((await again.get("/settings/second-factor")).status).to.equal(200);
    // With a second factor of Hilo's own the provider's word opens half the door.
    await db.raw("update agents set totp_secret = ? where email = 'nora@firm.test'", [
      hilo.cast.platform.secrets.encrypt("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    ]);
    const half = supertest.agent(hilo.url);
    expect(await comeBack(half, { ...nora, groups: ["ventas"] })).to.equal("/login/code");
    expect((await half.get("/inbox")).status).to.equal(303);
  });

  it("is set up on its page; the secret is never shown again, and is encrypted anew with the others", async () => {
    const browser = await hilo.as("diego");
    const page = await browser.get("/settings/sso").expect(200);
    expect(page.text).to.contain(`${hilo.url}/login/sso/callback`).and.to.contain('value="jefas"');
    expect(page.text).not.to.contain(secret);
    const form = {
      name: "Otra",
      issuer: issuer.url,
      client_id: "hilo",
      client_secret: "",
      groups_claim: "roles",
      domains: "@firm.test, firma.test",
      default_role: "agent",
      group: ["todas", ""],
      role: ["supervisor", "agent"],
      enabled: "1",
    };
    const kept = await browser.post("/settings/sso").type("form").send(form);
    expect(kept.headers.location).to.equal("/settings/sso?saved=1");
    expect((await hilo.anonymous.get("/login")).text).to.contain("Entrar con Otra");
    const odd = await browser
      .post("/settings/sso")
      .type("form")
      .send({ ...form, domains: "no domain!" });
    expect(odd.status).to.equal(422);
    expect(odd.text).to.contain('value="todas"').and.to.contain("field-error");
    expect(tokenIn(page.text)).not.to.equal("");
    const audit = JSON.stringify(
      await rows(hilo.cast.platform.db, "select data from audit_events where act = 'sso.changed'"),
    );
    expect(audit).to.contain("todas").and.not.to.contain(secret);
    const stored = () =>
      row<{ text: string }>(hilo.cast.platform.db, "select client_secret as text from single_sign_on");
    const before = await stored();
    await rotateSecrets(hilo.cast.system);
    expect((await stored())?.text).not.to.equal(before?.text);
    expect(hilo.cast.platform.secrets.decrypt((await stored())?.text ?? "")).to.equal(secret);
    await browser.post("/settings/sso/removal").expect(303);
    expect((await hilo.anonymous.get("/login")).text).not.to.contain("/login/sso");
  });
});
