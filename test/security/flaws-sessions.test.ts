import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { expect } from "chai";
import supertest from "supertest";
import { row, rows } from "../../src/services/platform/database.ts";
import { decisions, place } from "../access/decisions.ts";
import { openWorld, type Subject, type World } from "../access/world.ts";
import { password } from "../support/cast.ts";
import { type Hilo, startHilo, tokenIn } from "../support/hilo.ts";

/** Each test is named after the flaw of others that it would have caught; numbers are those of docs/security/weaknesses.md. */
describe("flaws of others: who is in", function () {
  this.timeout(120_000);
  let hilo: Hilo;
  let world: World;
  let subject: Subject;
  before(async () => {
    hilo = await startHilo(undefined, { ROLE: "web" });
    world = await openWorld(hilo.cast);
    subject = await world.make("own");
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

  it("82 uploads that stop in the middle leave nothing: no row, no file, no open descriptor", async () => {
    const cookie = await hilo.cookie("ana");
    const page = await fetch(`${hilo.url}/settings/profile`, { headers: { cookie } });
    const token = tokenIn(await page.text());
    const { hostname, port } = new URL(hilo.url);
    const { db } = hilo.cast.platform;
    const count = async () => (await db("attachments").count("* as n"))[0]?.n;
    const open = () => readdirSync("/proc/self/fd").length;
    const stored = () =>
      readdirSync(`${hilo.server.platform.config.dataDir}/files`, { recursive: true }).length;
    const before = [await count(), stored()];
    const fds = open();
    const head = [
      `POST /conversations/${subject.conversation}/uploads HTTP/1.1`,
      "Host: x",
      `Cookie: ${cookie}`,
      `X-Form-Token: ${token}`,
      "Content-Type: multipart/form-data; boundary=b",
      "Content-Length: 1000000",
      "",
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4',
    ].join("\r\n");
    for (let n = 0; n < 100; n += 10)
      await Promise.all(
        Array.from(
          { length: 10 },
          () =>
            new Promise<void>((done) => {
              const socket = connect({ host: hostname, port: Number(port) });
              socket.on("error", () => {});
              socket.on("close", () => done());
              socket.write(head, () => setTimeout(() => socket.destroy(), 10));
            }),
        ),
      );
    expect((await fetch(`${hilo.url}/inbox`, { headers: { cookie } })).status).to.equal(200);
    expect([await count(), stored()]).to.deep.equal(before);
    expect(open() - fds).to.be.below(20);
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

  it("two readings of a length: a request that says two is refused whole, and nothing after it is read", async () => {
    const { port, hostname } = new URL(hilo.url);
    const heads = {
      both: "Content-Length: 4\r\nTransfer-Encoding: chunked",
      twice: "Content-Length: 4\r\nContent-Length: 40",
      list: "Content-Length: 4, 40",
      odd: "Transfer-Encoding: xchunked",
      sign: "Content-Length: +4",
      space: "Content-Length : 4",
    };
    for (const [name, head] of Object.entries(heads)) {
      const text = await new Promise<string>((done, fail) => {
        let heard = "";
        const socket = connect(Number(port), hostname, () =>
          socket.write(
            `POST /login HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`,
          ),
        );
        socket.on("data", (chunk) => {
          heard += chunk;
        });
        socket.on("error", fail).on("close", () => done(heard));
      });
      expect(text.match(/^HTTP\/1\.1 \d+/gm), name).to.deep.equal(["HTTP/1.1 400"]);
    }
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
