import { expect } from "chai";
import { createApiToken } from "../../src/services/agents/api-tokens.ts";
import { createContact } from "../../src/services/contacts/save-contact.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

interface Answer {
  [field: string]: unknown;
  id: string;
  data: Answer[];
  errors: Record<string, string>;
}

describe("API v1: work", () => {
  let hilo: Hilo;
  let token: string;
  before(async () => {
    hilo = await startHilo();
    token = await createApiToken(hilo.cast.diego, { name: "turnos", email: "ana@firm.test" });
  });
  after(() => hilo.close());

  async function call(method: string, path: string, body?: unknown) {
    const response = await fetch(`${hilo.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json().catch(() => null)) as Answer };
  }

  it("says who is there, and lets one say so", async () => {
    const all = await call("GET", "/agents");
    expect(all.body.data.map(({ name }) => name)).to.include.members(["Ana Torres", "Diego Salas"]);
    const away = await call("PUT", "/agents/me/availability", { availability: "away", reason: "comida" });
    expect(away.body.availability).to.equal("away");
    expect((await call("GET", "/agents/me")).body.availability).to.equal("away");
    expect((await call("PUT", "/agents/me/availability", { availability: "asleep" })).status).to.equal(422);
    const past = { availability: "away", back_at: "2020-01-01T00:00:00Z" };
    expect((await call("PUT", "/agents/me/availability", past)).status).to.equal(422);
    await call("PUT", "/agents/me/availability", { availability: "online" });
    expect((await call("GET", "/teams")).body.data[0]).to.include({ strategy: "least_loaded" });
  });

  it("says what a conversation is about, when it is due, and resolves it with a summary", async () => {
    const { conversationId } = await write(hilo.cast);
    const [topic] = await hilo.cast.platform.db("topics").insert({ name: "Garantías", steps: [] }, "id");
    const path = `/conversations/${conversationId}`;
    const as = await call("PATCH", path, { priority: "urgent", topic_id: String(topic.id) });
    expect(as.body).to.deep.include({ priority: "urgent", topic: "Garantías", topic_id: String(topic.id) });
    const { sla } = as.body as unknown as { sla: { target: string; due_at: string } };
    expect(sla.target).to.equal("first_response");
    expect(Date.parse(sla.due_at)).to.be.greaterThan(Date.now() - 60_000);
    expect((await call("PATCH", path, { topic_id: "999999" })).status).to.equal(422);
    expect((await call("PATCH", path, { status: "resolved" })).status).to.equal(422);
    const done = await call("POST", `${path}/resolution`, { summary: "Se cambió", quiet: true });
    expect(done.body.status).to.equal("resolved");
    expect((await call("GET", path)).body.sla).to.equal(null);
  });

  it("keeps what is known of a company", async () => {
    await createContact(hilo.cast.ana, { name: "Rosa", company: "Obras SA" });
    const [company] = (await call("GET", "/companies?q=obras")).body.data;
    const changed = await call("PATCH", `/companies/${company?.id}`, {
      industry: "Construcción",
      size: "11-50",
    });
    expect(changed.body).to.deep.include({
      name: "Obras SA",
      industry: "Construcción",
      size: "11-50",
      people: 1,
    });
    expect((await call("PATCH", "/companies/999999", { size: "1" })).status).to.equal(404);
  });
});
