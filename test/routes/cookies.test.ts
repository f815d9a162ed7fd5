import { type AddressInfo, createServer } from "node:net";
import { expect } from "chai";
import supertest from "supertest";
import { endSessions } from "../../src/services/agents/sessions.ts";
import { row } from "../../src/services/platform/database.ts";
import { forgetOld } from "../../src/services/platform/retention.ts";
import { password } from "../support/cast.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";

/** One that nobody listens on. */
const freePort = () =>
  new Promise<number>((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });

describe("cookies and headers behind https", () => {
  let hilo: Hilo;
  let here: string;
  before(async () => {
    const port = await freePort();
    here = `http://127.0.0.1:${port}`;
    hilo = await startHilo(undefined, {
      BASE_URL: "https://hilo.test",
      TRUST_PROXY: "1",
      PORT: String(port),
    });
  });
  after(() => hilo.close());

  const signIn = () =>
    supertest(here)
      .post("/login")
      .set("X-Forwarded-Proto", "https")
      .type("form")
      .send({ email: "ana@firm.test", password });

  it("say that nothing is guessed, framed, shared or asked of others", async () => {
    for (const path of [
      "/login",
      "/assets/x/app.css",
      "/api/v1/contacts",
      "/nothing",
      "/healthz",
      "/webhooks/whatsapp",
    ]) {
      const { headers } = await supertest(here)
        .get(path)
        .set("Origin", "https://evil.test")
        .set("X-Forwarded-Proto", "https");
      expect(
        Object.keys(headers).filter((name) => name.startsWith("access-control-")),
        path,
      ).to.deep.equal([]);
      expect(headers["x-powered-by"], path).to.equal(undefined);
    }
    const { headers } = await supertest(here).get("/login").set("X-Forwarded-Proto", "https");
    expect(headers).to.include({
      "x-content-type-options": "nosniff",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "same-origin",
      "content-type": "text/html; charset=utf-8",
    });
    expect(headers["strict-transport-security"]).to.match(/max-age=31536000/);
  });

  it("carry what keeps a session ours: prefix, Secure, HttpOnly, SameSite, the whole site and no domain", async () => {
    const [cookie = ""] = (await signIn()).headers["set-cookie"] ?? [];
    expect(cookie).to.match(/^__Host-hilo=s%3A/);
    expect(cookie)
      .to.match(/; Secure/)
      .and.match(/; HttpOnly/)
      .and.match(/; SameSite=Lax/)
      .and.match(/; Path=\/(;|$)/);
    expect(cookie).to.not.match(/domain/i);
    const [, id = ""] = /s%3A([\w-]+)\./.exec(cookie) ?? [];
    expect(Buffer.from(id, "base64url").length).to.be.at.least(16);
  });

  it("collect what browsers stopped, from anybody, and swallow nonsense", async () => {
    expect((await supertest(here).get("/login")).headers["content-security-policy"]).to.contain(
      "report-uri /csp-reports",
    );
    const told = {
      "csp-report": { "effective-directive": "script-src", "blocked-uri": "https://evil.test/x?token=1" },
    };
    for (const body of [JSON.stringify(told), "{}", "[]", '{"csp-report":7}'])
      expect(
        (await supertest(here).post("/csp-reports").type("application/csp-report").send(body)).status,
        body,
      ).to.equal(204);
    const large = JSON.stringify({ "csp-report": { "blocked-uri": "x".repeat(20_000) } });
    expect(
      (await supertest(here).post("/csp-reports").type("application/csp-report").send(large)).status,
    ).to.equal(413);
  });

  it("end sessions that are idle or old, and each of a person's when it is asked for", async () => {
    const { db } = hilo.cast.platform;
    const many = async () =>
      (await row<{ n: number }>(db, "select count(*)::int as n from sessions where agent_id is not null"))?.n;
    await signIn();
    await signIn();
    await db.raw(
      "update sessions set last_seen_at = now() - interval '15 days' where sid in (select sid from sessions limit 1)",
    );
    const before = (await many()) ?? 0;
    await forgetOld(hilo.cast.system);
    expect(await many()).to.equal(before - 1);
    await db.raw("update sessions set expire = now() - interval '1 second'");
    await forgetOld(hilo.cast.system);
    expect(await many()).to.equal(0);
    await signIn();
    expect(await endSessions(hilo.cast.ana, hilo.cast.ids.ana, null, "none of these")).to.equal(1);
  });
});
