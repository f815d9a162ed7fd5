import { expect } from "chai";
import { createApiToken } from "../../src/services/agents/api-tokens.ts";
import { saveTopic } from "../../src/services/cases/topics.ts";
import { row } from "../../src/services/platform/database.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

/** What the API answers: a thing, or a page of things. */
interface Answer {
  [field: string]: unknown;
  id: string;
  name: string;
  direction: string;
  data: [Answer, Answer, ...Answer[]];
}

describe("API v1", () => {
  let hilo: Hilo;
  let token: string;
  let conversationId: number;
  let contactId: number;
  before(async () => {
    hilo = await startHilo();
    token = await createApiToken(hilo.cast.diego, { name: "tienda", email: "diego@firm.test" });
    ({ conversationId, contactId } = await write(hilo.cast));
  });
  after(() => hilo.close());

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${hilo.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json().catch(() => null)) as Answer,
    };
  }

  it("needs a token, and a token that was revoked is none", async () => {
    for (const authorization of ["", "Bearer x", "Basic eDp5", `Bearer ${token}x`]) {
      const answer = await call("GET", "/contacts", undefined, { authorization });
      expect(answer.status).to.equal(401);
      expect(answer.headers.get("content-type")).to.contain("application/problem+json");
    }
  });

  it("connects an inbox and never returns its secrets", async () => {
    const whatsapp = {
      phone_number_id: "PN9",
      business_account_id: "W9",
      access_token: "tok-9",
      app_secret: "sec-9",
      verify_token: "ver-9",
    };
    const made = await call("POST", "/inboxes", { channel: "whatsapp", name: "Nueva", whatsapp });
    expect(made.status).to.equal(201);
    const list = await call("GET", "/inboxes");
    expect(JSON.stringify([made.body, list.body])).to.not.match(/tok-9|sec-9|ver-9/);
    expect((await call("POST", "/inboxes", { channel: "whatsapp", name: "Otra", whatsapp })).status).to.equal(
      422,
    );
    const strange = await call("POST", "/inboxes", { channel: "whatsapp", name: "X", whatsapp, id: 7 });
    expect(strange.status).to.equal(422);
  });

  it("makes, finds and changes contacts", async () => {
    const made = await call("POST", "/contacts", {
      name: "Rosa Méndez",
      phone: "55 4030 2010",
      email: "rosa@firm.test",
      tags: ["VIP"],
      company: "Roble",
    });
    expect(made.body).to.include({ name: "Rosa Méndez", phone: "+525540302010", company: "Roble" });
    expect(made.body.id).to.match(/^\d+$/);
    expect((await call("GET", "/contacts?phone=%2B5215540302010")).body.data).to.have.length(1);
    expect((await call("GET", "/contacts?q=mendez")).body.data[0].id).to.equal(made.body.id);
    expect((await call("GET", "/contacts?email=ROSA@firm.test")).body.data).to.have.length(1);
    expect((await call("PATCH", `/contacts/${made.body.id}`, { job_title: "Compras" })).body).to.include({
      job_title: "Compras",
      name: "Rosa Méndez",
    });
    const bad = await call("PATCH", `/contacts/${made.body.id}`, { phone: "x" });
    expect(bad.status).to.equal(422);
    expect(bad.body.errors).to.have.property("phone");
    const { contactId: same } = await write(hilo.cast, { from: "5215540302010", name: "Rosita" });
    expect(String(same)).to.equal(made.body.id);
    expect((await call("GET", `/contacts/${made.body.id}`)).body.name).to.equal("Rosa Méndez");
  });

  it("answers, notes, assigns, resolves and reopens", async () => {
    const at = `/conversations/${conversationId}`;
    const sent = await call("POST", `${at}/messages`, { text: "Hola desde la tienda" });
    expect(sent.status).to.equal(201);
    expect(sent.body).to.include({
      delivery: "queued",
      direction: "outbound",
      channel: "whatsapp",
      conversation_id: String(conversationId),
    });
    expect(sent.body.author).to.include({ kind: "agent", agent_id: String(hilo.cast.ids.diego) });
    expect((await call("POST", `${at}/notes`, { text: "nota" })).status).to.equal(201);
    expect(
      (await call("PUT", `${at}/assignment`, { agent_id: String(hilo.cast.ids.ana) })).body.assignee_id,
    ).to.equal(String(hilo.cast.ids.ana));
    expect((await call("PUT", `${at}/assignment`, { agent_id: null })).body.assignee_id).to.equal(null);
    expect((await call("POST", `${at}/resolution`)).body.status).to.equal("resolved");
    expect((await call("POST", `${at}/messages`, { text: "x" })).status).to.equal(409);
    expect((await call("DELETE", `${at}/resolution`)).body.status).to.equal("open");
    const list = await call("GET", `${at}/messages`);
    expect(list.body.data.map((message) => message.direction)).to.deep.equal(["inbound", "outbound"]);
    expect((await call("GET", "/conversations/999999")).status).to.equal(404);
  });

  it("gives the same answer to the same key, one effect, and refuses another request under it", async () => {
    const path = `/conversations/${conversationId}/messages`;
    const key = { "idempotency-key": "pedido-1" };
    const answers = await Promise.all(
      [1, 2, 3].map(() => call("POST", path, { text: "Tu pedido salió" }, key)),
    );
    expect(answers.map(({ status }) => status)).to.include(201);
    const again = await call("POST", path, { text: "Tu pedido salió" }, key);
    expect(again.status).to.equal(201);
    expect((await call("POST", path, { text: "otra cosa" }, key)).status).to.equal(409);
    const sent = await row(
      hilo.cast.platform.db,
      "select count(*)::int as n from messages where text = 'Tu pedido salió'",
    );
    expect(sent).to.deep.equal({ n: 1 });
  });

  it("pages by cursor", async () => {
    for (let n = 0; n < 5; n += 1) await call("POST", "/contacts", { name: `Página ${n}` });
    const first = await call("GET", "/contacts?q=pagina&limit=2");
    const second = await call("GET", `/contacts?q=pagina&limit=2&cursor=${first.body.next_cursor}`);
    const third = await call("GET", `/contacts?q=pagina&limit=2&cursor=${second.body.next_cursor}`);
    const names = [first, second, third].flatMap(({ body }) => body.data.map((contact) => contact.name));
    expect(names).to.deep.equal(["Página 4", "Página 3", "Página 2", "Página 1", "Página 0"]);
    expect(third.body.next_cursor).to.equal(null);
    for (const query of ["limit=0", "limit=201", "limit=x", "cursor=x"])
      expect((await call("GET", `/contacts?${query}`)).status, query).to.equal(422);
  });

  it("stores a purchase under the shop's id", async () => {
    const path = `/contacts/${contactId}/purchases/4521`;
    await call("PUT", path, {
      number: "#4521",
      amount: 3200,
      currency: "MXN",
      status: "shipped",
      items: [{ name: "Licuadora", quantity: 1 }],
    });
    const changed = await call("PUT", path, { status: "delivered" });
    expect(changed.body).to.include({ external_id: "4521", amount: 3200, status: "delivered" });
    expect((await call("PUT", path, { tracking_url: "javascript:alert(1)" })).status).to.equal(422);
  });

  it("lists quarantined events and the audit, newest first", async () => {
    expect((await call("GET", "/inbound-events?state=quarantined")).body).to.have.keys("data", "next_cursor");
    const audit = await call("GET", "/audit-events?limit=3");
    expect(audit.body.data).to.have.length(3);
    expect(Number(audit.body.data[0].id)).to.be.greaterThan(Number(audit.body.data[1].id));
  });

  it("a token of an agent may do what the agent may", async () => {
    const own = await createApiToken(hilo.cast.diego, { name: "ana", email: "ana@firm.test" });
    const authorization = `Bearer ${own}`;
    expect((await call("GET", "/audit-events", undefined, { authorization })).status).to.equal(403);
    expect((await call("GET", "/conversations", undefined, { authorization })).status).to.equal(200);
    await hilo.cast.platform.db("api_tokens").update({ revoked_at: new Date() }).where({ name: "ana" });
    expect((await call("GET", "/conversations", undefined, { authorization })).status).to.equal(401);
  });

  it("answers odd bodies with a problem, never with 500", async () => {
    const path = `/conversations/${conversationId}/messages`;
    for (const body of [
      [],
      "x",
      7,
      null,
      { text: ["a"] },
      { text: { $gt: "" } },
      { __proto__: { admin: true } },
      { text: "x", inbox_id: "nope" },
    ]) {
      const { status } = await call("POST", path, body);
      expect(status, JSON.stringify(body)).to.be.oneOf([400, 422]);
    }
    const broken = await fetch(`${hilo.url}/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: "{",
    });
    expect(broken.status).to.equal(400);
  });

  it("keeps a customer's preferences, and opens, moves and resolves cases, once for the same key", async () => {
    const card = {
      location: "Puebla",
      preferred_channel: "correo",
      preferred_hours: "tardes",
      do_not_call: true,
    };
    expect((await call("PATCH", `/contacts/${contactId}`, card)).body).to.include(card);
    const { id: topicId } = await saveTopic(hilo.cast.diego, null, {
      name: "Entrega",
      steps: ["Guía enviada"],
    });
    expect((await call("GET", "/topics")).body.data[0]).to.include({ id: String(topicId), name: "Entrega" });

    const at = `/conversations/${conversationId}/cases`;
    const key = { "idempotency-key": "case-1" };
    const made = await call("POST", at, { topic_id: String(topicId) }, key);
    const again = await call("POST", at, { topic_id: String(topicId) }, key);
    expect([made.status, again.body.id]).to.deep.equal([201, made.body.id]);
    expect((await call("POST", at, {})).status).to.equal(422);
    const own = `/cases/${made.body.id}`;
    const [step] = made.body.steps as { id: string }[];
    expect((await call("PATCH", own, { state_note: "En camino" })).body).to.include({
      state_note: "En camino",
    });
    const ticked = await call("PUT", `${own}/steps/${step?.id}`, { done: true });
    expect(ticked.body).to.have.nested.property("steps[0].done_by", "Diego Salas");
    expect((await call("POST", `${own}/steps`, { title: "Avisar" })).status).to.equal(201);
    const solved = await call("POST", `${own}/resolution`, { solution: "Llegó" });
    expect(solved.body).to.include({ status: "resolved", solution: "Llegó", recurs: false });
    expect((await call("DELETE", `${own}/resolution`)).body).to.include({
      status: "open",
      resolved_at: null,
    });
    const listed = await call("GET", `/contacts/${contactId}/cases`);
    expect(listed.body.data).to.have.length(1);
    expect((await call("GET", "/cases/999999")).status).to.equal(404);
  });
});
