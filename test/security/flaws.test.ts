import { expect } from "chai";
import supertest from "supertest";
import { readConfig } from "../../src/config.ts";
import { ownPath } from "../../src/routes/sessions.ts";
import { row } from "../../src/services/platform/database.ts";
import { decisions, place } from "../access/decisions.ts";
import { openWorld, type Subject, type World } from "../access/world.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";

/** Each test is named after the flaw of others that it would have caught; numbers are those of docs/security/weaknesses.md. */
describe("flaws of others: what is sent", function () {
  this.timeout(120_000);
  let hilo: Hilo;
  let world: World;
  let subject: Subject;
  let diego: ReturnType<typeof supertest.agent>;
  before(async () => {
    hilo = await startHilo(undefined, { ROLE: "web" });
    world = await openWorld(hilo.cast);
    subject = await world.make("own");
    diego = await hilo.as("diego");
  });
  after(() => hilo.close());

  const pathOf = (path: string, of: string) =>
    place(path, { ...world.firm, ...subject, id: subject[of] ?? world.firm[of] ?? "1" });
  it("13 template options from data: what is sent never reaches the templates as their settings", async () => {
    const options =
      "settings[view options][escape]=x&settings[autoEscape]=false&autoEscape=false&cache=false&views=/etc&include=/etc/passwd";
    const page = await diego.get(`/contacts?q=<b>x</b>&${options}`).expect(200);
    expect(page.text).to.contain("&lt;b&gt;x").and.not.contain("<b>x</b>");
    const form = await diego
      .post("/settings/profile")
      .type("form")
      .send(`name=<i>y</i>&locale=es&timeZone=x&availability=online&${options}`);
    expect(form.text).to.contain("&lt;i&gt;y").and.not.contain("<i>y</i>");
  });

  it("23 24 25 mass assignment: columns that no form has are not written", async () => {
    const ana = await hilo.as("ana");
    const before = await row(
      hilo.cast.platform.db,
      "select role_id, password_hash, email, receives, created_at, session_version from agents where id = ?",
      [hilo.cast.ids.ana],
    );
    const more = {
      id: 1,
      agent_id: 1,
      role_id: 3,
      roleId: 3,
      role: "admin",
      permissions: ["agents.manage"],
      password_hash: "x",
      passwordHash: "x",
      email: "x@x.test",
      session_version: 99,
      receives: "1",
      created_at: "2001-01-01",
      deactivated_at: "2001-01-01",
      totp_secret: "x",
    };
    await ana
      .post("/settings/profile")
      .type("form")
      .send({ name: "Ana Torres", locale: "es", timeZone: "UTC", availability: "online", ...more })
      .expect(303);
    await ana
      .post("/presence/availability")
      .type("form")
      .send({ availability: "online", ...more });
    expect(
      await row(
        hilo.cast.platform.db,
        "select role_id, password_hash, email, receives, created_at, session_version from agents where id = ?",
        [hilo.cast.ids.ana],
      ),
    ).to.deep.equal(before);
    const card = await row<Record<string, unknown>>(
      hilo.cast.platform.db,
      "select id, merged_into_id, erased_at, created_at, first_seen_at, phone_match_key from contacts where id = ?",
      [subject.contact],
    );
    await ana.post(`/contacts/${subject.contact}`).type("form").send({
      name: "Otra",
      phone: "",
      email: "",
      company: "",
      jobTitle: "",
      tags: "",
      id: 999,
      merged_into_id: 1,
      mergedIntoId: 1,
      erased_at: "2001-01-01",
      created_at: "2001-01-01",
      first_seen_at: "2001-01-01",
      company_id: 1,
      isolated_inbox_id: 1,
    });
    const after = await row<Record<string, unknown>>(
      hilo.cast.platform.db,
      "select id, merged_into_id, erased_at, created_at, first_seen_at, phone_match_key from contacts where id = ?",
      [subject.contact],
    );
    expect({ ...after, phone_match_key: null }).to.deep.equal({ ...card, phone_match_key: null });
  });

  it("31 68 type confusion: arrays and objects where one value belongs are refused, never an error of ours", async () => {
    const ana = await hilo.as("ana");
    const odd: Record<string, unknown>[] = [
      { $ne: 1 },
      { text: { $gt: "" } },
      { text: ["a", "b"] },
      { agent_id: { in: [1, 2] } },
      { preset: [] },
    ];
    const writes = decisions.filter(
      ({ method, of }) => method !== "get" && ["conversation", "contact", "case", "commitment"].includes(of),
    );
    const wrong: string[] = [];
    for (const { method, path, of } of writes.filter((one) => !one.path.startsWith("/api")))
      for (const body of odd) {
        const { status } = await ana[method as "post"](pathOf(path, of)).set("HX-Request", "true").send(body);
        if (status >= 500) wrong.push(`${method} ${path} ${JSON.stringify(body)}: ${status}`);
      }
    for (const query of [
      "q[]=a&q[]=b",
      "q=a&q=b",
      "view[x]=1",
      "before[]=1",
      "status=a&status=b",
      "q[$ne]=1",
      "%00=1&q=%00",
    ])
      for (const path of ["/inbox", "/contacts", "/search", "/audit", "/companies", "/commitments"])
        if ((await diego.get(`${path}?${query}`)).status >= 500) wrong.push(`${path}?${query}`);
    expect(wrong).to.deep.equal([]);
  });

  it("60 long password: a megabyte is refused before it is hashed", async () => {
    const long = "x".repeat(1_000_000);
    for (const path of ["/login", "/passwords/x"])
      expect(
        (await supertest(hilo.url).post(path).type("form").send({ email: "a@b.test", password: long }))
          .status,
      ).to.equal(413);
    expect(
      (await diego.post("/settings/password").type("form").send({ current: long, next: long })).status,
    ).to.equal(413);
  });

  it("66 open redirect: where one goes on after signing in is always one of our own pages", () => {
    const away = [
      "//evil.test",
      "/\\evil.test",
      "https:evil.test",
      "https://evil.test",
      "/%2f%2fevil.test/..//evil.test",
      "/a\r\nLocation: //evil.test",
      "javascript:alert(1)",
      "/\t/evil.test",
      "\\\\evil.test",
      "/./\\evil.test",
      "///evil.test",
      "/@evil.test//x\\y",
    ];
    for (const path of away) {
      const url = new URL(ownPath(path), "https://hilo.test");
      expect(url.origin, path).to.equal("https://hilo.test");
      expect(ownPath(path), path).to.match(/^\/(?![/\\])/);
    }
    expect(ownPath("/conversations/7?show=1")).to.equal("/conversations/7?show=1");
  });

  it("67 SQL injection in filters: no quote, operator or sleep in a question reaches the database as anything but text", async () => {
    const probes = [
      "'",
      '"',
      "';select pg_sleep(9)--",
      "1 or 1=1",
      "') or pg_sleep(9) is null--",
      "%' or '1'='1",
      "\\",
      "$1",
      "?",
      ":x",
      "::int",
      "{}",
      "[]",
      "null",
      "-1",
      "1e9",
      "\u0000",
      "x\u2028y",
    ];
    const names = [
      "q",
      "view",
      "status",
      "before",
      "after",
      "limit",
      "cursor",
      "actor",
      "about",
      "from",
      "until",
      "show",
      "lack",
      "kind",
      "field",
      "contact",
      "conversation",
    ];
    const wrong: string[] = [];
    for (const path of [
      "/inbox/list",
      "/contacts",
      "/search",
      "/audit",
      "/companies",
      `/contacts/${subject.contact}/timeline`,
      `/contacts/${subject.contact}/files`,
      "/settings/inbound-events",
    ])
      for (const name of names)
        for (const probe of probes) {
          const { status } = await diego.get(`${path}?${name}=${encodeURIComponent(probe)}`);
          if (status >= 500) wrong.push(`${path}?${name}=${probe}: ${status}`);
        }
    expect(wrong).to.deep.equal([]);
    const slept = await row(
      hilo.cast.platform.db,
      "select 1 from pg_stat_activity where query like '%pg_sleep(9)%' and pid <> pg_backend_pid() and wait_event = 'PgSleep'",
    );
    expect(slept).to.equal(null);
  });

  it("84 prototype pollution: no body changes what every object has", async () => {
    const ana = await hilo.as("ana");
    const json = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"text":"x"}';
    const form = "__proto__[polluted]=1&constructor[prototype][polluted]=1&__proto__.polluted=1&text=x";
    for (const { method, path, of } of decisions.filter(
      (one) => one.method !== "get" && ["conversation", "contact"].includes(one.of),
    )) {
      if (path.startsWith("/api")) continue;
      const act = () => ana[method as "post"](pathOf(path, of)).set("HX-Request", "true");
      expect((await act().type("json").send(json)).status, path).to.be.below(500);
      expect((await act().type("form").send(form)).status, path).to.be.below(500);
    }
    expect(({} as { polluted?: unknown }).polluted).to.equal(undefined);
  });

  it("53 default secret: a key that is short is refused at the start, and there is none to begin with", () => {
    for (const key of ["secret", "changeme", "x".repeat(31)])
      expect(() => readConfig({ SECRET_KEY: key }), key).to.throw();
    expect(readConfig({}).secretKey).to.equal(null);
  });
});
