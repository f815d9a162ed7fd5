import { expect } from "chai";
import { wrapUp } from "../../src/services/commitments/wrap-up.ts";
import {
  countMentions,
  findMentioned,
  listMentions,
  seeMentions,
} from "../../src/services/conversations/mentions.ts";
import { addNote, noteOnContact, pinNote } from "../../src/services/conversations/note.ts";
import { row } from "../../src/services/platform/database.ts";
import { getStory } from "../../src/services/story/story.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("mentions and wrap-ups", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    await connectIsolated(cast);
  });
  after(() => cast.close());

  it("call by whole name, or by a first name that only one has", () => {
    const people = [
      { id: 1, name: "Ana Torres" },
      { id: 2, name: "Ana Vega" },
      { id: 3, name: "Íñigo Ruiz" },
    ];
    const table: [string, number[]][] = [
      ["@Ana Torres mira", [1]],
      ["@ana mira", []],
      ["@inigo, mira esto", [3]],
      ["@Iñigo Ruiz y @ANA VEGA", [2, 3]],
      ["correo@inigo.example", [3]],
      ["@Inigos", []],
      ["sin nadie @", []],
    ];
    for (const [text, called] of table)
      expect(findMentioned(text, people).sort(), text).to.deep.equal(called);
  });

  it("tell who is called, once, until they have looked", async () => {
    const { conversationId } = await write(cast);
    const clientToken = "9b241101-e2bb-4255-8caf-4136c566a962";
    const note = await addNote(cast.ana, conversationId, {
      text: "@Bruno Vega y @ana, ¿lo ves?",
      clientToken,
    });
    await addNote(cast.ana, conversationId, { text: "@Bruno Vega y @ana, ¿lo ves?", clientToken });
    expect(await countMentions(cast.bruno)).to.equal(1);
    expect(await countMentions(cast.ana)).to.equal(0);
    expect((await listMentions(cast.bruno, 10)).map(({ noteId, by }) => [noteId, by])).to.deep.equal([
      [note.id, "Ana Torres"],
    ]);
    await seeMentions(cast.bruno, note.id);
    expect(await countMentions(cast.bruno)).to.equal(0);
    await seeMentions(cast.carmen, note.id).then(
      () => expect.fail("it does not call her"),
      (error: Error) => expect(error.name).to.equal("NotFound"),
    );
  });

  it("tell nobody who may not see where the note stands", async () => {
    const from = "5215500006001";
    await deliver(
      cast,
      delivery(messageValue({ from, name: "Reserva", message: "x", id: "m9" }), "messages", "PN9"),
    );
    const found = await row<{ conversation_id: number }>(
      cast.platform.db,
      "select conversation_id from messages where external_id = 'm9'",
    );
    await addNote(cast.ana, found?.conversation_id ?? 0, { text: "@bruno mira" });
    expect(await countMentions(cast.bruno)).to.equal(0);
    const [only] = await cast.platform
      .db("conversations")
      .where({ id: found?.conversation_id })
      .select("contact_id");
    const note = await noteOnContact(cast.ana, only.contact_id, { text: "secreto @bruno" });
    expect(await countMentions(cast.bruno)).to.equal(0);
    await pinNote(cast.bruno, note.id, true).then(
      () => expect.fail("it is not his to see"),
      (error: Error) => expect(error.name).to.equal("NotFound"),
    );
  });

  it("a wrap-up is a note in parts, and its next step with a day is promised once", async () => {
    const { conversationId, contactId } = await write(cast, { from: "5215500006002" });
    const given = {
      text: "",
      wrapUp: {
        problem: "Silla rota",
        action: "Se pidió otra",
        nextStep: "Avisar a @carmen",
        dueOn: "2026-12-01",
      },
      clientToken: "9b241101-e2bb-4255-8caf-4136c566a963",
    };
    const note = await wrapUp(cast.ana, conversationId, given);
    expect((await wrapUp(cast.ana, conversationId, given)).id).to.equal(note.id);
    expect(note.text).to.equal("Silla rota\nSe pidió otra\nAvisar a @carmen");
    expect(note.wrapUp).to.deep.include({ problem: "Silla rota", dueOn: "2026-12-01" });
    expect(await countMentions(cast.carmen)).to.equal(1);
    const { commitments, notes } = await getStory(cast.bruno, contactId);
    expect(commitments.map(({ text }) => text)).to.deep.equal(["Avisar a @carmen"]);
    expect(notes).to.have.length(1);
    const empty = { problem: " ", action: "", nextStep: "", dueOn: null };
    await wrapUp(cast.ana, conversationId, { text: " ", wrapUp: empty }).then(
      () => expect.fail("nothing was written"),
      (error: Error) => expect(error.name).to.equal("Invalid"),
    );
  });

  it("a note can stand on the customer alone, in sight of every conversation", async () => {
    const { contactId } = await write(cast, { from: "5215500006003" });
    const note = await noteOnContact(cast.bruno, contactId, { text: "Prefiere tú" });
    expect(note).to.include({ conversationId: null, text: "Prefiere tú" });
    expect((await getStory(cast.ana, contactId)).notes.map(({ text }) => text)).to.deep.equal([
      "Prefiere tú",
    ]);
  });
});
