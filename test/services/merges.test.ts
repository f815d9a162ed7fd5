import { expect } from "chai";
import { openCase } from "../../src/services/cases/open-case.ts";
import { promise } from "../../src/services/commitments/commitments.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { getContact, listContacts } from "../../src/services/contacts/queries.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { saveDraft } from "../../src/services/conversations/drafts.ts";
import { addNote } from "../../src/services/conversations/note.ts";
import { getConversation } from "../../src/services/conversations/queries.ts";
import { reply } from "../../src/services/conversations/reply.ts";
import { resolve } from "../../src/services/conversations/status.ts";
import { tagConversation } from "../../src/services/conversations/tags.ts";
import { mergeContacts } from "../../src/services/merges/merge.ts";
import { movable } from "../../src/services/merges/moves.ts";
import { listMerges } from "../../src/services/merges/queries.ts";
import { undoMerge } from "../../src/services/merges/undo.ts";
import type { Context } from "../../src/services/platform/context.ts";
import { rows } from "../../src/services/platform/database.ts";
import { search } from "../../src/services/search/search.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("merges", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    cast.clock.advance(-100 * 1440);
  });
  after(() => cast.close());

  let n = 0;
  /** Somebody new who wrote, on a number of their own. */
  async function somebody(name: string, messages = 2) {
    n += 1;
    const from = `52155${String(10_000_000 + n)}`;
    const at = cast.clock.now;
    let written = await write(cast, { from, name, at, message: `Hola, soy ${name}` });
    for (let more = 1; more < messages; more += 1)
      written = await write(cast, { from, name, at, message: `${name} ${more}` });
    return { from, ...written };
  }
  const query = <T>(sql: string, ...bindings: unknown[]) => rows<T>(cast.platform.db, sql, bindings);
  const say = (ctx: Context, id: number, text: string) => reply(ctx, id, { text });
  const refusal = async (work: () => Promise<unknown>) =>
    (async () => work())().then(
      () => "taken",
      (error: Error) => error.message,
    );

  /** Every row of what a merge may touch, but the journal. */
  async function everything(): Promise<Record<string, unknown>> {
    const tables = [
      ...movable.map(({ table }) => table),
      "messages",
      "contacts",
      "contact_tags",
      "conversation_tags",
      "drafts",
    ];
    const found: Record<string, unknown> = {};
    for (const table of tables)
      found[table] = await query(`select to_jsonb(t) as r from ${table} t order by to_jsonb(t)::text`);
    return found;
  }

  it("know every table that hangs on a contact", async () => {
    // Facts are measured anew of everybody who was joined or parted.
    const stays = ["audit_events", "contact_tags", "contacts", "conversation_facts", "messages"];
    const hanging = await query<{ table_name: string }>(
      "select table_name from information_schema.columns where column_name = 'contact_id' and table_schema = 'public'",
    );
    const unknown = hanging.map((one) => one.table_name).filter((name) => !stays.includes(name));
    expect(unknown.sort()).to.deep.equal(movable.map(({ table }) => table).sort());
  });

  /** Two people with something of every kind, both in an open conversation. */
  async function rich() {
    const kept = await somebody("Juan");
    const other = await somebody("Juan Pérez", 3);
    await say(cast.ana, other.conversationId, "respuesta");
    await addNote(cast.bruno, other.conversationId, { text: "nota del otro" });
    await openCase(cast.ana, other.conversationId, { title: "Silla rota", topicId: null });
    await promise(cast.ana, other.conversationId, { text: "llamar", dueOn: null });
    await savePurchase(cast.ana, other.contactId, "A-1", { amount: 10, currency: "MXN" });
    await savePurchase(cast.ana, other.contactId, "same", { status: "del otro" });
    await savePurchase(cast.ana, kept.contactId, "same", { status: "mío" });
    await updateContact(cast.ana, other.contactId, {
      email: "juan@correo.example",
      company: "Acme",
      tags: ["VIP"],
      custom: { talla: "M" },
    });
    await tagConversation(cast.ana, other.conversationId, "urgente");
    await saveDraft(cast.bruno, other.conversationId, { kind: "reply", text: "a medio escribir" });
    return { kept, other };
  }

  it("make two people one, with one open conversation and both histories in order", async () => {
    const { kept, other } = await rich();
    await mergeContacts(cast.ana, kept.contactId, other.contactId);
    const contact = await getContact(cast.bruno, other.contactId);
    expect(contact).to.deep.include({
      id: kept.contactId,
      name: "Juan",
      email: "juan@correo.example",
      company: "Acme",
      tags: ["VIP"],
      custom: { talla: "M" },
    });
    expect(contact.identities).to.have.length(2);
    const open = await query<{ id: number }>(
      "select id from conversations where contact_id = ? and status <> 'resolved'",
      kept.contactId,
    );
    expect(open).to.deep.equal([{ id: kept.conversationId }]);
    const said = await query<{ text: string; conversation_id: number }>(
      "select text, conversation_id from messages where contact_id = ? order by sent_at, id",
      kept.contactId,
    );
    expect(said.map(({ text }) => text)).to.deep.equal([
      "Hola, soy Juan",
      "Juan 1",
      "Hola, soy Juan Pérez",
      "Juan Pérez 1",
      "Juan Pérez 2",
      "respuesta",
    ]);
    expect(new Set(said.map(({ conversation_id }) => conversation_id))).to.deep.equal(
      new Set([kept.conversationId]),
    );
    const survivor = await getConversation(cast.bruno, kept.conversationId);
    expect(survivor).to.deep.include({ preview: "respuesta", assigneeId: cast.ids.ana, tags: ["urgente"] });
    expect((await getConversation(cast.bruno, other.conversationId)).mergedIntoId).to.equal(
      kept.conversationId,
    );
    expect(
      (await listContacts(cast.ana, { email: "juan@correo.example" }, { before: null, limit: 5 })).map(
        ({ id }) => id,
      ),
    ).to.deep.equal([kept.contactId]);
    const drafts = await query("select text from drafts where conversation_id = ?", kept.conversationId);
    expect(drafts).to.deep.equal([{ text: "a medio escribir" }]);
    expect((await search(cast.ana, "juan@correo")).contacts.map(({ id }) => id)).to.deep.equal([
      kept.contactId,
    ]);
    const after = await write(cast, { from: other.from, name: "Juan Pérez", message: "sigo yo" });
    expect(after).to.include({ contactId: kept.contactId, conversationId: kept.conversationId });
  });

  it("are taken back exactly, row by row", async () => {
    const { kept, other } = await rich();
    const before = await everything();
    const { id } = await mergeContacts(cast.ana, kept.contactId, other.contactId);
    expect(await everything()).to.not.deep.equal(before);
    cast.clock.advance(30 * 1440);
    await undoMerge(cast.bruno, kept.contactId, id);
    expect(await everything()).to.deep.equal(before);
    expect(await refusal(() => undoMerge(cast.bruno, kept.contactId, id))).to.equal("merges.undone");
    await mergeContacts(cast.ana, other.contactId, kept.contactId);
  });

  it("give back what was said since to whoever said it, weeks later", async () => {
    const { kept, other } = await rich();
    const { id } = await mergeContacts(cast.ana, kept.contactId, other.contactId);
    cast.clock.advance(20 * 1440);
    await write(cast, {
      from: other.from,
      name: "Juan Pérez",
      message: "nuevo del otro",
      at: cast.clock.now,
    });
    await write(cast, { from: kept.from, name: "Juan", message: "nuevo mío", at: cast.clock.now });
    await updateContact(cast.ana, kept.contactId, { email: "cambiado@correo.example" });
    await undoMerge(cast.ana, kept.contactId, id);
    const words = async (contactId: number) =>
      (
        await query<{ text: string }>(
          "select text from messages where contact_id = ? order by sent_at, id",
          contactId,
        )
      ).map(({ text }) => text);
    expect(await words(kept.contactId)).to.deep.equal(["Hola, soy Juan", "Juan 1", "nuevo mío"]);
    expect(await words(other.contactId)).to.deep.equal([
      "Hola, soy Juan Pérez",
      "Juan Pérez 1",
      "Juan Pérez 2",
      "respuesta",
      "nuevo del otro",
    ]);
    const theirs = await getConversation(cast.ana, other.conversationId);
    expect(theirs).to.deep.include({
      status: "open",
      preview: "nuevo del otro",
      contactId: other.contactId,
      mergedIntoId: null,
    });
    expect(await getConversation(cast.ana, kept.conversationId)).to.deep.include({
      status: "open",
      preview: "nuevo mío",
    });
    const stray = await query(
      `select m.id from messages m join conversations c on c.id = m.conversation_id join contact_identities i on i.id = m.identity_id
       where c.contact_id <> m.contact_id or i.contact_id <> m.contact_id`,
    );
    expect(stray).to.deep.equal([]);
    expect((await getContact(cast.ana, kept.contactId)).email).to.equal("cambiado@correo.example");
    expect((await getContact(cast.ana, other.contactId)).email).to.equal("juan@correo.example");
  });

  it("are taken back when the conversation that went on was resolved, and others were opened since", async () => {
    const { kept, other } = await rich();
    const { id } = await mergeContacts(cast.ana, kept.contactId, other.contactId);
    await resolve(cast.ana, kept.conversationId);
    cast.clock.advance(3 * 1440);
    const fresh = await write(cast, { from: other.from, name: "x", message: "vuelvo", at: cast.clock.now });
    expect(fresh.conversationId).to.not.equal(kept.conversationId);
    await undoMerge(cast.ana, other.contactId, id);
    expect((await getConversation(cast.ana, other.conversationId)).status).to.equal("resolved");
    expect(await getConversation(cast.ana, fresh.conversationId)).to.include({
      contactId: other.contactId,
      status: "open",
    });
    expect((await getConversation(cast.ana, kept.conversationId)).contactId).to.equal(kept.contactId);
  });

  it("refuse themselves, what was merged, and rings; a chain is undone from its end", async () => {
    const [a, b, c] = [
      await somebody("Cadena Uno"),
      await somebody("Cadena Dos"),
      await somebody("Cadena Tres"),
    ];
    expect(await refusal(() => mergeContacts(cast.ana, a.contactId, a.contactId))).to.equal("merges.itself");
    const before = await everything();
    const first = await mergeContacts(cast.ana, b.contactId, a.contactId);
    expect(await refusal(() => mergeContacts(cast.ana, a.contactId, b.contactId))).to.equal("merges.already");
    expect(await refusal(() => mergeContacts(cast.ana, c.contactId, a.contactId))).to.equal("merges.already");
    const second = await mergeContacts(cast.ana, c.contactId, b.contactId);
    expect((await getContact(cast.ana, a.contactId)).id).to.equal(c.contactId);
    expect(await listMerges(cast.ana, c.contactId)).to.have.length(2);
    expect(await refusal(() => undoMerge(cast.ana, b.contactId, first.id))).to.equal(
      "merges.undo_later_first",
    );
    await undoMerge(cast.ana, c.contactId, second.id);
    await undoMerge(cast.ana, b.contactId, first.id);
    expect(await everything()).to.deep.equal(before);
  });

  it("of two agents at once, one wins and the other is told", async () => {
    const [a, b] = [await somebody("Carrera Uno"), await somebody("Carrera Dos")];
    const outcomes = await Promise.all([
      refusal(() => mergeContacts(cast.ana, a.contactId, b.contactId)),
      refusal(() => mergeContacts(cast.bruno, b.contactId, a.contactId)),
      refusal(() => mergeContacts(cast.carmen, a.contactId, b.contactId)),
    ]);
    expect(outcomes.sort()).to.deep.equal(["merges.already", "merges.already", "taken"]);
  });

  it("lose no message that comes in at the same moment", async () => {
    const [a, b] = [await somebody("Mientras Uno"), await somebody("Mientras Dos")];
    const posts = Array.from({ length: 40 }, (_, k) =>
      delivery(
        messageValue({ from: k % 2 ? a.from : b.from, name: "", at: cast.clock.now, message: `m${k}` }),
      ),
    );
    const merging = (async () => {
      for (let k = 0; k < 5; k += 1) {
        const { id } = await mergeContacts(cast.ana, a.contactId, b.contactId);
        await undoMerge(cast.ana, a.contactId, id);
      }
    })();
    for (const post of posts) await deliver(cast, post);
    await merging;
    const strays = await query(
      `select m.id from messages m join conversations c on c.id = m.conversation_id join contact_identities i on i.id = m.identity_id
       where m.contact_id in (?, ?) and (c.contact_id <> m.contact_id or i.contact_id <> m.contact_id)`,
      a.contactId,
      b.contactId,
    );
    expect(strays).to.deep.equal([]);
    const [{ n: stored } = { n: 0 }] = await query<{ n: number }>(
      "select count(*)::int as n from messages where contact_id in (?, ?)",
      a.contactId,
      b.contactId,
    );
    expect(stored).to.equal(44);
  });
});
