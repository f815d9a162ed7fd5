import { expect } from "chai";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { addNote, pinNote } from "../../src/services/conversations/note.ts";
import { getBehaviour } from "../../src/services/story/behaviour.ts";
import { listFiles } from "../../src/services/story/files.ts";
import { getStory } from "../../src/services/story/story.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("story", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
  });
  after(() => cast.close());

  it("sums what was bought by currency, without what came back, the newest first", async () => {
    const { contactId } = await write(cast);
    const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString();
    const items = [{ name: "Silla" }];
    await savePurchase(cast.ana, contactId, "1", {
      amount: 100.5,
      currency: "MXN",
      placedAt: day(200),
      items,
    });
    await savePurchase(cast.ana, contactId, "2", { amount: 200, currency: "MXN", placedAt: day(5), items });
    await savePurchase(cast.ana, contactId, "3", { amount: 999, currency: "MXN", returnedAt: day(1) });
    await savePurchase(cast.ana, contactId, "4", { amount: 50, currency: "USD", placedAt: day(40) });
    const { purchases } = await getStory(cast.bruno, contactId);
    expect(purchases).to.include({ count: 4, returns: 1, recent: 3 });
    expect(purchases.totals).to.deep.equal([
      { currency: "MXN", total: "300.50" },
      { currency: "USD", total: "50.00" },
    ]);
    expect(purchases.latest.map(({ externalId }) => externalId)).to.deep.equal(["3", "2", "4", "1"]);
    expect((await getBehaviour(cast.bruno, contactId, "UTC")).products).to.deep.equal([
      { name: "Silla", times: 2 },
    ]);
  });

  it("keeps pinned notes first, whoever pinned them, and tells nobody twice", async () => {
    const { conversationId, contactId } = await write(cast, { from: "5215500001234", name: "Fija" });
    const first = await addNote(cast.ana, conversationId, { text: "uno" });
    await addNote(cast.ana, conversationId, { text: "dos" });
    await pinNote(cast.bruno, first.id, true);
    await pinNote(cast.bruno, first.id, true);
    const { notes } = await getStory(cast.carmen, contactId);
    expect(notes.map(({ text, pinned }) => [text, pinned])).to.deep.equal([
      ["uno", true],
      ["dos", false],
    ]);
    const [acts] = await cast.platform.db("audit_events").where({ act: "note.pinned" }).count("* as n");
    expect(Number(acts?.n)).to.equal(1);
  });

  it("shows a file once however often it crossed, by kind and by name, and none of an isolated inbox", async () => {
    const from = "5215500005678";
    const { conversationId, contactId, messageId } = await write(cast, { from, name: "Archivos" });
    const file = (name: string, kind: string, sha256: string, of = messageId) =>
      cast.platform.db("attachments").insert({
        message_id: of,
        contact_id: contactId,
        kind,
        file_name: name,
        state: "stored",
        storage_key: "x",
        sha256,
      });
    await file("Cotización.pdf", "document", "aa");
    await file("foto.jpg", "image", "bb");
    await file("Cotización copia.pdf", "document", "aa");
    await connectIsolated(cast);
    await deliver(cast, delivery(messageValue({ from, message: "reservado" }), "messages", "PN9"));
    const hidden = await cast.platform.db("messages").where({ text: "reservado" }).first("id");
    await file("secreto.pdf", "document", "cc", hidden.id);

    const ask = async (who: Cast["ana"], kind: "document" | null, search = "") =>
      (await listFiles(who, contactId, { kind, search, before: null, limit: 10 })).map(
        ({ fileName, times }) => `${fileName} ×${times}`,
      );
    expect(await ask(cast.bruno, null)).to.deep.equal(["Cotización copia.pdf ×2", "foto.jpg ×1"]);
    expect(await ask(cast.bruno, "document")).to.deep.equal(["Cotización copia.pdf ×2"]);
    expect(await ask(cast.bruno, null, "FOTO")).to.deep.equal(["foto.jpg ×1"]);
    expect(await ask(cast.bruno, null, "%")).to.deep.equal([]);
    expect(await ask(cast.ana, null)).to.include("secreto.pdf ×1");
    const [page] = await listFiles(cast.bruno, contactId, { kind: null, search: "", before: null, limit: 1 });
    expect(page).to.include({ conversationId, messageId });
  });

  it("knows when people write, in the zone of who asks", async () => {
    const from = "5215500007777";
    const at = new Date("2026-11-03T03:30:00Z");
    const { contactId } = await write(cast, { from, name: "Horas", at });
    await write(cast, { from, name: "Horas", at: new Date(at.getTime() + 60_000) });
    const { hours, months } = await getBehaviour(cast.ana, contactId, "America/Mexico_City");
    expect(hours[21]).to.equal(2);
    expect(hours.reduce((sum, n) => sum + n, 0)).to.equal(2);
    expect(months).to.have.length(1);
    expect((await getBehaviour(cast.ana, contactId, "Europe/Madrid")).hours[4]).to.equal(2);
  });
});
