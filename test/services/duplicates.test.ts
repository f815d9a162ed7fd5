import { expect } from "chai";
import { getContact } from "../../src/services/contacts/queries.ts";
import { createContact, updateContact } from "../../src/services/contacts/save-contact.ts";
import { distinguish, listDuplicates } from "../../src/services/merges/duplicates.ts";
import { mergeContacts } from "../../src/services/merges/merge.ts";
import { separateIdentity } from "../../src/services/merges/separate.ts";
import { rows } from "../../src/services/platform/database.ts";
import { search } from "../../src/services/search/search.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("duplicates", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    await connectIsolated(cast);
  });
  after(() => cast.close());

  let n = 0;
  async function somebody(name: string, messages = 1) {
    n += 1;
    const from = `52156${String(10_000_000 + n)}`;
    let written = await write(cast, { from, name, message: `Hola, soy ${name}` });
    for (let more = 1; more < messages; more += 1)
      written = await write(cast, { from, name, message: `${name} ${more}` });
    return { from, ...written };
  }
  const query = <T>(sql: string, ...bindings: unknown[]) => rows<T>(cast.platform.db, sql, bindings);
  const refusal = async (work: () => Promise<unknown>) =>
    (async () => work())().then(
      () => "taken",
      (error: Error) => error.message,
    );

  it("are suggested with every reason, and not again once denied", async () => {
    const a = await somebody("María López");
    const twin = await createContact(cast.ana, {
      name: "maria lopez",
      phone: `+${a.from.replace("521", "52")}`,
      company: "Acme",
      email: "Maria@correo.example",
    });
    await updateContact(cast.ana, a.contactId, { email: "maria@correo.example", company: "Acme" });
    const [found, ...others] = await listDuplicates(cast.bruno, a.contactId);
    expect(others).to.deep.equal([]);
    expect(found).to.deep.include({ id: twin.id, reasons: ["email", "name_and_company", "phone"] });
    await distinguish(cast.ana, twin.id, a.contactId);
    await distinguish(cast.ana, a.contactId, twin.id);
    expect(await listDuplicates(cast.bruno, a.contactId)).to.deep.equal([]);
    expect(await refusal(() => distinguish(cast.ana, a.contactId, a.contactId))).to.equal("merges.itself");
  });

  it("and separating: an identity leaves with what was said through it", async () => {
    const a = await somebody("Compartida");
    const b = await somebody("Compartida Dos", 2);
    await mergeContacts(cast.ana, a.contactId, b.contactId);
    const [identity] = await query<{ id: number }>(
      "select id from contact_identities where external_id = ?",
      b.from,
    );
    const fresh = await separateIdentity(cast.ana, a.contactId, identity?.id ?? 0);
    const said = await query<{ text: string }>(
      "select text from messages where contact_id = ? order by id",
      fresh,
    );
    expect(said.map(({ text }) => text)).to.deep.equal(["Hola, soy Compartida Dos", "Compartida Dos 1"]);
    const [open] = await query<{ id: number; preview: string }>(
      "select id, preview from conversations where contact_id = ? and status = 'open'",
      fresh,
    );
    expect(open?.preview).to.equal("Compartida Dos 1");
    expect((await getContact(cast.ana, fresh)).phone).to.equal(`+${b.from}`);
    expect(await refusal(() => separateIdentity(cast.ana, fresh, identity?.id ?? 0))).to.equal(
      "merges.only_identity",
    );
    expect(await refusal(() => separateIdentity(cast.ana, a.contactId, identity?.id ?? 0))).to.equal(
      "error.not_found",
    );
  });

  it("merged, keep to each isolated inbox what is its own", async () => {
    const a = await somebody("Reserva Uno");
    const b = await somebody("Reserva Dos");
    await deliver(
      cast,
      delivery(messageValue({ from: b.from, name: "Reserva Dos", message: "secreto" }), "messages", "PN9"),
    );
    expect(await refusal(() => mergeContacts(cast.bruno, a.contactId, b.contactId))).to.equal(
      "merges.hidden",
    );
    await mergeContacts(cast.ana, a.contactId, b.contactId);
    const open = await query<{ isolated: boolean }>(
      "select isolated_inbox_id is not null as isolated from conversations where contact_id = ? and status <> 'resolved' order by 1",
      a.contactId,
    );
    expect(open.map(({ isolated }) => isolated)).to.deep.equal([false, true]);
    expect((await search(cast.bruno, "secreto")).messages).to.have.length(0);
    expect((await search(cast.ana, "secreto")).messages).to.have.length(1);
  });
});
