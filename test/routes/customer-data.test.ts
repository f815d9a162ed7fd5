import { expect } from "chai";
import { createContact } from "../../src/services/contacts/save-contact.ts";
import { row } from "../../src/services/platform/database.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

type Agent = Awaited<ReturnType<Hilo["as"]>>;

/** An answer as its bytes. */
function bytes(response: NodeJS.ReadableStream, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  response.on("data", (chunk: Buffer) => chunks.push(chunk));
  response.on("end", () => done(null, Buffer.concat(chunks)));
}

describe("customers' data, on pages", () => {
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

  it("comes in by CSV and goes out by CSV, as text and never as a formula", async () => {
    await ana.get("/imports").expect(403);
    await ana.get("/contacts.csv").expect(403);
    const carmen = await hilo.as("carmen");
    const csv = "nombre,correo,empresa\n=HYPERLINK(1),formula@correo.example,+Acme\nMal,nada,\n";
    const uploaded = await carmen
      .post("/imports/contacts")
      .attach("file", Buffer.from(csv), "lista.csv")
      .expect(303);
    const at = String(uploaded.headers.location);
    expect((await carmen.get(at).expect(200)).text).to.contain("Revisar todo el archivo");
    await carmen
      .post(`${at}/check`)
      .type("form")
      .send({ encoding: "utf-8", on_duplicate: "update", column: ["name", "name", ""] })
      .expect(422);
    await carmen
      .post(`${at}/check`)
      .type("form")
      .send({ encoding: "utf-8", on_duplicate: "update", column: ["name", "email", "company"] })
      .expect(303);
    const checked = await eventually(async () => {
      const { text } = await carmen.get(at);
      return text.includes("Importar solo la fila correcta") && text;
    });
    expect(checked).to.contain("1 fila con faltas");
    expect((await carmen.get(`${at}/faults.csv`).expect(200)).text).to.contain("nada");
    await carmen.post(`${at}/run`).expect(303);
    await eventually(async () => (await carmen.get(at)).text.includes("1 cliente nuevo"));
    await carmen.post(`${at}/run`).expect(409);
    const exported = await carmen.get("/contacts.csv?q=formula@").expect(200);
    expect(exported.text)
      .to.contain("'=HYPERLINK(1)")
      .and.contain("'+Acme")
      .and.not.match(/(^|,)"?=/m);
    expect(
      (await carmen.post("/imports/contacts").attach("file", Buffer.from(""), "x.csv").expect(422)).text,
    ).to.contain("no tiene filas");
    await carmen.post("/imports/nothing").attach("file", Buffer.from("a\nb"), "x.csv").expect(404);
    expect((await carmen.get("/imports/example/contacts").expect(200)).text).to.contain("Correo");
  });

  it("is given out and erased by who may, after saying what is lost", async () => {
    const { contactId, messageId } = await somebody("Fugaz Pérez");
    const storageKey = await hilo.cast.platform.storage.put(Buffer.from("contenido de la foto"));
    const photo = {
      kind: "image",
      file_name: "../../foto.jpg",
      state: "stored",
      media_type: "image/jpeg",
      bytes: 20,
    };
    await hilo.cast.platform
      .db("attachments")
      .insert({ ...photo, message_id: messageId, contact_id: contactId, storage_key: storageKey });
    const carmen = await hilo.as("carmen");
    const zip = await carmen
      .get(`/contacts/${contactId}/export.zip`)
      .buffer(true)
      .parse(bytes as never)
      .expect(200);
    expect(zip.body.subarray(0, 2).toString()).to.equal("PK");
    const listed = zip.body.toString("latin1");
    expect(listed)
      .to.contain("contact.json")
      .and.contain("contenido de la foto")
      .and.match(/files\/\d+-_.._foto.jpg/)
      .and.not.contain("../");
    const file = await (await hilo.as("carmen")).get(`/contacts/${contactId}/export.json`).expect(200);
    expect(file.body.messages[0].text).to.equal("Soy Fugaz Pérez");
    expect((await diego.get(`/contacts/${contactId}/export.html`).expect(200)).text).to.contain(
      "Soy Fugaz Pérez",
    );
    await ana.post(`/contacts/${contactId}/erasure`).expect(403);
    expect((await diego.get(`/contacts/${contactId}/erasure`).expect(200)).text).to.contain("1 mensaje");
    await diego.post(`/contacts/${contactId}/erasure`).expect(303);
    const after = await diego.get(`/contacts/${contactId}`).expect(200);
    expect(after.text).to.contain("Cliente borrado").and.not.contain("Fugaz");
    await ana.get("/settings/retention").expect(403);
    const rehearsed = await diego
      .post("/settings/retention")
      .type("form")
      .send({ messages: "12", rehearse: "1" })
      .expect(200);
    expect(rehearsed.text).to.contain("Hoy se borrarían 0 mensajes");
    const odd = await diego
      .post("/settings/retention")
      .type("form")
      .send({ files: "6", messages: "doce", interactions: "9999" })
      .expect(422);
    expect(odd.text).not.to.contain("Hoy se borrarían 0 interacciones");
    expect(await one("select 1 from retention_rules")).to.equal(null);
    await diego
      .post("/settings/retention")
      .type("form")
      .send({ messages: "", files: "24", interactions: "" })
      .expect(303);
    expect(await one("select kind, months from retention_rules")).to.deep.equal({
      kind: "files",
      months: 24,
    });
  });

  it("leaves a line in the audit when somebody looks at their card, there or beside a conversation, each time", async () => {
    const { id } = await createContact(hilo.cast.ana, { name: "Mirada" });
    await ana.get(`/contacts/${id}`).expect(200);
    await ana.get(`/contacts/${id}`).expect(200);
    const seen = (contactId: number) =>
      hilo.cast.platform
        .db("audit_events")
        .where({ act: "contact.viewed", contact_id: contactId })
        .select("actor_id");
    const look = { actor_id: hilo.cast.ids.ana };
    expect(await seen(id)).to.deep.equal([look, look]);
    const other = await somebody("Al lado");
    await ana.get(`/conversations/${other.conversationId}`).expect(200);
    expect(await seen(other.contactId)).to.deep.equal([look]);
  });

  it("is made by hand, once for the same form, and says what is wrong", async () => {
    await ana.get("/contacts/new").expect(200);
    const form = {
      name: "Hecha a mano",
      phone: "55 7777 8888",
      email: "",
      company: "",
      client_token: "1b241101-e2bb-4255-8caf-4136c566a001",
    };
    expect(
      (
        await ana
          .post("/contacts")
          .type("form")
          .send({ ...form, name: " " })
          .expect(422)
      ).text,
    ).to.contain("Escribe un nombre");
    await ana
      .post("/contacts")
      .type("form")
      .send({ ...form, phone: "abc" })
      .expect(422);
    const first = await ana.post("/contacts").type("form").send(form).expect(303);
    const again = await ana.post("/contacts").type("form").send(form).expect(303);
    expect(again.headers.location).to.equal(first.headers.location);
  });

  it("takes no object where a word belongs", async () => {
    const { contactId } = await somebody("Objeto");
    for (const path of [
      `/contacts/${contactId}`,
      "/contacts",
      "/settings/fields",
      "/settings/record-types",
      "/settings/retention",
      "/settings/firm",
      `/contacts/${contactId}/interactions`,
    ])
      expect(
        (await diego.post(path).send({ name: { toString: 1 }, label: { toString: 1 } })).status,
        path,
      ).to.be.oneOf([303, 422]);
  });

  it("stands with what was promised to everybody until it is kept", async () => {
    const { contactId } = await somebody("Prometida");
    await ana
      .post(`/contacts/${contactId}/commitments`)
      .type("form")
      .send({ text: "Llamar el lunes", due_on: "2026-12-01" })
      .expect(303);
    const page = await ana.get("/commitments").expect(200);
    expect(page.text).to.contain("Llamar el lunes").and.contain("Prometida");
    expect((await (await hilo.as("bruno")).get("/commitments")).text).to.not.contain("Llamar el lunes");
    expect((await (await hilo.as("bruno")).get("/commitments?who=all")).text).to.contain("Llamar el lunes");
    const [, path] = /action="(\/commitments\/\d+)"/.exec(page.text) ?? [];
    await ana
      .post(path ?? "")
      .type("form")
      .send({ done: "1", from: "commitments" })
      .expect(303)
      .expect("location", "/commitments");
    expect((await ana.get("/commitments")).text).to.not.contain("Llamar el lunes");
  });

  it("can be looked for by what their cards lack", async () => {
    const { id } = await createContact(hilo.cast.ana, { name: "Sin nada" });
    for (const lack of ["email", "company"])
      expect((await ana.get(`/contacts?lack=${lack}`).expect(200)).text).to.contain("Sin nada");
    expect((await ana.get("/contacts?lack=activity").expect(200)).text).to.not.contain("Sin nada");
    await hilo.cast.platform.db.raw(
      "update contacts set first_seen_at = now() - interval '2 years' where id = ?",
      [id],
    );
    expect((await ana.get("/contacts?lack=activity").expect(200)).text).to.contain("Sin nada");
    await ana.get("/contacts?lack=x&lack=y").expect(200);
  });
});
