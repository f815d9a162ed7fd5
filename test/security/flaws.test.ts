import { expect } from "chai";
import supertest from "supertest";
import { readConfig } from "../../src/config.ts";
import { ownPath } from "../../src/routes/sessions.ts";
import { row, rows } from "../../src/services/platform/database.ts";
import { decisions, place } from "../access/decisions.ts";
import { openWorld, type Subject, type World } from "../access/world.ts";
import { password } from "../support/cast.ts";
import { type Hilo, startHilo, tokenIn } from "../support/hilo.ts";

/** Each test is named after the flaw of others that it would have caught; numbers are those of docs/security/weaknesses.md. */
describe("flaws of others", function () {
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
  /** Pages that somebody signed in may look at; not the stream, which does not end. */
  const looks = decisions.filter(
    ({ method, of, path }) =>
      method === "get" && !["anybody", "demo"].includes(of) && path !== "/live" && !path.startsWith("/api"),
  );
  const sums = async (but: string[]) => {
    const tables = await rows<{ name: string }>(
      hilo.cast.platform.db,
      "select tablename as name from pg_tables where schemaname = 'public' and not tablename = any(?) order by 1",
      [but],
    );
    const found: Record<string, string> = {};
    for (const { name } of tables)
      found[name] =
        (
          await row<{ sum: string }>(
            hilo.cast.platform.db,
            `select md5(coalesce(string_agg((to_jsonb(t) - '{last_seen_at,last_active_at,availability_changed_at}'::text[])::text, '' order by to_jsonb(t)::text), '')) as sum from "${name}" t`,
          )
        )?.sum ?? "";
    return found;
  };

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

  it("39 forgeable attachment link: 2,000 guesses of a file's name open nothing", async () => {
    const cookie = await hilo.cookie("diego");
    let opened = 0;
    for (let n = 0; n < 2000; n += 100) {
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, k) => {
          const guess = (n + k).toString(16).padStart(32, "0");
          return fetch(`${hilo.url}/files/${n % 200 ? guess : subject.file?.replace(/.$/, "x")}`, {
            headers: { cookie },
          });
        }),
      );
      for (const answer of answers) {
        if (answer.status !== 404) opened += 1;
        await answer.body?.cancel();
      }
    }
    expect(opened).to.equal(0);
    expect(subject.file).to.match(/^[0-9a-f]{32}$/);
  });

  it("40 64 what only looks changes nothing: every page, all tables before and after", async () => {
    // What somebody looked at is the audit's; that they are there is theirs.
    const but = ["sessions", "rate_limits", "viewers", "audit_events", "seals", "service_windows"];
    const cookie = await hilo.cookie("ana");
    // The firm's keys for browser push are made when somebody first asks for them.
    await fetch(`${hilo.url}/push/key`, { headers: { cookie } });
    const before = await sums(but);
    const asked = { cookie, "sec-fetch-site": "cross-site" };
    for (const { path, of } of looks) {
      const answer = await fetch(hilo.url + pathOf(path, of), { headers: asked, redirect: "manual" });
      await answer.body?.cancel();
    }
    expect(await sums(but)).to.deep.equal(before);
  });

  it("65 cached pages: no answer to somebody signed in is kept by a browser or a proxy", async () => {
    const cookie = await hilo.cookie("diego");
    const kept: string[] = [];
    for (const { path, of } of looks.filter((one) => !/^\/(tags\.css|files)/.test(one.path))) {
      const answer = await fetch(hilo.url + pathOf(path, of), { headers: { cookie }, redirect: "manual" });
      await answer.body?.cancel();
      if (answer.headers.get("cache-control") !== "no-store")
        kept.push(`${path}: ${answer.headers.get("cache-control")}`);
    }
    expect(kept).to.deep.equal([]);
  });

  it("54 session fixation: the id changes at sign-in, with the password and with the second factor; the old one is dead", async () => {
    const browser = supertest.agent(hilo.url);
    const cookieOf = (answer: supertest.Response) =>
      (answer.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
    const first = cookieOf(
      await browser.post("/login").type("form").send({ email: "bruno@firm.test", password }),
    );
    const planted = await supertest(hilo.url)
      .post("/login")
      .set("Cookie", first)
      .type("form")
      .send({ email: "bruno@firm.test", password });
    expect(cookieOf(planted)).to.not.equal(first).and.not.equal("");
    const mine = supertest.agent(hilo.url);
    const before = cookieOf(
      await mine.post("/login").type("form").send({ email: "bruno@firm.test", password }),
    );
    mine.set("X-Form-Token", tokenIn((await mine.get("/settings/profile")).text));
    const next = "otra clave bastante larga";
    const changed = await mine
      .post("/settings/password")
      .type("form")
      .send({ current: password, next })
      .expect(303);
    expect(cookieOf(changed)).to.not.equal(before).and.not.equal("");
    for (const old of [before, first])
      expect((await supertest(hilo.url).get("/inbox").set("Cookie", old)).status).to.equal(303);
    expect((await mine.get("/inbox")).status).to.equal(200);
    const out = cookieOf(changed);
    await mine.post("/logout").expect(303);
    expect((await supertest(hilo.url).get("/inbox").set("Cookie", out)).status).to.equal(303);
  });

  it("55 pass the hash: what is stored of a password opens nothing", async () => {
    const stored = await row<{ hash: string }>(
      hilo.cast.platform.db,
      "select password_hash as hash from agents where id = ?",
      [hilo.cast.ids.diego],
    );
    for (const guess of [stored?.hash ?? "", "", " ", "\u200b"])
      expect(
        (
          await supertest(hilo.url)
            .post("/login")
            .type("form")
            .send({ email: "diego@firm.test", password: guess })
        ).status,
      ).to.equal(422);
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

  it("50 58 trusted headers: addresses that a client writes itself count for nothing", async () => {
    const guess = (n: number) =>
      supertest(hilo.url)
        .post("/login")
        .set("X-Forwarded-For", `203.0.113.${n}`)
        .set("X-Forwarded-User", "diego@firm.test")
        .set("X-Remote-User", "diego")
        .type("form")
        .send({ email: `x${n}@firm.test`, password: "wrong" });
    const statuses: number[] = [];
    for (let n = 0; n < 60; n += 1) statuses.push((await guess(n)).status);
    expect(statuses.at(-1)).to.equal(429);
    const audited = await rows<{ address: string }>(
      hilo.cast.platform.db,
      "select distinct address from audit_events where address is not null",
    );
    expect(audited.filter(({ address }) => address.startsWith("203.0.113."))).to.deep.equal([]);
    expect(
      (await supertest(hilo.url).get("/inbox").set("X-Forwarded-User", "diego@firm.test")).status,
    ).to.equal(303);
  });
});
