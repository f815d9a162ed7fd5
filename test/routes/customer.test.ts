import { expect } from "chai";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { addNote } from "../../src/services/conversations/note.ts";
import { row } from "../../src/services/platform/database.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

type Agent = Awaited<ReturnType<Hilo["as"]>>;

describe("a customer, on pages", () => {
  let hilo: Hilo;
  let diego: Agent;
  let ana: Agent;
  before(async () => {
    hilo = await startHilo();
    diego = await hilo.as("diego");
    ana = await hilo.as("ana");
  });
  after(() => hilo.close());

  let n = 0;
  const somebody = (name: string) => {
    n += 1;
    return write(hilo.cast, { from: `52155${20_000_000 + n}`, name, message: `Soy ${name}` });
  };
  const one = <T>(sql: string, ...bindings: unknown[]) => row<T>(hilo.cast.platform.db, sql, bindings);

  it("is suggested, compared, merged and taken apart again", async () => {
    const [kept, other] = [await somebody("Rosa Luna"), await somebody("Rosa Luna")];
    const page = await ana.get(`/contacts/${kept.contactId}`).expect(200);
    expect(page.text).to.contain("Puede ser la misma persona").and.contain("mismo nombre");
    const compare = await ana.get(`/contacts/${kept.contactId}/merge?with=${other.contactId}`).expect(200);
    expect(compare.text).to.contain("Unir en Rosa Luna");
    await ana
      .post(`/contacts/${kept.contactId}/merges`)
      .type("form")
      .send({ other_id: String(other.contactId) })
      .expect(303);
    await ana
      .get(`/contacts/${other.contactId}`)
      .expect(303)
      .expect("location", `/contacts/${kept.contactId}`);
    await ana
      .get(`/conversations/${other.conversationId}`)
      .expect(303)
      .expect("location", `/conversations/${kept.conversationId}`);
    const thread = await ana.get(`/conversations/${kept.conversationId}`).expect(200);
    expect(thread.text.match(/Soy Rosa Luna/g)?.length).to.be.greaterThan(1);
    await ana
      .post(`/contacts/${kept.contactId}/merges`)
      .type("form")
      .send({ other_id: String(other.contactId) })
      .expect(409);
    const merged = await ana.get(`/contacts/${kept.contactId}`).expect(200);
    const [undo] = /\/contacts\/\d+\/merges\/\d+\/reversal/.exec(merged.text) ?? [];
    await ana.post(undo ?? "").expect(303);
    await ana.get(`/contacts/${other.contactId}`).expect(200);
    const again = ana.post(`/contacts/${kept.contactId}/distinctions`).set("HX-Request", "true").type("form");
    expect((await again.send({ other_id: String(other.contactId) }).expect(200)).text).to.not.contain("Rosa");
    for (const body of ["", "other_id=x", "other_id=1&other_id=2"])
      expect((await ana.post(`/contacts/${kept.contactId}/merges`).send(body)).status, body).to.equal(422);
  });

  it("keeps an interaction, a purchase and a record by hand, and says what is wrong with each", async () => {
    const { contactId } = await somebody("Manuel");
    await diego.post("/settings/record-types").type("form").send({ name: "Cita" }).expect(303);
    const type = await one<{ id: number }>("select id from record_types");
    const post = (path: string, body: object) =>
      ana.post(`/contacts/${contactId}/${path}`).set("HX-Request", "true").type("form").send(body);
    const call = {
      kind: "call",
      at: "2026-11-24T10:30",
      minutes: "12",
      summary: "Preguntó por sillas",
      next_step: "Cotizar",
      next_step_due: "2026-11-27",
    };
    expect((await post("interactions", { ...call, at: "ayer" }).expect(422)).text)
      .to.contain('role="alert"')
      .and.contain("Preguntó por sillas");
    await post("interactions", call).expect(204);
    const bought = {
      number: "77",
      placed_on: "2026-11-20",
      amount: "12,5",
      currency: "mxn",
      status: "Pagado",
      tracking_url: "",
      delivery_window: "",
      returned_on: "",
      items: "2 x Silla\nMesa",
    };
    await post("purchases/new", { ...bought, amount: "mucho" }).expect(422);
    await post("purchases/new", { ...bought, currency: "" }).expect(422);
    await post("purchases/new", { ...bought, tracking_url: "javascript:alert(1)" }).expect(422);
    await post("purchases/new", bought).expect(204);
    expect((await post("purchases/new", bought).expect(422)).text).to.contain("ya tiene una compra");
    const purchase = await one<{ id: number; amount: string; items: unknown }>(
      "select id, amount::text, items from purchases where number = '77'",
    );
    expect(purchase).to.deep.include({
      amount: "12.50",
      items: [{ name: "Silla", quantity: 2 }, { name: "Mesa" }],
    });
    expect((await ana.get(`/contacts/${contactId}/purchases/${purchase?.id}`).expect(200)).text).to.contain(
      "2 x Silla",
    );
    await post(`purchases/${purchase?.id}`, {
      ...bought,
      amount: "",
      currency: "",
      returned_on: "2026-11-21",
    }).expect(204);
    expect(
      await one(
        "select amount, returned_at is not null as returned from purchases where id = ?",
        purchase?.id,
      ),
    ).to.deep.equal({ amount: null, returned: true });
    await post(`records/new/${type?.id}`, { "value.asunto": "", "value.fecha_y_hora": "nunca" }).expect(422);
    await post(`records/new/${type?.id}`, {
      "value.asunto": "Medir",
      "value.fecha_y_hora": "2026-12-01T10:30",
      "value.estado": "Programada",
    }).expect(204);
    const page = await ana.get(`/contacts/${contactId}`).expect(200);
    expect(page.text)
      .to.contain("Cita · Medir")
      .and.contain("Llamada · Preguntó por sillas")
      .and.contain("#77 · 2 × Silla, Mesa")
      .and.contain("Cotizar");
    const record = await one<{ id: number }>("select id from records");
    await post(`records/${record?.id}/removal`, {}).expect(204);
    const other = await somebody("Otra");
    await ana.get(`/contacts/${other.contactId}/purchases/${purchase?.id}`).expect(404);
    await ana
      .post(`/contacts/${other.contactId}/purchases/${purchase?.id}`)
      .type("form")
      .send(bought)
      .expect(404);
  });

  it("shows one kind of the story, more of it, and a conversation in place", async () => {
    const { contactId, conversationId } = await somebody("Larga");
    const fragment = (path: string) => ana.get(path).set("HX-Request", "true").expect(200);
    for (let k = 0; k < 45; k += 1) await addNote(hilo.cast.ana, conversationId, { text: `nota ${k}` });
    const notes = await fragment(`/contacts/${contactId}/timeline?show=note`);
    expect(notes.text).to.contain("nota 44").and.not.contain("Soy Larga");
    const [, next] = /hx-get="([^"]*before=[^"]*)"/.exec(notes.text) ?? [];
    const older = await fragment((next ?? "").replaceAll("&amp;", "&"));
    expect(older.text).to.contain("nota 0").and.not.contain("nota 44").and.not.contain("chips");
    expect((await fragment(`/conversations/${conversationId}/transcript`)).text).to.contain("Soy Larga");
    expect((await fragment(`/contacts/${contactId}/timeline?show=messages`)).text).to.contain("Soy Larga");
    for (const odd of ["show=x", "before=x", "show=note&before=1-x-1", "show[]=note"])
      await fragment(`/contacts/${contactId}/timeline?${odd}`);
    await ana
      .get(`/contacts/${contactId}/timeline?show=note`)
      .expect(303)
      .expect("location", `/contacts/${contactId}?show=note`);
  });

  it("has the firm's own fields on the card, one at a time and all at once", async () => {
    const { contactId } = await somebody("Campos");
    await ana.post("/settings/fields").type("form").send({ label: "x", kind: "text" }).expect(403);
    await diego
      .post("/settings/fields")
      .type("form")
      .send({ label: "Talla", kind: "choice", options: "S\nM" })
      .expect(303);
    await diego.post("/settings/fields").type("form").send({ label: "", kind: "text" }).expect(422);
    await diego.post("/settings/fields").type("form").send({ label: "x", kind: "sql" }).expect(422);
    const post = (value: string) =>
      ana
        .post(`/contacts/${contactId}/fields/custom.talla`)
        .set("HX-Request", "true")
        .type("form")
        .send({ value });
    expect((await post("XXL").expect(422)).text).to.contain("Elige una de las opciones");
    expect((await post("m").expect(200)).text).to.contain("M");
    await ana.get(`/contacts/${contactId}/fields/custom.nada`).expect(404);
    const card = {
      name: "Campos",
      phone: "",
      email: "",
      company: "",
      jobTitle: "",
      tags: "",
      "custom.talla": "S",
    };
    await ana.post(`/contacts/${contactId}`).type("form").send(card).expect(303);
    expect(
      (await one<{ custom: object }>("select custom from contacts where id = ?", contactId))?.custom,
    ).to.deep.equal({ talla: "S" });
    expect(
      (
        await ana
          .post(`/contacts/${contactId}`)
          .type("form")
          .send({ ...card, "custom.talla": "Z" })
          .expect(422)
      ).text,
    ).to.contain("Elige una");
  });

  it("calls colleagues, who see it on every page until they look", async () => {
    const { conversationId } = await somebody("Mencionada");
    const post = ana.post(`/conversations/${conversationId}/notes`).set("HX-Request", "true").type("form");
    const answer = await post
      .send({ text: "@bruno ¿puedes?", problem: "Rota", next_step: "Llamar", due_on: "2026-12-01" })
      .expect(201);
    expect(answer.text).to.contain("Problema").and.contain("Rota");
    const bruno = await hilo.as("bruno");
    expect((await bruno.get("/contacts")).text).to.contain("1 aviso sin ver");
    const list = await bruno.get("/mentions").expect(200);
    const [, path] = /action="(\/mentions\/\d+)"/.exec(list.text) ?? [];
    await ana.post(path ?? "").expect(404);
    await bruno
      .post(path ?? "")
      .expect(303)
      .expect("location", `/conversations/${conversationId}`);
    expect((await bruno.get("/mentions/badge").set("HX-Request", "true").expect(200)).text).to.not.contain(
      "sin ver",
    );
  });

  it("has a company with its people, and tags with a colour", async () => {
    const [a, b] = [await somebody("Socia Uno"), await somebody("Socia Dos")];
    await updateContact(hilo.cast.ana, a.contactId, { company: "Roble", tags: ['VIP"] { } </style>'] });
    await updateContact(hilo.cast.ana, b.contactId, { company: "Roble S.A." });
    const list = await ana.get("/companies?q=roble").expect(200);
    const [, path] = /href="(\/companies\/\d+)"[^>]*>\s*<span><b>Roble S.A./.exec(list.text) ?? [];
    await ana
      .post(path ?? "")
      .type("form")
      .send({ name: " " })
      .expect(422);
    const renamed = await ana
      .post(path ?? "")
      .type("form")
      .send({ name: "Roble" })
      .expect(303);
    expect((await ana.get(String(renamed.headers.location)).expect(200)).text)
      .to.contain("Socia Uno")
      .and.contain("Socia Dos");
    await ana.get("/companies/99999").expect(404);
    const tag = await one<{ id: number }>("select id from tags where name like 'VIP%'");
    await ana.post(`/settings/tags/${tag?.id}`).type("form").send({ name: "VIP", colour: "red" }).expect(403);
    await diego
      .post(`/settings/tags/${tag?.id}`)
      .type("form")
      .send({ name: 'VIP"] { } </style>', colour: "red" })
      .expect(303);
    await diego.post("/settings/tags").type("form").send({ name: "Nueva", colour: "green" }).expect(303);
    await diego.post("/settings/tags").type("form").send({ name: "con, coma", colour: "green" }).expect(422);
    const css = await ana.get("/tags.css").expect(200);
    expect(css.text).to.contain("--tag-red").and.not.contain("</style>").and.not.contain('VIP"]');
    await ana.get("/tags.css").set("If-None-Match", String(css.headers.etag)).expect(304);
    await diego.post(`/settings/tags/${tag?.id}/removal`).expect(303);
  });
});
