import { expect } from "chai";
import { changeOwnPassword } from "../../src/services/agents/agent.ts";
import { openCase } from "../../src/services/cases/open-case.ts";
import { getDrafts, saveDraft } from "../../src/services/conversations/drafts.ts";
import { row } from "../../src/services/platform/database.ts";
import { password } from "../support/cast.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("the story, on pages", () => {
  let hilo: Hilo;
  let contactId: number;
  let conversationId: number;
  before(async () => {
    hilo = await startHilo();
    ({ contactId, conversationId } = await write(hilo.cast, { message: "Hola" }));
  });
  after(() => hilo.close());

  it("changes a card one field at a time, says what is wrong, and who changed what", async () => {
    const ana = await hilo.as("ana");
    const at = `/contacts/${contactId}/fields`;
    const form = await ana.get(`${at}/email`).set("HX-Request", "true").expect(200);
    expect(form.text).to.contain('type="email"').and.contain("hx-post");
    const post = (field: string, value: string) =>
      ana.post(`${at}/${field}`).set("HX-Request", "true").type("form").send({ value });
    const wrong = await post("email", "nadie").expect(422);
    expect(wrong.text).to.contain('value="nadie"').and.contain('role="alert"');
    await post("phone", "no es un teléfono").expect(422);
    expect((await post("email", "lucia@correo.example").expect(200)).text).to.contain("lucia@correo.example");
    await post("doNotCall", "1").expect(200);
    await post("tags", "VIP, Mayorista").expect(200);
    await post("isAdmin", "1").expect(404);
    const page = await ana.get(`/contacts/${contactId}`).expect(200);
    expect(page.text)
      .to.contain("Ana Torres cambió Correo: — → lucia@correo.example")
      .and.contain("Mayorista");
    await ana.post(`${at}/location`).type("form").send({ value: "Puebla" }).expect(303);
    const stored = await row(
      hilo.cast.platform.db,
      "select location, do_not_call from contacts where id = ?",
      [contactId],
    );
    expect(stored).to.deep.equal({ location: "Puebla", do_not_call: true });
  });

  it("keeps what is being written in the composer when a quick note is added beside it", async () => {
    await saveDraft(hilo.cast.ana, conversationId, { kind: "note", text: "a medio escribir" });
    const ana = await hilo.as("ana");
    const quick = ana.post(`/conversations/${conversationId}/notes`).set("HX-Request", "true").type("form");
    const answer = await quick.send({ text: "Rápida", quick: "1" }).expect(201);
    expect(answer.text).to.contain("#side").and.contain("Rápida");
    expect((await getDrafts(hilo.cast.ana, conversationId)).note).to.equal("a medio escribir");
  });

  it("shows a message far back without reading what is new, and takes an answer from there", async () => {
    const from = "5215500001111";
    const start = Date.now() - 3_600_000;
    await deliver(
      hilo.cast,
      ...Array.from({ length: 70 }, (_, n) =>
        delivery(
          messageValue({ from, name: "Larga", at: new Date(start + n * 1000), message: `mensaje ${n}` }),
        ),
      ),
    );
    const found = await row<{ id: number; conversation_id: number }>(
      hilo.cast.platform.db,
      "select id, conversation_id from messages where text = 'mensaje 5'",
    );
    const at = `/conversations/${found?.conversation_id}`;
    const ana = await hilo.as("ana");
    const { text } = await ana.get(`${at}?message=${found?.id}`).expect(200);
    expect(text)
      .to.contain(`id="message-${found?.id}"`)
      .and.contain('data-unread="0"')
      .and.contain("past-line");
    const newest = await row<{ id: number }>(
      hilo.cast.platform.db,
      "select id from messages where text = 'mensaje 69'",
    );
    expect(text).to.not.contain(`id="message-${newest?.id}"`).and.not.contain("&amp;conversation=");
    const token = "3b241101-e2bb-4255-8caf-4136c566a962";
    await ana
      .post(`${at}/messages`)
      .type("form")
      .send({ text: "Va", client_token: token })
      .expect("Location", at);
    const refused = await ana.post(`${at}/messages`).type("form").send({ text: "" });
    expect(refused.status).to.equal(422);
    expect(refused.text).to.contain("<!doctype html>");
  });

  it("a topic's button names the case, whatever stands in the other field", async () => {
    const diego = await hilo.as("diego");
    await diego
      .post("/settings/topics")
      .type("form")
      .send({ name: "Entrega", steps: "Guía enviada\n" })
      .expect(303);
    const again = await diego.post("/settings/topics").type("form").send({ name: "entrega", steps: "" });
    expect(again.status).to.equal(422);
    expect(again.text).to.contain("Ya hay un tema con ese nombre");
    const topic = await row<{ id: number }>(hilo.cast.platform.db, "select id from topics");
    const at = `/conversations/${conversationId}/cases`;
    await diego
      .post(at)
      .type("form")
      .send({ topic_id: String(topic?.id), title: "otra cosa" })
      .expect(303);
    const page = await diego.get(`/conversations/${conversationId}`).expect(200);
    expect(page.text).to.contain("Caso abierto: Entrega").and.contain("Guía enviada");
    const { id } = await openCase(hilo.cast.ana, conversationId, { title: "A mano", topicId: null });
    await diego
      .post(`/cases/${id}/resolution`)
      .type("form")
      .send({ solution: "ya" })
      .expect("Location", `/contacts/${contactId}`);
    const head = diego.post(`/cases/${id}/reopening`).set("HX-Request", "true").type("form");
    const fragment = await head.send({ conversation_id: String(conversationId) }).expect(200);
    expect(fragment.text).to.contain(`id="head-${conversationId}"`).and.contain('hx-target="#side"');
  });

  it("ends the streams of every session from before a new password", async () => {
    const controller = new AbortController();
    const response = await fetch(`${hilo.url}/live`, {
      headers: { cookie: await hilo.cookie("bruno") },
      signal: controller.signal,
    });
    const reader = response.body?.getReader();
    await reader?.read();
    await changeOwnPassword(hilo.cast.bruno, password, "otra-clave-larga-2");
    for (;;) {
      const part = await reader?.read();
      if (!part || part.done) break;
    }
    controller.abort();
  });
});
