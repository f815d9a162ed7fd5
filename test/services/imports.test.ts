import { expect } from "chai";
import { savePurchase } from "../../src/services/contacts/purchases.ts";
import { getContact } from "../../src/services/contacts/queries.ts";
import { createContact } from "../../src/services/contacts/save-contact.ts";
import { parseAmount } from "../../src/services/contacts/typed-purchase.ts";
import { addField } from "../../src/services/fields/save-field.ts";
import { parseTime } from "../../src/services/imports/import-purchases.ts";
import { getImport, listFaults } from "../../src/services/imports/queries.ts";
import { runImports } from "../../src/services/imports/run-imports.ts";
import {
  cancelImport,
  checkImport,
  createImport,
  runImport,
} from "../../src/services/imports/start-import.ts";
import type { Import, ImportKind } from "../../src/services/imports/types.ts";
import { rows } from "../../src/services/platform/database.ts";
import { Invalid } from "../../src/services/platform/errors.ts";
import { getStory } from "../../src/services/story/story.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { write } from "../support/meta.ts";

describe("imports", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
  });
  after(() => cast.close());

  const upload = (kind: ImportKind, text: string | Buffer) =>
    createImport(cast.carmen, kind, {
      fileName: "lista.csv",
      bytes: typeof text === "string" ? Buffer.from(text) : text,
    });
  const plan = (one: Import, onDuplicate: "update" | "skip" = "update") => ({
    encoding: one.encoding,
    mapping: one.mapping,
    onDuplicate,
  });
  /** Checked, and then imported. */
  async function whole(kind: ImportKind, text: string | Buffer, onDuplicate: "update" | "skip" = "update") {
    const one = await upload(kind, text);
    await checkImport(cast.carmen, one.id, plan(one, onDuplicate));
    await runImports(cast.system);
    const checked = await getImport(cast.carmen, one.id);
    await runImport(cast.carmen, one.id);
    await runImports(cast.system);
    return { checked, done: await getImport(cast.carmen, one.id) };
  }
  const count = async (table: string) =>
    Number((await rows<{ n: number }>(cast.platform.db, `select count(*)::int as n from ${table}`))[0]?.n);
  const faults = async (work: () => Promise<unknown>) => {
    try {
      await work();
    } catch (error) {
      return error instanceof Invalid ? Object.values(error.fields).join() : (error as Error).message;
    }
    return "taken";
  };

  it("guess the columns, check without writing, then write what was said", async () => {
    await addField(cast.diego, null, { label: "Talla", kind: "choice", options: ["S", "M"], place: null });
    const known = await write(cast, { from: "5215512340001", name: "Ya conocida" });
    const text = [
      "Nombre completo,Teléfono,Correo electrónico,Empresa,Etiquetas,Talla,Otra cosa",
      'Nueva Una,+52 55 9999 0001,una@correo.example,Acme,"VIP, Mayorista",m,x',
      "Ya Conocida,+52 55 1234 0001,,Acme,,,",
      "Nueva Una,,UNA@correo.example,,Frecuente,,",
      "Mal Teléfono,abc,,,,,",
      "Mala Talla,,talla@correo.example,,,XXL,",
      ",,,,,,",
    ].join("\n");
    const one = await upload("contacts", text);
    expect(one.mapping).to.deep.equal(["name", "phone", "email", "company", "tags", "custom.talla", ""]);
    const before = await count("contacts");
    const { checked, done } = await whole("contacts", text);
    expect(await count("contacts")).to.equal(before + 1);
    expect(checked).to.include({ state: "checked", created: 1, updated: 2, faulty: 3, total: 6 });
    expect(done).to.include({ state: "done", created: 1, updated: 2, faulty: 3 });
    const wrong = await listFaults(cast.carmen, done.id, { after: 0, limit: 10 });
    expect(wrong.map(({ rowNumber, column, reason }) => [rowNumber, column, reason])).to.deep.equal([
      [5, "phone", "contact.phone_invalid"],
      [6, "custom.talla", "fields.not_an_option"],
      [7, "name", "imports.nobody"],
    ]);
    expect(await getContact(cast.ana, known.contactId)).to.deep.include({
      name: "Ya Conocida",
      company: "Acme",
    });
    const [made] = await rows<{ id: number }>(
      cast.platform.db,
      "select id from contacts where name = 'Nueva Una'",
    );
    expect(await getContact(cast.ana, made?.id ?? 0)).to.deep.include({
      phone: "+525599990001",
      tags: ["Frecuente", "Mayorista", "VIP"],
      custom: { talla: "M" },
    });
  });

  it("leave known ones as they are when told so, and are theirs alone who may import", async () => {
    await createContact(cast.ana, { name: "Intacta", email: "intacta@correo.example" });
    const { done } = await whole("contacts", "name;email\nOtra;intacta@correo.example\n", "skip");
    expect(done).to.include({ created: 0, updated: 0, skipped: 1 });
    expect(
      await faults(() =>
        createImport(cast.ana, "contacts", { fileName: "x", bytes: Buffer.from("name\nx") }),
      ),
    ).to.equal("error.forbidden");
    expect(await faults(() => getImport(cast.ana, done.id))).to.equal("error.forbidden");
  });

  it("read what spreadsheets write: encodings, separators, quotes, formulas as text", async () => {
    const latin = Buffer.from("nombre;correo\r\nMu\xf1oz;munoz@correo.example\r\n", "latin1");
    expect((await whole("contacts", latin)).done).to.include({ encoding: "windows-1252", created: 1 });
    const utf16 = Buffer.concat([
      Buffer.from([0xff, 0xfe]),
      Buffer.from("nombre\tcorreo\nÑandú\tnandu@correo.example\n", "utf16le"),
    ]);
    expect((await whole("contacts", utf16)).done).to.include({
      encoding: "utf-16le",
      delimiter: "\t",
      created: 1,
    });
    const odd =
      '\ufeffname,email\n"Pérez, ""Pepe""\nHijo",pepe@correo.example\n=1+1,formula@correo.example\n';
    expect((await whole("contacts", odd)).done).to.include({ created: 2, faulty: 0 });
    const names = await rows<{ name: string }>(
      cast.platform.db,
      "select name from contacts where email in ('munoz@correo.example', 'nandu@correo.example', 'pepe@correo.example', 'formula@correo.example') order by id",
    );
    expect(names.map(({ name }) => name)).to.deep.equal(["Muñoz", "Ñandú", 'Pérez, "Pepe"\nHijo', "=1+1"]);
  });

  it("say what is wrong with a file, and write nothing of it", async () => {
    expect(await faults(() => upload("contacts", ""))).to.equal("imports.empty");
    expect(await faults(() => upload("contacts", "nombre,correo\n"))).to.equal("imports.empty");
    const wide = `${Array.from({ length: 500 }, (_, n) => `c${n}`).join(",")}\n1\n`;
    expect(await faults(() => upload("contacts", wide))).to.equal("imports.too_many_columns");
    const before = await count("contacts");
    const unclosed = `B,"b\n${"x,y\n".repeat(50)}`;
    expect(await faults(() => upload("contacts", `name,email\n${unclosed}`))).to.equal("imports.quote");
    const good = Array.from({ length: 3000 }, (_, n) => `A,a${n}@antes.example\n`).join("");
    const open = await upload("contacts", `name,email\n${good}${unclosed}`);
    await checkImport(cast.carmen, open.id, plan(open));
    await runImports(cast.system);
    const failed = await getImport(cast.carmen, open.id);
    expect(failed.state).to.equal("failed");
    expect(failed.fault?.key).to.equal("imports.quote");
    expect(await count("contacts")).to.equal(before);
    const twice = await upload("contacts", "name,email\nA,a@correo.example\n");
    const mapped = (mapping: string[]) => checkImport(cast.carmen, twice.id, { ...plan(twice), mapping });
    expect(await faults(() => mapped(["name", "name"]))).to.equal("imports.twice");
    expect(await faults(() => mapped(["company", ""]))).to.equal("imports.needs_contacts");
    expect(await faults(() => mapped(["name"]))).to.equal("error.field");
    expect(await faults(() => mapped(["name; drop", ""]))).to.equal("error.field");
    expect(await faults(() => runImport(cast.carmen, twice.id))).to.equal("imports.not_now");
  });

  it("go on where they stopped, whoever was killed, and repeat nothing", async () => {
    const list = Array.from({ length: 2300 }, (_, n) => `Cliente ${n},c${n}@lote.example`).join("\n");
    const one = await upload("contacts", `name,email\n${list}\n`);
    await checkImport(cast.carmen, one.id, plan(one));
    await runImports(cast.system);
    await runImport(cast.carmen, one.id);
    // A process that dies in its third batch: what it had committed is kept, its lease runs out.
    const dying = {
      ...cast.system,
      storage: {
        ...cast.platform.storage,
        read: (key: string) => cast.platform.storage.read(key, { start: 0, end: 40_000 }),
      },
    };
    await runImports(dying);
    await cast.platform.db.raw(
      "update imports set state = 'importing', lease_ends_at = null, finished_at = null where id = ?",
      [one.id],
    );
    const half = await getImport(cast.carmen, one.id);
    expect(half.position).to.be.greaterThan(500).and.lessThan(2300);
    await cast.platform.db.raw("update imports set position = 1000, created = 1000 where id = ?", [one.id]);
    await cast.platform.db.raw(
      "delete from contacts where id in (select id from contacts where email like '%@lote.example' order by id offset 1000)",
    );
    await Promise.all([runImports(cast.system), runImports(cast.system), runImports(cast.system)]);
    expect(await getImport(cast.carmen, one.id)).to.include({ state: "done", created: 2300, updated: 0 });
    const [{ n, distinct } = { n: 0, distinct: 0 }] = await rows<{ n: number; distinct: number }>(
      cast.platform.db,
      "select count(*)::int as n, count(distinct email)::int as distinct from contacts where email like '%@lote.example'",
    );
    expect([n, distinct]).to.deep.equal([2300, 2300]);
  });

  it("are written once when a process stalls beyond its lease and another goes on", async () => {
    const list = Array.from({ length: 1800 }, (_, n) => `Sin dirección ${n}`).join("\n");
    const one = await upload("contacts", `nombre\n${list}\n`);
    await checkImport(cast.carmen, one.id, plan(one));
    await runImports(cast.system);
    await runImport(cast.carmen, one.id);
    const before = await count("contacts");
    const first = runImports(cast.system);
    while ((await getImport(cast.carmen, one.id)).position < 500)
      await new Promise((done) => setTimeout(done, 5));
    await cast.platform.db.raw(
      "update imports set lease_ends_at = now() - interval '1 second' where id = ?",
      [one.id],
    );
    await Promise.all([first, runImports(cast.system)]);
    expect(await getImport(cast.carmen, one.id)).to.include({ state: "done", created: 1800 });
    expect((await count("contacts")) - before).to.equal(1800);
  });

  it("bring together rows that name one person by different things", async () => {
    const { id } = await createContact(cast.ana, {
      name: "Dos claves",
      phone: "+525500009999",
      email: "claves@correo.example",
    });
    const { done } = await whole(
      "contacts",
      "telefono,correo,empresa,puesto\n+52 55 0000 9999,,Acme,\n,claves@correo.example,,Jefa\n",
    );
    expect(done).to.include({ updated: 2, created: 0 });
    expect(await getContact(cast.ana, id)).to.deep.include({ company: "Acme", jobTitle: "Jefa" });
  });

  it("can be cancelled, and then write no more", async () => {
    const one = await upload("contacts", "name,email\nNadie,nadie@correo.example\n");
    await checkImport(cast.carmen, one.id, plan(one));
    await cancelImport(cast.carmen, one.id);
    await runImports(cast.system);
    expect((await getImport(cast.carmen, one.id)).state).to.equal("cancelled");
    expect(await faults(() => runImport(cast.carmen, one.id))).to.equal("imports.not_now");
  });

  it("bring purchases to whom they belong, by number once", async () => {
    const { contactId } = await write(cast, { from: "5215512340009", name: "Compradora" });
    await savePurchase(cast.ana, contactId, "shop-1", {
      number: "100",
      status: "Pagado",
      amount: 5,
      currency: "MXN",
    });
    const text = [
      "telefono;pedido;fecha;total;moneda;estado;productos",
      "+52 1 55 1234 0009;100;;;;Entregado;",
      "55 1234 0009;101;25/11/2026;1.250,50;mxn;Pagado;2 x Silla; ",
      "55 0000 0000;102;;;;;",
      "55 1234 0009;;;;;;",
      "55 1234 0009;103;ayer;;;;",
    ].join("\n");
    const { done } = await whole("purchases", text);
    expect(done).to.include({ created: 1, updated: 1, faulty: 3 });
    const { purchases } = await getStory(cast.bruno, contactId);
    expect(purchases.count).to.equal(2);
    expect(purchases.latest.find(({ number }) => number === "101")).to.deep.include({
      number: "101",
      amount: "1250.50",
      currency: "MXN",
      items: [{ name: "Silla", quantity: 2 }],
    });
    expect(purchases.latest.find(({ externalId }) => externalId === "shop-1")).to.deep.include({
      status: "Entregado",
      amount: "5.00",
    });
  });

  it("read amounts and times as people write them", () => {
    const amounts: [string, number | null][] = [
      ["1250.5", 1250.5],
      ["1,250.50", 1250.5],
      ["1.250,50", 1250.5],
      ["$ 1 250", 1250],
      ["1,250", 1250],
      ["MXN 10", 10],
      ["diez", null],
      ["", null],
    ];
    for (const [text, amount] of amounts) expect(parseAmount(text), text).to.equal(amount);
    expect(parseTime("2026-11-25", "America/Mexico_City")).to.equal("2026-11-25T18:00:00Z");
    expect(parseTime("5/1/2026", "UTC")).to.equal("2026-01-05T12:00:00Z");
    expect(parseTime("2026-11-25 10:30", "Europe/Madrid")).to.equal("2026-11-25T09:30:00Z");
    for (const odd of [
      "31/02/2026",
      "0000-01-01 00:00:00",
      "-000001-01-01T00:00:00Z",
      "+275760-01-01T00:00:00",
      "2026-13-01",
      "ayer",
    ])
      expect(parseTime(odd, "UTC"), odd).to.equal(null);
  });
});
