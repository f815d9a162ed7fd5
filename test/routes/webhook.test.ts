import { expect } from "chai";
import supertest from "supertest";
import { row } from "../../src/services/platform/database.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { delivery, messageValue, sign } from "../support/meta.ts";

describe("POST /webhooks/whatsapp", () => {
  let hilo: Hilo;
  before(async () => {
    hilo = await startHilo();
  });
  after(() => hilo.close());

  const post = (body: Buffer, signature?: string) => {
    const request = supertest(hilo.url).post("/webhooks/whatsapp").set("Content-Type", "application/json");
    return (signature === undefined ? request : request.set("X-Hub-Signature-256", signature))
      .send(body.toString("latin1"))
      .buffer(true);
  };
  const send = async (body: Buffer, signature?: string) => {
    const response = await fetch(`${hilo.url}/webhooks/whatsapp`, {
      method: "POST",
      body: new Uint8Array(body),
      headers: {
        "content-type": "application/json",
        ...(signature === undefined ? {} : { "x-hub-signature-256": signature }),
      },
    });
    await response.text();
    return response.status;
  };
  const stored = async () =>
    (await row<{ n: number }>(hilo.cast.platform.db, "select count(*)::int as n from inbound_events"))?.n;

  it("answers Meta's handshake with the bare challenge", async () => {
    const query = { "hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "verify-me" };
    const response = await hilo.anonymous.get("/webhooks/whatsapp").query(query).expect(200);
    expect(response.text).to.equal("1158201444");
    await hilo.anonymous
      .get("/webhooks/whatsapp")
      .query({ ...query, "hub.verify_token": "wrong" })
      .expect(403);
    await hilo.anonymous.get("/webhooks/whatsapp").expect(403);
  });

  it("checks the signature over the raw bytes: Meta's own vector", async () => {
    const body = Buffer.from("Hello, World!");
    expect(sign(body)).to.equal("sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    expect(await send(body, sign(body))).to.equal(200);
  });

  for (const [name, signature] of [
    ["no signature", undefined],
    ["a wrong one", `sha256=${"0".repeat(64)}`],
    ["no prefix", "757107ea"],
    ["the prefix alone", "sha256="],
    ["letters that are no ASCII", `sha256=${"ñ".repeat(32)}`],
    ["upper case", sign(Buffer.from("x")).toUpperCase()],
  ] as const) {
    it(`refuses ${name} and stores nothing`, async () => {
      const before = await stored();
      expect(await send(Buffer.from("x"), signature)).to.equal(401);
      expect(await stored()).to.equal(before);
    });
  }

  it("takes escaped and raw spellings of the same text as signed", async () => {
    for (const text of ['{"a":"\\u00e1"}', '{"a":"á"}']) {
      const body = Buffer.from(text);
      expect(await send(body, sign(body))).to.equal(200);
    }
  });

  it("takes 4 MB and refuses a byte more", async () => {
    const body = Buffer.alloc(4 * 1024 * 1024, 32);
    expect(await send(body, sign(body))).to.equal(200);
    const more = Buffer.alloc(4 * 1024 * 1024 + 1, 32);
    expect(await send(more, sign(more))).to.equal(413);
  });

  it("keeps what nobody connected as unmatched, visible to administrators, and replays it", async () => {
    const body = delivery(messageValue(), "messages", "NOBODY");
    expect(await send(body, sign(body))).to.equal(200);
    const diego = await hilo.as("diego");
    const page = await eventually(async () => {
      const response = await diego.get("/settings/inbound-events");
      return response.text.includes("NOBODY") && response.text;
    });
    const id = /inbound-events\/(\d+)"[\s\S]*?NOBODY/.exec(page)?.[1];
    await diego.post(`/settings/inbound-events/${id}/replay`).expect(303);
    const ana = await hilo.as("ana");
    await ana.get("/settings/inbound-events").expect(403);
  });

  it("makes a message visible", async () => {
    const body = delivery(messageValue({ message: "¿Tienen talla 27?" }));
    expect(await send(body, sign(body))).to.equal(200);
    const ana = await hilo.as("ana");
    await eventually(async () => (await ana.get("/inbox?view=queue")).text.includes("¿Tienen talla 27?"));
  });

  it("answers 503 without any configured secret, and shows the inbox broken", async () => {
    const { db } = hilo.cast.platform;
    const [kept] = await db("inboxes").select("app_secret_fingerprint");
    await db("inboxes").update({ app_secret_fingerprint: null });
    await db.raw(`select pg_notify('hilo_facts', '[{"type":"inbox.changed","inboxId":1}]')`);
    const body = Buffer.from("{}");
    await eventually(async () => (await send(body, sign(body))) === 503);
    const diego = await hilo.as("diego");
    expect((await diego.get("/settings/inboxes")).text).to.contain("Sin clave");
    await db("inboxes").update(kept);
    await db.raw(`select pg_notify('hilo_facts', '[{"type":"inbox.changed","inboxId":1}]')`);
    await eventually(async () => (await send(body, sign(body))) === 200);
  });

  it("does not parse, and answers any method politely", async () => {
    const response = await post(Buffer.from("{"), sign(Buffer.from("{")));
    expect(response.status).to.equal(200);
    await hilo.anonymous
      .delete("/webhooks/whatsapp")
      .expect((answer) => expect(answer.status).to.be.oneOf([303, 404, 405]));
  });
});
