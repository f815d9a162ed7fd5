import { expect } from "chai";
import { openCase } from "../../src/services/cases/open-case.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { addNote } from "../../src/services/conversations/note.ts";
import { findPagePosition, getThread } from "../../src/services/conversations/thread.ts";
import type { Context } from "../../src/services/platform/context.ts";
import { search } from "../../src/services/search/search.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("search", () => {
  let cast: Cast;
  let contactId: number;
  let conversationId: number;
  before(async () => {
    cast = await openCast();
    const message = "La mesa de roble llegó con una pata rota";
    ({ contactId, conversationId } = await write(cast, { name: "José Hernández", message }));
    await updateContact(cast.ana, contactId, {
      company: "Muebles Ñandú",
      email: "pepe@correo.example",
      tags: ["Mayorista"],
    });
    await write(cast, { from: "5215598760000", name: "Otra Persona", message: "Buenas tardes" });
  });
  after(() => cast.close());

  const people = async (text: string, who: Context = cast.ana) =>
    (await search(who, text)).contacts.map(({ name }) => name);
  const kinds = async (text: string, who: Context = cast.ana) =>
    (await search(who, text)).records.map(
      ({ kind, excerpt }) => `${kind}: ${excerpt.replaceAll(/[\ue000\ue001]/g, "|")}`,
    );

  it("finds people by name, slips and accents aside, by phone, mail, company and tag", async () => {
    for (const text of [
      "jose hernandez",
      "HERNÁNDEZ",
      "hernandes",
      "+52 55 1234-5678",
      "5512345678",
      "pepe@correo",
      "nandu",
      "mayorista",
    ])
      expect(await people(text), text).to.deep.equal(["José Hernández"]);
    expect(await people("zzzz")).to.deep.equal([]);
  });

  it("finds words of messages and notes in any form, and exact phrases", async () => {
    await addNote(cast.ana, conversationId, { text: "Prefiere que le enviemos facturas los lunes" });
    const found = await search(cast.ana, "mesas rotas");
    expect(found.messages.map(({ excerpt }) => excerpt.replaceAll(/[\ue000\ue001]/g, "|"))).to.deep.equal([
      "|mesa| de roble llegó con una pata |rota|",
    ]);
    expect((await search(cast.ana, '"pata rota"')).messages).to.have.length(1);
    expect((await search(cast.ana, '"rota pata"')).messages).to.have.length(0);
    expect(await kinds("factura")).to.deep.equal(["note: Prefiere que le enviemos |facturas| los lunes"]);
  });

  it("finds cases, purchases and files by their names", async () => {
    await openCase(cast.ana, conversationId, { title: "Reposición de pata", topicId: null });
    await savePurchase(cast.ana, contactId, "A-4521", { number: "4521", status: "en camino" });
    const document = {
      type: "document",
      document: { id: "d1", mime_type: "application/pdf", filename: "Cotización Octubre.pdf" },
    };
    await write(cast, { message: document });
    expect(await kinds("reposicion")).to.deep.equal(["case: Reposición de pata"]);
    for (const text of ["4521", "#4521", "a-45"])
      expect(await kinds(text), text).to.deep.equal(["purchase: #4521 · en camino"]);
    expect(await kinds("cotizacion octubre")).to.deep.equal(["file: Cotización Octubre.pdf"]);
  });

  it("says nothing of what an isolated inbox keeps", async () => {
    await connectIsolated(cast);
    const from = "5215544443333";
    const said = messageValue({ from, name: "Persona Reservada", message: "renuncia secretísima" });
    await deliver(cast, delivery(said, "messages", "PN9"));
    const [found] = (await search(cast.ana, "renuncia")).messages;
    const hidden = found?.conversationId ?? 0;
    await addNote(cast.ana, hidden, { text: "nota secretísima" });
    await openCase(cast.ana, hidden, { title: "caso secretísimo", topicId: null });
    expect((await search(cast.ana, "secretísima")).messages).to.have.length(1);
    expect(await kinds("secretísim")).to.include("case: caso secretísimo");
    for (const text of ["secretísima", "secretísim", "reservada", from, "renuncia"]) {
      const outside = await search(cast.bruno, text);
      expect(outside, text).to.deep.equal({ contacts: [], messages: [], records: [] });
    }
  });

  it("answers odd questions in time, and never with an error", async () => {
    for (const text of [
      "x".repeat(10_000),
      "%",
      "%%%",
      "_",
      "(.*)+$",
      "' or 1=1 --",
      '"',
      "\0\0a",
      "\ud800x",
      "  ",
      "🙂🙂",
    ])
      await search(cast.ana, text);
  });

  it("jumps to the very message, with a few after it", async () => {
    const from = "5215500009999";
    const start = Date.now() - 3_600_000;
    await deliver(
      cast,
      ...Array.from({ length: 100 }, (_, n) =>
        delivery(
          messageValue({ from, name: "Larga", at: new Date(start + n * 1000), message: `mensaje ${n}` }),
        ),
      ),
    );
    const [hit] = (await search(cast.ana, '"mensaje 20"')).messages;
    const { contactId: longId } = await write(cast, { from, message: "y ya" });
    const of = { contactId: longId };
    const before = await findPagePosition(cast.ana, of, hit?.id ?? 0, 30);
    const { messages } = await getThread(cast.ana, of, { before, limit: 30 });
    expect(messages.map(({ text }) => text)).to.include("mensaje 20");
    expect(messages.at(-1)?.text).to.equal("mensaje 30");
    const newest = await getThread(cast.ana, of, { before: null, limit: 30 });
    expect(await findPagePosition(cast.ana, of, newest.messages[3]?.id ?? 0, 30)).to.equal(null);
    expect(await findPagePosition(cast.ana, { contactId }, hit?.id ?? 0, 30)).to.equal(null);
  });
});
