import { expect } from "chai";
import { openCase } from "../../src/services/cases/open-case.ts";
import { promise } from "../../src/services/commitments/commitments.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { addNote } from "../../src/services/conversations/note.ts";
import { addInteraction, addInteractions } from "../../src/services/interactions/interactions.ts";
import { mergeContacts } from "../../src/services/merges/merge.ts";
import { Invalid } from "../../src/services/platform/errors.ts";
import { createRecordType } from "../../src/services/records/record-types.ts";
import { saveRecord } from "../../src/services/records/save-record.ts";
import { getStory } from "../../src/services/story/story.ts";
import { listTimeline, type TimelineCursor, type TimelineEntry } from "../../src/services/story/timeline.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("timeline and interactions", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    await connectIsolated(cast);
  });
  after(() => cast.close());

  const all = async (contactId: number, limit: number, as = cast.bruno): Promise<TimelineEntry[]> => {
    const entries: TimelineEntry[] = [];
    let before: TimelineCursor | null = null;
    for (;;) {
      const page: TimelineEntry[] = await listTimeline(as, contactId, { kinds: [], before, limit });
      entries.push(...page);
      const last = page.at(-1);
      if (page.length < limit || !last) return entries;
      before = { micros: last.micros, kind: last.kind, id: last.id };
    }
  };

  it("tell everything that happened, newest first, in pages that neither repeat nor skip", async () => {
    const { contactId, conversationId } = await write(cast, { message: "Llegó rota" });
    await openCase(cast.ana, conversationId, { title: "Silla rota", topicId: null });
    await addNote(cast.ana, conversationId, { text: "Pide cambio" });
    await promise(cast.ana, conversationId, { text: "Llamar", dueOn: "2026-12-01" });
    await updateContact(cast.ana, contactId, { email: "lucia@correo.example" });
    const type = await createRecordType(cast.diego, "Visita", [
      { label: "Qué", kind: "text", options: [], place: "title" },
    ]);
    await saveRecord(cast.ana, contactId, type.id, "v1", { que: "Medir" });
    await addInteraction(cast.ana, contactId, {
      kind: "call",
      at: cast.clock.now,
      seconds: 300,
      summary: "Quedamos en cambiarla",
    });
    // Many in one microsecond, and many in one statement's time.
    const same = new Date("2026-01-05T10:00:00Z");
    await addInteractions(
      cast.ana,
      Array.from({ length: 23 }, (_, n) => ({
        contactId,
        kind: "page" as const,
        at: same,
        url: `https://tienda.example/${n}`,
      })),
    );
    for (let n = 0; n < 12; n += 1)
      await savePurchase(cast.ana, contactId, `p${n}`, {
        amount: n,
        currency: "MXN",
        ...(n % 2 ? { placedAt: same.toISOString() } : {}),
      });
    const whole = await listTimeline(cast.bruno, contactId, { kinds: [], before: null, limit: 200 });
    expect(new Set(whole.map(({ kind }) => kind))).to.deep.equal(
      new Set(["conversation", "case", "note", "commitment", "change", "record", "interaction", "purchase"]),
    );
    const times = whole.map(({ micros }) => micros);
    expect(times).to.deep.equal([...times].sort((a, b) => b - a));
    for (const limit of [1, 3, 7, 41]) {
      const paged = await all(contactId, limit);
      expect(
        paged.map(({ kind, id }) => `${kind}/${id}`),
        `by ${limit}`,
      ).to.deep.equal(whole.map(({ kind, id }) => `${kind}/${id}`));
    }
    const calls = await listTimeline(cast.bruno, contactId, {
      kinds: ["interaction"],
      before: null,
      limit: 200,
    });
    expect(calls).to.have.length(24);
    expect(calls[0]?.data).to.deep.include({ interaction: "call", seconds: 300, by: "Ana Torres" });
    const [conversation] = await listTimeline(cast.bruno, contactId, {
      kinds: ["conversation"],
      before: null,
      limit: 5,
    });
    expect(conversation?.data).to.deep.include({
      status: "open",
      inboxes: ["Ventas"],
      agents: [],
      messages: 1,
      preview: "Llegó rota",
    });
  });

  it("say nothing of an isolated inbox, and everything of whom was merged", async () => {
    const from = "5215500009001";
    const { contactId } = await write(cast, { from, name: "Uno" });
    await deliver(cast, delivery(messageValue({ from, message: "secreto" }), "messages", "PN9"));
    const other = await write(cast, { from: "5215500009002", name: "Dos" });
    await updateContact(cast.ana, other.contactId, { location: "Puebla" });
    await mergeContacts(cast.ana, contactId, other.contactId);
    const kinds = (entries: TimelineEntry[]) => entries.map(({ kind }) => kind).sort();
    expect(kinds(await all(contactId, 50, cast.ana))).to.deep.equal([
      "change",
      "change",
      "conversation",
      "conversation",
    ]);
    expect(kinds(await all(contactId, 50, cast.bruno))).to.deep.equal(["change", "change", "conversation"]);
  });

  it("keep an interaction once for the same token or the same id of a program, and promise its next step", async () => {
    const { contactId } = await write(cast, { from: "5215500009003" });
    const call = {
      kind: "call" as const,
      at: cast.clock.now,
      summary: "Llamó",
      clientToken: "7b241101-e2bb-4255-8caf-4136c566a901",
    };
    const first = await addInteraction(cast.ana, contactId, call);
    expect((await addInteraction(cast.ana, contactId, call)).id).to.equal(first.id);
    const visit = {
      contactId,
      kind: "event" as const,
      at: cast.clock.now,
      summary: "Feria",
      externalId: "e1",
    };
    const [one] = await addInteractions(cast.ana, [visit]);
    const [again, twin] = await addInteractions(cast.ana, [
      { ...visit, summary: "Feria de muebles" },
      { ...visit, summary: "Feria 2" },
    ]);
    expect([again, twin]).to.deep.equal([one, one]);
    const meeting = {
      kind: "meeting" as const,
      at: cast.clock.now,
      participants: "Ana, Lucía",
      nextStep: "Enviar propuesta",
      nextStepDueOn: "2026-12-02",
      clientToken: "7b241101-e2bb-4255-8caf-4136c566a902",
    };
    await addInteraction(cast.ana, contactId, meeting);
    await addInteraction(cast.ana, contactId, meeting);
    const { commitments } = await getStory(cast.bruno, contactId);
    expect(commitments.map(({ text, dueOn }) => [text, dueOn])).to.deep.equal([
      ["Enviar propuesta", "2026-12-02"],
    ]);
  });

  it("refuse what is empty or too long, all or none of many", async () => {
    const { contactId } = await write(cast, { from: "5215500009004" });
    const at = cast.clock.now;
    const refused = async (work: () => Promise<unknown>) => {
      try {
        await work();
      } catch (error) {
        return error instanceof Invalid ? error.fields : (error as Error).message;
      }
      return "taken";
    };
    expect(await refused(() => addInteraction(cast.ana, contactId, { kind: "call", at }))).to.deep.equal({
      summary: "interactions.empty",
    });
    const many = [
      { contactId, kind: "page" as const, at, url: "https://a.example" },
      { contactId, kind: "page" as const, at, url: "javascript:alert(1)" },
    ];
    expect(await refused(() => addInteractions(cast.ana, many))).to.deep.equal({
      "1.url": "interactions.url",
    });
    const unknown = [{ contactId: 999_999, kind: "page" as const, at, url: "https://a.example" }];
    expect(await refused(() => addInteractions(cast.ana, unknown))).to.equal("error.not_found");
    expect(
      await listTimeline(cast.ana, contactId, { kinds: ["interaction"], before: null, limit: 5 }),
    ).to.deep.equal([]);
  });
});
