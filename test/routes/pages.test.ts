import { expect } from "chai";
import { reply } from "../../src/services/conversations/reply.ts";
import { row, rows } from "../../src/services/platform/database.ts";
import { fillMore } from "../support/fill.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";
import { workPages } from "../support/paths.ts";

/** The most statements that any page may ask: DESIGN, "no page above 12". */
const mostQueries = 12;

describe("pages", () => {
  let hilo: Hilo;
  let conversationId: number;
  let contactId: number;
  before(async () => {
    hilo = await startHilo();
    ({ conversationId, contactId } = await write(hilo.cast, { message: "Hola <script>alert(1)</script>" }));
  });
  after(() => hilo.close());

  /** The least of a few looks, spread: jobs of the same server ask too, but not at every moment. */
  async function queriesOf(path: string): Promise<number> {
    const diego = await hilo.as("diego");
    await diego.get(path).expect(200);
    let count = 0;
    const { db } = hilo.server.platform;
    const listen = () => {
      count += 1;
    };
    db.on("query", listen);
    let least = Number.POSITIVE_INFINITY;
    for (let look = 0; look < 6; look += 1) {
      count = 0;
      await diego.get(path).expect(200);
      least = Math.min(least, count);
      await new Promise((done) => setTimeout(done, 10 * look));
    }
    db.off("query", listen);
    return least + 1; // The session store asks through a pool of its own.
  }

  it("escape what people write, and carry a strict policy", async () => {
    const ana = await hilo.as("ana");
    const page = await ana.get(`/conversations/${conversationId}`).expect(200);
    expect(page.text).to.not.contain("<script>alert");
    expect(page.text).to.contain("&lt;script&gt;alert(1)");
    const policy = page.headers["content-security-policy"] ?? "";
    expect(policy)
      .to.contain("default-src 'none'")
      .and.contain("frame-ancestors 'none'")
      .and.not.contain("unsafe");
    expect(page.headers["cache-control"]).to.equal("no-store");
  });

  it("ask few questions, and no more when there is more to show", async () => {
    const paths = [
      "/inbox?view=all",
      `/conversations/${conversationId}`,
      "/contacts",
      `/contacts/${contactId}`,
      `/contacts/${contactId}/merge`,
      "/companies",
      "/imports",
      "/mentions",
      "/commitments?who=all",
      "/settings/fields",
      "/settings/tags",
      "/search?q=hola",
      "/audit",
      "/settings/inboxes",
      "/settings/agents",
      ...workPages,
    ];
    const few = new Map<string, number>();
    for (const path of paths) few.set(path, await queriesOf(path));
    await fillMore(hilo.cast, contactId);
    const from = (n: number) => (n < 40 ? undefined : `52155${40_000_000 + n}`);
    const said = (n: number) => messageValue({ from: from(n), message: `hola ${n}` } as never);
    await deliver(hilo.cast, ...Array.from({ length: 80 }, (_, n) => delivery(said(n))));
    await eventually(async () => !(await hilo.cast.platform.db("fact_marks").first("conversation_id")));
    for (const path of paths) {
      const many = await queriesOf(path);
      expect(many, path).to.be.at.most(mostQueries);
      expect(many, `${path} asks more when there is more`).to.be.at.most(few.get(path) ?? 0);
    }
  });

  it("never say undefined, NaN or [object Object]", async () => {
    const diego = await hilo.as("diego");
    const paths = [
      "/inbox?view=all",
      `/conversations/${conversationId}`,
      "/contacts/1?edit=1",
      "/settings/inboxes/new",
      "/settings/agents/new",
      "/settings/profile",
      "/audit",
      "/search?q=hola",
      ...workPages,
    ];
    for (const path of paths) {
      const { text } = await diego.get(path).expect(200);
      expect(text, path).to.not.match(/undefined|NaN|\[object/);
    }
    const bare = await diego.post("/settings/inboxes").type("form").send({});
    expect(bare.status).to.equal(422);
    expect(bare.text).to.not.contain("undefined");
  });

  it("work without htmx: every act answers 303", async () => {
    const ana = await hilo.as("ana");
    const at = `/conversations/${conversationId}`;
    const acts: [string, Record<string, string>][] = [
      [`${at}/messages`, { text: "Buenas" }],
      [`${at}/notes`, { text: "nota" }],
      [`${at}/assignment`, { agent_id: String(hilo.cast.ids.ana) }],
      [`${at}/tags`, { name: "Garantía" }],
      [`${at}/tags/remove`, { name: "garantia" }],
      [`${at}/snooze`, { preset: "pending" }],
      [`${at}/resolution`, {}],
      [`${at}/reopening`, {}],
      [
        "/settings/profile",
        { name: "Ana Torres", locale: "es", timeZone: "America/Mexico_City", availability: "online" },
      ],
    ];
    for (const [path, form] of acts) {
      const response = await ana.post(path).type("form").send(form);
      expect(response.status, `${path} ${response.text.slice(0, 200)}`).to.equal(303);
    }
  });

  it("answer a bad form with the same region, the draft and the reason", async () => {
    const ana = await hilo.as("ana");
    const text = "x".repeat(4097);
    const response = await ana
      .post(`/conversations/${conversationId}/messages`)
      .set("HX-Request", "true")
      .type("form")
      .send({ text });
    expect(response.status).to.equal(422);
    expect(response.text).to.contain('id="composer"').and.contain(text).and.contain("4096");
  });

  it("sign in: one answer for every wrong pair, a limit, a new session id, sign out", async () => {
    const jar = (await import("supertest")).default.agent(hilo.url);
    const wrong = await jar.post("/login").type("form").send({ email: "bruno@firm.test", password: "wrong" });
    const unknown = await jar
      .post("/login")
      .type("form")
      .send({ email: "nobody@firm.test", password: "wrong" });
    expect([wrong.status, unknown.status]).to.deep.equal([422, 422]);
    const bare = (html: string) => html.replaceAll("bruno", "nobody").replaceAll(/nonce="[^"]*"/g, "");
    expect(bare(wrong.text)).to.equal(bare(unknown.text));
    for (let n = 0; n < 12; n += 1)
      await jar.post("/login").type("form").send({ email: "limit@firm.test", password: "wrong" });
    const limited = await jar
      .post("/login")
      .type("form")
      .send({ email: "limit@firm.test", password: "wrong" });
    expect(limited.status).to.equal(429);
    const long = await jar
      .post("/login")
      .type("form")
      .send({ email: "ana@firm.test", password: "x".repeat(100_000) });
    expect(long.status).to.equal(422);
    const bruno = await hilo.as("bruno");
    await bruno.get("/inbox").expect(200);
    await bruno.post("/logout").expect(303);
    await bruno.get("/inbox").expect(303);
  });

  it("serve a customer's file only to who sees it, never inline unless it is a picture or sound, with ranges", async () => {
    const ana = await hilo.as("ana");
    const upload = (name: string, bytes: Buffer) =>
      ana.post(`/conversations/${conversationId}/uploads`).attach("file", bytes, name);
    const html = await upload("<b>x</b>.html", Buffer.from("<script>alert(1)</script>"));
    expect(html.status).to.equal(201);
    const id = /value="([0-9a-f]{32})"/.exec(html.text)?.[1];
    const file = await ana.get(`/files/${id}`).expect(200);
    expect(file.headers["content-type"]).to.equal("application/octet-stream");
    expect(file.headers["content-disposition"]).to.match(/^attachment/);
    expect(file.headers["content-security-policy"]).to.contain("sandbox");
    const part = await ana.get(`/files/${id}`).set("Range", "bytes=1-6").expect(206);
    expect(part.headers["content-range"]).to.equal("bytes 1-6/25");
    await ana.get(`/files/${id}`).set("Range", "bytes=99-").expect(416);
    await (await hilo.as("carmen")).get(`/files/${id}`).expect(404);
    await hilo.anonymous.get(`/files/${id}`).expect(303);
    expect((await upload("empty.txt", Buffer.alloc(0))).status).to.equal(422);
    await ana.get(`/files/${"0".repeat(32)}`).expect(404);
    await ana.get("/files/..%2f..%2fetc").expect(404);
  });

  it("set-up is gone once there is an agent, and health tells the truth", async () => {
    await hilo.anonymous.get("/set-up/anything").expect(404);
    await hilo.anonymous.get("/healthz").expect(200);
    await hilo.anonymous.get("/readyz").expect(200);
    expect((await hilo.anonymous.get("/metrics").expect(200)).text).to.contain("hilo_messages_unfinished");
    await hilo.anonymous.get("/metrics").set("X-Forwarded-For", "1.2.3.4").expect(404);
  });

  it("speak both languages", async () => {
    const english = await hilo.anonymous.get("/login").set("Accept-Language", "en");
    const spanish = await hilo.anonymous.get("/login").set("Accept-Language", "es-MX");
    expect(english.text).to.contain("Sign in");
    expect(spanish.text).to.contain("Entrar");
  });

  it("keep a deactivated agent out at once", async () => {
    const carmen = await hilo.as("carmen");
    const diego = await hilo.as("diego");
    await diego.post(`/settings/agents/${hilo.cast.ids.carmen}/deactivation`).expect(303);
    await carmen.get("/inbox").expect(303);
    await diego.post(`/settings/agents/${hilo.cast.ids.carmen}/reactivation`).expect(303);
  });

  it("check a connection in words, right and wrong", async () => {
    const diego = await hilo.as("diego");
    const good = await diego.post("/settings/inboxes/1/check").set("HX-Request", "true").expect(200);
    expect(good.text).to.contain("+52 55 5000 1000").and.not.contain("test-token");
    const page = await diego.get("/settings/inboxes/1").expect(200);
    expect(page.text).to.not.match(/test-token|Secret to Everybody/);
  });

  async function listen(who: "ana" | "bruno", id: number) {
    const controller = new AbortController();
    const response = await fetch(`${hilo.url}/live?conversation=${id}`, {
      headers: { cookie: await hilo.cookie(who) },
      signal: controller.signal,
    });
    const reader = response.body?.getReader();
    let heard = "";
    const ended = (async () => {
      for (;;) {
        const part = await reader?.read();
        if (!part || part.done) return;
        heard += new TextDecoder().decode(part.value);
      }
    })().catch(() => {});
    await eventually(async () => heard.includes("live:resync"));
    return { heard: () => heard, ended, stop: () => controller.abort() };
  }

  it("push what is said in a later conversation into the thread that one looks at", async () => {
    const from = "5215533334444";
    const { conversationId: earlier } = await write(hilo.cast, { from, message: "antes" });
    await hilo.cast.platform
      .db("conversations")
      .where({ id: earlier })
      .update({
        status: "resolved",
        resolved_at: new Date(Date.now() - 7 * 86_400_000),
      });
    const page = await listen("bruno", earlier);
    const { conversationId: later } = await write(hilo.cast, { from, message: "otra vez yo" });
    expect(later).to.not.equal(earlier);
    const bruno = await hilo.as("bruno");
    const old = await bruno.get(`/conversations/${earlier}`).expect(200);
    expect(old.text).to.contain(`class="btn go" href="/conversations/${later}"`);
    await eventually(async () => page.heard().includes("otra vez yo"));
    expect(page.heard()).to.contain(`#thread-${earlier}`).and.not.contain(`#thread-${later}`);
    await write(hilo.cast, { from: "5215599990000", message: "soy otra persona" });
    await write(hilo.cast, { from, message: "sigo aquí" });
    await eventually(async () => page.heard().includes("sigo aquí"));
    expect(page.heard()).to.not.contain("soy otra persona");
    page.stop();
  });

  it("push a bubble to who looks at the conversation, and say nothing about what one may not see", async () => {
    const page = await listen("ana", conversationId);
    await reply(hilo.cast.bruno, conversationId, { text: "Va en camino" });
    await eventually(
      async () => page.heard().includes("Va en camino") && page.heard().includes("list:changed"),
    );
    expect(page.heard()).to.contain("hx-upsert").and.contain("data: ");
    expect(page.heard()).to.not.contain("hx-get");
    await hilo.as("diego").then((diego) => diego.post(`/settings/agents/${hilo.cast.ids.ana}/deactivation`));
    await page.ended;
  });

  it("note every act in the audit, without what was written", async () => {
    const acts = await rows<{ act: string; data: string }>(
      hilo.cast.platform.db,
      "select act, data::text from audit_events",
    );
    expect(new Set(acts.map(({ act }) => act))).to.include.members([
      "message.sent",
      "note.added",
      "conversation.resolved",
      "agent.signed_in",
      "agent.deactivated",
    ]);
    expect(acts.map(({ data }) => data).join()).to.not.contain("Va en camino");
    expect(
      await row(hilo.cast.platform.db, "select 1 as x from audit_events where data::text like '%password%'"),
    ).to.equal(null);
  });
});
