import { expect } from "chai";
import { createApiToken } from "../../src/services/agents/api-tokens.ts";
import { createRecordType } from "../../src/services/records/record-types.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

interface Answer {
  [field: string]: unknown;
  id: string;
  data: Answer[];
  errors: Record<string, string>;
}

describe("API v1: a customer's story", () => {
  let hilo: Hilo;
  let token: string;
  before(async () => {
    hilo = await startHilo();
    token = await createApiToken(hilo.cast.diego, { name: "tienda", email: "diego@firm.test" });
  });
  after(() => hilo.close());

  async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${hilo.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json().catch(() => null)) as Answer };
  }

  it("keeps records of a trade under their own id", async () => {
    const { contactId } = await write(hilo.cast);
    const type = await createRecordType(hilo.cast.diego, "Póliza", [
      { label: "Número", kind: "text", options: [], place: "title" },
      { label: "Vence", kind: "date", options: [], place: "date" },
    ]);
    const types = await call("GET", "/record-types");
    expect(types.body.data[0]).to.deep.include({ id: String(type.id), name: "Póliza" });
    const path = `/contacts/${contactId}/records/${type.id}/P-1`;
    const made = await call("PUT", path, { values: { numero: "A-77", vence: "2027-01-31" } });
    expect(made.status).to.equal(200);
    expect(made.body).to.deep.include({ title: "A-77", external_id: "P-1", at: "2027-01-31T18:00:00.000Z" });
    const again = await call("PUT", path, { values: { vence: "2028-01-31" } });
    expect(again.body).to.deep.include({ id: made.body.id, title: "A-77" });
    expect((await call("PUT", path, { values: { vence: "pronto" } })).body.errors).to.have.keys(
      "custom.vence",
    );
    expect((await call("GET", `/contacts/${contactId}/records`)).body.data).to.have.length(1);
  });

  it("takes interactions one by one and many at once, once for the same key or id", async () => {
    const { contactId } = await write(hilo.cast, { from: "5215500001001" });
    const at = "2026-11-20T10:00:00Z";
    const key = { "Idempotency-Key": "call-1" };
    const first = await call(
      "POST",
      `/contacts/${contactId}/interactions`,
      { kind: "call", at, seconds: 90, next_step: "Cotizar", next_step_due_on: "2026-12-01" },
      key,
    );
    expect(first.status).to.equal(201);
    expect(
      (
        await call(
          "POST",
          `/contacts/${contactId}/interactions`,
          { kind: "call", at, seconds: 90, next_step: "Cotizar", next_step_due_on: "2026-12-01" },
          key,
        )
      ).body.id,
    ).to.equal(first.body.id);
    const pages = Array.from({ length: 300 }, (_, n) => ({
      contact_id: String(contactId),
      kind: "page",
      at,
      url: `https://t.example/${n}`,
      external_id: `v${n}`,
    }));
    expect((await call("POST", "/interactions", { interactions: pages })).body.data).to.have.length(300);
    expect((await call("POST", "/interactions", { interactions: pages })).status).to.equal(201);
    const wrong = await call("POST", "/interactions", { interactions: [{ ...pages[0], url: "nada" }] });
    expect(wrong.status).to.equal(422);
    expect(Object.keys(wrong.body.errors)).to.deep.equal(["0.url"]);
    const seen: string[] = [];
    for (let cursor = ""; ; ) {
      const page = await call("GET", `/contacts/${contactId}/timeline?kinds=interaction&limit=77${cursor}`);
      seen.push(...page.body.data.map(({ id }) => id));
      if (page.body.next_cursor === null) break;
      cursor = `&cursor=${String(page.body.next_cursor)}`;
    }
    expect(new Set(seen).size).to.equal(301);
    expect(seen).to.have.length(301);
    const promised = await call("GET", `/contacts/${contactId}/commitments`);
    expect(promised.body.data[0]).to.deep.include({ text: "Cotizar", due_on: "2026-12-01", done: false });
    const done = await call("PUT", `/commitments/${promised.body.data[0]?.id}`, { done: true });
    expect(done.body).to.deep.include({ done: true });
  });

  it("merges and takes apart; an old id answers as whom they are now", async () => {
    const [a, b] = [
      await write(hilo.cast, { from: "5215500001002", name: "Doble Uno" }),
      await write(hilo.cast, { from: "5215500001003", name: "Doble Uno" }),
    ];
    const alike = await call("GET", `/contacts/${a.contactId}/duplicates`);
    expect(alike.body.data[0]).to.deep.include({ contact_id: String(b.contactId), reasons: ["name"] });
    const merged = await call("POST", `/contacts/${a.contactId}/merges`, { contact_id: String(b.contactId) });
    expect(merged.status).to.equal(201);
    expect((await call("GET", `/contacts/${b.contactId}`)).body.id).to.equal(String(a.contactId));
    const messages = await call("GET", `/conversations/${a.conversationId}/messages`);
    expect(messages.body.data).to.have.length(2);
    expect((await call("GET", `/conversations/${b.conversationId}`)).body).to.deep.include({
      status: "resolved",
      merged_into_id: String(a.conversationId),
    });
    expect(
      (await call("POST", `/contacts/${a.contactId}/merges`, { contact_id: String(a.contactId) })).status,
    ).to.equal(409);
    expect((await call("POST", `/contacts/${a.contactId}/merges`, { contact_id: "999999" })).status).to.equal(
      404,
    );
    expect((await call("DELETE", `/contacts/${a.contactId}/merges/${merged.body.id}`)).status).to.equal(200);
    expect((await call("GET", `/contacts/${b.contactId}`)).body.id).to.equal(String(b.contactId));
  });

  it("changes the firm's own fields by key, null clears, and notes can be in parts", async () => {
    const { contactId, conversationId } = await write(hilo.cast, { from: "5215500001004" });
    await call("PATCH", `/contacts/${contactId}`, { custom: { puntos: 12, plan: "oro" } });
    const after = await call("PATCH", `/contacts/${contactId}`, {
      custom: { plan: null },
      do_not_contact: true,
    });
    expect(after.body).to.deep.include({ custom: { puntos: 12 }, do_not_contact: true });
    const nested = { pedido: { lineas: [1, "dos"], nota: null }, texto: "a\u0000b" };
    expect((await call("PATCH", `/contacts/${contactId}`, { custom: nested })).body.custom).to.deep.equal({
      puntos: 12,
      pedido: { lineas: [1, "dos"], nota: null },
      texto: "ab",
    });
    expect(
      (await call("PATCH", `/contacts/${contactId}`, { custom: { x: "y".repeat(5000) } })).status,
    ).to.equal(422);
    const note = await call("POST", `/conversations/${conversationId}/notes`, {
      wrap_up: { problem: "Rota", next_step: "Llamar", due_on: "2026-12-01" },
    });
    expect(note.body.wrap_up).to.deep.equal({
      problem: "Rota",
      action: "",
      next_step: "Llamar",
      due_on: "2026-12-01",
    });
    expect((await call("POST", `/conversations/${conversationId}/notes`, {})).status).to.equal(422);
  });
});
