import { expect } from "chai";
import { seal } from "../../src/services/audit/seal.ts";
import { verify } from "../../src/services/audit/verify.ts";
import { openCase } from "../../src/services/cases/open-case.ts";
import { addStep } from "../../src/services/cases/steps.ts";
import { sweepUploads } from "../../src/services/channels/uploads.ts";
import { promise } from "../../src/services/commitments/commitments.ts";
import { isOutsidePreferredHours, parsePreferredHours } from "../../src/services/contacts/preferred-hours.ts";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { getContact } from "../../src/services/contacts/queries.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { saveDraft } from "../../src/services/conversations/drafts.ts";
import { addNote } from "../../src/services/conversations/note.ts";
import { reply } from "../../src/services/conversations/reply.ts";
import { resolve } from "../../src/services/conversations/status.ts";
import { addInteraction } from "../../src/services/interactions/interactions.ts";
import { mergeContacts } from "../../src/services/merges/merge.ts";
import { rows } from "../../src/services/platform/database.ts";
import { eraseContact, getErasureExtent } from "../../src/services/privacy/erase-contact.ts";
import { exportContact } from "../../src/services/privacy/export-contact.ts";
import {
  applyRetention,
  type RetentionRule,
  rehearseRetention,
  setRetention,
} from "../../src/services/privacy/retention.ts";
import { search } from "../../src/services/search/search.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { write } from "../support/meta.ts";

