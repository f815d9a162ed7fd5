import { expect } from "chai";
import { getContact } from "../../src/services/contacts/queries.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { listFields } from "../../src/services/fields/queries.ts";
import { addField, archiveField, changeField } from "../../src/services/fields/save-field.ts";
import type { FieldKind } from "../../src/services/fields/types.ts";
import { parseValue } from "../../src/services/fields/values.ts";
import { Invalid } from "../../src/services/platform/errors.ts";
import { getRecordType, listRecords } from "../../src/services/records/queries.ts";
import { archiveRecordType, createRecordType } from "../../src/services/records/record-types.ts";
import { deleteRecord, saveRecord } from "../../src/services/records/save-record.ts";
import { search } from "../../src/services/search/search.ts";
import { getStory } from "../../src/services/story/story.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { write } from "../support/meta.ts";

describe("fields of the firm's own", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
  });
  after(() => cast.close());

  const field = (label: string, kind: FieldKind, options: string[] = []) =>
    addField(cast.diego, null, { label, kind, options, place: null });
  const faults = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      return error instanceof Invalid ? error.fields : (error as Error).message;
    }
    return "taken";
  };

  it("take what fits their kind and say what does not", () => {
    const table: [FieldKind, unknown, unknown][] = [
      ["text", "  hola\0 ", "hola"],
      ["text", "", null],
      ["text", "x".repeat(501), "fields.too_long"],
      ["text", ["a"], "fields.not_one_value"],
      ["number", "1.250", 1.25],
      ["number", "-3,5", -3.5],
      ["number", "1e9", "fields.not_a_number"],
      ["number", "NaN", "fields.not_a_number"],
      ["date", "2026-02-28", "2026-02-28"],
      ["date", "2026-02-30", "fields.not_a_date"],
      ["date", "28/02/2026", "fields.not_a_date"],
      ["datetime", "2026-02-28T09:30", "2026-02-28T09:30"],
      ["datetime", "2026-02-28", "fields.not_a_time"],
      ["datetime", "2026-02-28T24:00", "fields.not_a_time"],
      ["choice", "rojo", "Rojo"],
      ["choice", "morado", "fields.not_an_option"],
      ["boolean", "sí", true],
      ["boolean", false, false],
      ["boolean", "quizá", "fields.not_yes_or_no"],
    ];
    for (const [kind, given, expected] of table) {
      const result = parseValue({ kind, options: ["Rojo", "Verde"] }, given);
      expect("error" in result ? result.error : result.value, `${kind} ${String(given)}`).to.equal(expected);
    }
  });

  it("are kept on the card by key, one at a time, and cleared", async () => {
    const { contactId } = await write(cast);
    const size = await field("Talla de camisa", "choice", ["S", "M", "L"]);
    expect(size.key).to.equal("talla_de_camisa");
    await field("Hijos", "number");
    await updateContact(cast.ana, contactId, { custom: { talla_de_camisa: "m", programa: "puntos" } });
    const contact = await updateContact(cast.ana, contactId, { custom: { hijos: "2" } });
    expect(contact.custom).to.deep.equal({ talla_de_camisa: "M", hijos: 2, programa: "puntos" });
    expect(
      await faults(() => updateContact(cast.ana, contactId, { custom: { hijos: "dos" } })),
    ).to.deep.equal({
      "custom.hijos": "fields.not_a_number",
    });
    await updateContact(cast.ana, contactId, { custom: { programa: null } });
    expect((await getContact(cast.ana, contactId)).custom).to.deep.equal({ talla_de_camisa: "M", hijos: 2 });
  });

  it("change their kind with all values, or not at all", async () => {
    const [one, two] = [
      await write(cast, { from: "5215500007001" }),
      await write(cast, { from: "5215500007002" }),
    ];
    const points = await field("Puntos", "text");
    await updateContact(cast.ana, one.contactId, { custom: { puntos: "12" } });
    await updateContact(cast.ana, two.contactId, { custom: { puntos: "muchos" } });
    const asNumber = { label: "Puntos", kind: "number" as const, options: [], place: null };
    expect(await faults(() => changeField(cast.diego, points.id, asNumber))).to.deep.equal({
      kind: "fields.kind_in_use",
    });
    expect((await listFields(cast.ana, null)).find(({ id }) => id === points.id)?.kind).to.equal("text");
    await updateContact(cast.ana, two.contactId, { custom: { puntos: "7" } });
    await changeField(cast.diego, points.id, asNumber);
    expect((await getContact(cast.ana, one.contactId)).custom.puntos).to.equal(12);
    await changeField(cast.diego, points.id, { ...asNumber, kind: "choice", options: ["12", "7", "0"] });
    expect((await getContact(cast.ana, one.contactId)).custom.puntos).to.equal("12");
    const fewer = { label: "Puntos", kind: "choice" as const, options: ["7"], place: null };
    expect(await faults(() => changeField(cast.diego, points.id, fewer))).to.deep.equal({
      kind: "fields.kind_in_use",
    });
    await archiveField(cast.diego, points.id, true);
    expect((await listFields(cast.ana, null)).map(({ key }) => key)).to.not.include("puntos");
    expect((await getContact(cast.ana, one.contactId)).custom.puntos).to.equal("12");
  });

  it("are for administrators, with a name and options, and keys that never meet", async () => {
    expect(
      await faults(() => addField(cast.ana, null, { label: "x", kind: "text", options: [], place: null })),
    ).to.equal("error.forbidden");
    expect(await faults(() => field(" ", "text"))).to.deep.equal({ label: "fields.label_length" });
    expect(await faults(() => field("Color", "choice", [" "]))).to.deep.equal({
      options: "fields.options_missing",
    });
    const keys = await Promise.all([
      field("¿Año?", "number"),
      field("Año", "number"),
      field("123", "text"),
      field("日本", "text"),
    ]);
    expect(keys.map(({ key }) => key).sort()).to.deep.equal(["ano", "ano_2", "campo", "campo_123"].sort());
  });

  it("make records: title, date and state come from the fields that hold them", async () => {
    const { contactId } = await write(cast, { from: "5215500007003" });
    const type = await createRecordType(cast.diego, "Cita", [
      { label: "Asunto", kind: "text", options: [], place: "title" },
      { label: "Cuándo", kind: "datetime", options: [], place: "date" },
      { label: "Estado", kind: "choice", options: ["Programada", "Hecha"], place: "state" },
    ]);
    expect(await faults(() => createRecordType(cast.diego, "CITA", []))).to.deep.equal({
      name: "records.name_taken",
    });
    const given = { asunto: "Limpieza dental", cuando: "2026-12-01T10:30", estado: "programada" };
    const record = await saveRecord(cast.ana, contactId, type.id, "c-1", given);
    expect(record).to.deep.include({ title: "Limpieza dental", state: "Programada", typeName: "Cita" });
    expect(record.at.toISOString()).to.equal("2026-12-01T16:30:00.000Z");
    expect(
      (await search(cast.bruno, "dental")).records.map(({ kind, excerpt }) => [kind, excerpt]),
    ).to.deep.equal([["record", "Cita · Limpieza dental · Programada"]]);
    expect((await getStory(cast.bruno, contactId)).records.map(({ title }) => title)).to.deep.equal([
      "Limpieza dental",
    ]);
    const done = await saveRecord(cast.bruno, contactId, type.id, "c-1", { estado: "Hecha" });
    expect(done).to.deep.include({ id: record.id, title: "Limpieza dental", state: "Hecha" });
    expect(await faults(() => saveRecord(cast.ana, contactId, type.id, "c-2", {}))).to.deep.equal({
      "custom.asunto": "records.title_missing",
    });
    expect((await getRecordType(cast.ana, type.id)).count).to.equal(1);
    await archiveRecordType(cast.diego, type.id, true);
    expect(await faults(() => saveRecord(cast.ana, contactId, type.id, "c-3", given))).to.deep.equal({
      type: "records.type_archived",
    });
    await deleteRecord(cast.ana, contactId, record.id);
    expect(await listRecords(cast.ana, contactId)).to.deep.equal([]);
  });
});