describe("privacy", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  const query = <T>(sql: string, ...bindings: unknown[]) => rows<T>(cast.platform.db, sql, bindings);
  const refusal = async (work: () => Promise<unknown>) =>
    (async () => work())().then(
      () => "taken",
      (error: Error) => error.message,
    );
  /** Whether any text of any table still holds a word. */
  async function traces(word: string): Promise<string[]> {
    const tables = await query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const [hit] = await query(
        `select 1 from "${name}" t where to_jsonb(t)::text ilike '%' || ? || '%' limit 1`,
        word,
      );
      if (hit) found.push(name);
    }
    return found;
  }

  async function somebody() {
    const storageKey = await cast.platform.storage.put(Buffer.from("foto"));
    const written = await write(cast, {
      from: "5215500004242",
      name: "Zenaida Quetzal",
      message: "mi clave es zanahoria",
    });
    const other = await write(cast, { from: "5215500004243", name: "Zenaida Q", message: "otra zanahoria" });
    await mergeContacts(cast.ana, written.contactId, other.contactId);
    await reply(cast.ana, written.conversationId, { text: "Hola Zenaida" });
    await addNote(cast.ana, written.conversationId, { text: "Le gusta la zanahoria" });
    const { id: caseId } = await openCase(cast.ana, written.conversationId, {
      title: "Zenaida espera",
      topicId: null,
    });
    await addStep(cast.ana, caseId, "Devolver a Zenaida su zanahoria");
    await promise(cast.ana, written.conversationId, { text: "Llamar a Zenaida", dueOn: null });
    await saveDraft(cast.bruno, written.conversationId, { kind: "reply", text: "Zenaida:" });
    await updateContact(cast.ana, written.contactId, {
      email: "zenaida@correo.example",
      company: "Acme",
      custom: { apodo: "zanahoria" },
    });
    await savePurchase(cast.ana, written.contactId, "p1", {
      amount: 100,
      currency: "MXN",
      trackingUrl: "https://rastreo.example/zenaida",
    });
    await addInteraction(cast.ana, written.contactId, {
      kind: "call",
      at: cast.clock.now,
      summary: "Zenaida llamó",
    });
    await cast.platform.db("attachments").insert({
      message_id: written.messageId,
      contact_id: written.contactId,
      kind: "image",
      file_name: "zenaida.jpg",
      state: "stored",
      storage_key: storageKey,
      bytes: 4,
    });
    return { ...written, storageKey };
  }

  it("erases a person from every table, leaves purchases and an intact chain, and no way back", async () => {
    const { contactId, conversationId, storageKey } = await somebody();
    await seal(cast.system);
    expect(await getErasureExtent(cast.diego, contactId)).to.deep.include({
      messages: 3,
      files: 1,
      notes: 1,
      cases: 1,
      purchases: 1,
      interactions: 1,
    });
    expect(await refusal(() => eraseContact(cast.carmen, contactId))).to.equal("error.forbidden");
    await eraseContact(cast.diego, contactId);
    for (const word of ["zenaida", "zanahoria", "4242", "4243"])
      expect(await traces(word), word).to.deep.equal([]);
    await sweepUploads(cast.system);
    expect(await cast.platform.storage.size(storageKey).catch(() => "gone")).to.equal("gone");
    const left = await query("select amount::text, currency from purchases where contact_id = ?", contactId);
    expect(left).to.deep.equal([{ amount: "100.00", currency: "MXN" }]);
    await seal(cast.system);
    expect((await verify(cast.system)).fault).to.equal(null);
    expect((await getContact(cast.ana, contactId)).erasedAt).to.be.instanceOf(Date);
    expect(await refusal(() => eraseContact(cast.diego, contactId))).to.equal("privacy.erased_already");
    expect(await search(cast.diego, "zanahoria")).to.deep.equal({ contacts: [], messages: [], records: [] });
    const again = await write(cast, { from: "5215500004242", name: "Nueva", message: "vuelvo" });
    expect(again.contactId).to.not.equal(contactId);
    expect(again.conversationId).to.not.equal(conversationId);
  });

  it("shows a chain as broken when something was emptied and nobody erased it, or an erased row was changed", async () => {
    const { messageId } = await write(cast, { message: "prueba" });
    await seal(cast.system);
    const emptied =
      "update messages set erased_digest = sha256('x'), text = '', content = '{}', identity_id = null where id = ?";
    await cast.platform.db.raw(emptied, [messageId]);
    expect((await verify(cast.system)).fault).to.match(/message 1 was changed/);
    const append = (sql: string) => refusal(() => cast.platform.db.raw(sql));
    expect(await append("update audit_events set act = 'x'")).to.match(/append-only/);
    expect(await append("update audit_events set data = '{}'")).to.match(/append-only/);
    expect(await append("update audit_events set erased_digest = sha256('x'), data = '{\"a\": 1}'")).to.match(
      /append-only/,
    );
    expect(await append("delete from audit_events")).to.match(/append-only/);
  });

  it("rehearses and applies what is kept how long; open conversations keep their words", async () => {
    cast.clock.advance(-400 * 1440);
    const old = await write(cast, { from: "5215500005001", message: "muy viejo", at: cast.clock.now });
    const open = await write(cast, { from: "5215500005002", message: "viejo y abierto", at: cast.clock.now });
    await addInteraction(cast.ana, old.contactId, { kind: "call", at: cast.clock.now, summary: "vieja" });
    await resolve(cast.ana, old.conversationId);
    cast.clock.now = new Date();
    await write(cast, { from: "5215500005003", message: "nuevo" });
    await seal(cast.system);
    expect(await rehearseRetention(cast.diego, "messages", 12)).to.equal(1);
    const rules = (messages: number, interactions: number): RetentionRule[] => [
      { kind: "messages", months: messages },
      { kind: "files", months: null },
      { kind: "interactions", months: interactions },
    ];
    expect(await refusal(() => setRetention(cast.ana, rules(12, 12)))).to.equal("error.forbidden");
    expect(await refusal(() => setRetention(cast.diego, rules(12, 241)))).to.equal("error.invalid");
    expect(await query("select kind from retention_rules")).to.deep.equal([], "all of them or none");
    await setRetention(cast.diego, rules(12, 12));
    await setRetention(cast.diego, rules(12, 12));
    expect(
      await query("select data from audit_events where act = 'retention.changed' order by id"),
    ).to.deep.equal([
      { data: { kind: "messages", months: { from: null, to: 12 } } },
      { data: { kind: "interactions", months: { from: null, to: 12 } } },
    ]);
    expect(await applyRetention(cast.system)).to.equal(2);
    expect(await applyRetention(cast.system)).to.equal(0);
    const texts = await query<{ id: number; text: string }>("select id, text from messages order by id");
    expect(texts.map(({ text }) => text)).to.deep.equal(["", "viejo y abierto", "nuevo"]);
    expect(open.messageId).to.equal(texts[1]?.id);
    await seal(cast.system);
    expect((await verify(cast.system)).fault).to.equal(null);
  });

  it("gives out everything of a person to who may, and says in the audit who took it", async () => {
    const { contactId } = await somebody();
    expect(await refusal(() => exportContact(cast.ana, contactId))).to.equal("error.forbidden");
    const dossier = await exportContact(cast.carmen, contactId);
    expect(dossier.messages.map(({ text }) => text)).to.deep.equal([
      "mi clave es zanahoria",
      "otra zanahoria",
      "Hola Zenaida",
    ]);
    expect(dossier.notes).to.have.length(1);
    expect(dossier.timeline.length).to.be.greaterThan(6);
    const [act] = await query(
      "select actor_id from audit_events where act = 'contact.exported' and contact_id = ?",
      contactId,
    );
    expect(act).to.deep.equal({ actor_id: cast.ids.carmen });
  });

  it("does not let anybody write to who asked not to be, but answer them", async () => {
    const { conversationId, contactId } = await write(cast);
    await updateContact(cast.ana, contactId, { doNotContact: true });
    expect((await reply(cast.ana, conversationId, { text: "claro" })).delivery).to.equal("queued");
    await cast.platform.db("conversations").where({ id: conversationId }).update({ last_inbound_at: null });
    expect(await refusal(() => reply(cast.ana, conversationId, { text: "oferta" }))).to.equal(
      "error.invalid",
    );
  });

  it("knows the hours that people write down, and no others", () => {
    const table: [string, [number, number] | null][] = [
      ["por la mañana", [360, 720]],
      ["Mañanas", [360, 720]],
      ["tardes", [720, 1200]],
      ["en la noche", [1140, 1380]],
      ["de 9 a 13", [540, 780]],
      ["10:30–12", [630, 720]],
      ["9am - 5pm", [540, 1020]],
      ["después de las 17:00", [1020, 1440]],
      ["before 10", [0, 600]],
      ["cuando pueda", null],
      ["", null],
      ["lunes", null],
      ["22 a 6", null],
    ];
    for (const [text, span] of table) {
      const found = parsePreferredHours(text);
      expect(found && [found.from, found.until], text).to.deep.equal(span);
    }
    const evening = new Date("2026-11-25T03:00:00Z");
    expect(isOutsidePreferredHours("por la mañana", evening, "America/Mexico_City")).to.equal(true);
    expect(isOutsidePreferredHours("noches", evening, "America/Mexico_City")).to.equal(false);
    expect(isOutsidePreferredHours("cuando pueda", evening, "America/Mexico_City")).to.equal(false);
  });
});
