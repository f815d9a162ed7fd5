import { expect } from "chai";
import { changeRole } from "../../src/services/agents/agent.ts";
import { permissions } from "../../src/services/agents/policy.ts";
import { saveRole } from "../../src/services/agents/save-role.ts";
import { everything, listAuditEvents } from "../../src/services/audit/queries.ts";
import { saveTopic } from "../../src/services/cases/topics.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { row } from "../../src/services/platform/database.ts";
import { connectIsolated, contextOf } from "../support/cast.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("the audit's page", () => {
  let hilo: Hilo;
  let contactId: number;
  let conversationId: number;
  before(async () => {
    hilo = await startHilo();
    ({ contactId, conversationId } = await write(hilo.cast));
    await updateContact(hilo.cast.ana, contactId, { name: "Lucía H.", company: "Ñandú SA" });
    const topic = await saveTopic(hilo.cast.diego, null, { name: "Garantía", steps: ["mirar"] });
    await saveTopic(hilo.cast.diego, topic.id, { name: "Garantías", steps: ["mirar", "decidir"] });
  });
  after(() => hilo.close());

  const look = async (query: string) =>
    (await (await hilo.as("diego")).get(`/audit?${query}`).expect(200)).text;
  const lines = (html: string) => [...html.matchAll(/<tr><td><time/g)].length;

  it("shows who, what, from where, and what was before and after", async () => {
    const html = await look("");
    expect(html).to.contain("Empresa: – → Ñandú SA");
    expect(html).to.contain("Nombre: Garantía → Garantías");
    expect(html).to.match(/127\.0\.0\.1|::1|::ffff:127\.0\.0\.1/);
  });

  it("is narrowed by person, subject, days, words, and what it is about", async () => {
    const { ana, diego } = hilo.cast.ids;
    const all = lines(await look(""));
    for (const [query, sees, hides] of [
      [`actor=${ana}`, "Ñandú", "Garantías"],
      [`actor=${diego}&about=contact`, "", "Ñandú"],
      ["q=nandu", "Ñandú", "Garantías"],
      ["q=garantias", "Garantías", "Ñandú"],
      [`contact=${contactId}`, "Ñandú", "Garantías"],
      ["until=2020-01-01", "", "Ñandú"],
      ["actor=hilo", "", "Ñandú"],
    ] as const) {
      const html = await look(query);
      expect(lines(html), query).to.be.below(all);
      if (sees) expect(html, query).to.contain(sees);
      expect(html, query).to.not.contain(`→ ${hides}`);
    }
    for (const odd of [
      "actor=x&about=y&from=2026-02-31&until=%00&conversation=-1",
      "q=%25",
      "q=_%5C",
      "actor[]=1",
    ])
      expect((await (await hilo.as("diego")).get(`/audit?${odd}`)).status, odd).to.equal(200);
    expect(lines(await look("q=%25%25%25"))).to.equal(0);
  });

  it("is taken along as CSV by who may, which the audit tells, and prints without menus", async () => {
    const diego = await hilo.as("diego");
    const csv = await diego.get("/audit.csv?q=nandu").expect(200);
    expect(csv.headers["content-disposition"]).to.contain("hilo-audit.csv");
    // The header, what was done, and that it was taken along.
    expect(csv.text.trim().split("\r\n")).to.have.length(3);
    expect(csv.text).to.contain("contact.changed").and.to.contain("Ñandú SA");
    const [newest] = await listAuditEvents(hilo.cast.diego, { before: null, limit: 1 });
    expect(newest).to.deep.include({ act: "audit.exported", actorId: hilo.cast.ids.diego });
    const print = (await diego.get("/audit?print=1").expect(200)).text;
    expect(print).to.contain("Garantías").and.not.to.contain("<nav");
    await saveRole(hilo.cast.diego, null, {
      name: "lector",
      permissions: ["conversations.see_all", "audit.see"],
    });
    await changeRole(hilo.cast.diego, hilo.cast.ids.bruno, "lector");
    const bruno = await hilo.as("bruno");
    expect((await bruno.get("/audit")).text).to.not.contain("/audit.csv");
    expect((await bruno.get("/audit.csv")).status).to.equal(403);
  });

  it("says nothing of phones to who may not see them, nor of what an isolated inbox keeps", async () => {
    await updateContact(hilo.cast.ana, contactId, { phone: "+52 55 9999 8888" });
    await connectIsolated(hilo.cast);
    await deliver(
      hilo.cast,
      delivery(messageValue({ id: "is1", from: "34600111222", name: "Reservada" }), "messages", "PN9"),
    );
    const hidden = await row<{ id: number }>(
      hilo.cast.platform.db,
      "select contact_id as id from messages where external_id = 'is1'",
    );
    await updateContact(hilo.cast.ana, hidden?.id ?? 0, { company: "Secreta SL" });
    const held = permissions.filter((one) => one !== "contacts.phones");
    await saveRole(hilo.cast.diego, null, { name: "sin teléfonos", permissions: held });
    await changeRole(hilo.cast.diego, hilo.cast.ids.bruno, "sin teléfonos");
    const bruno = await contextOf(hilo.cast.system, hilo.cast.ids.bruno);
    const seen = JSON.stringify(await listAuditEvents(bruno, { before: null, limit: 500 }));
    expect(seen).to.not.contain("9999").and.not.to.contain("Secreta");
    expect(seen).to.contain("Ñandú");
    // What is not shown is not found either: digit by digit it would be told all the same.
    for (const search of ["9999", "8888", "secreta"])
      expect(
        (await listAuditEvents(bruno, { before: null, limit: 500 }, { ...everything, search })).length,
        search,
      ).to.equal(0);
    await saveRole(hilo.cast.diego, null, { name: "solo auditoría", permissions: ["audit.see"] });
    await changeRole(hilo.cast.diego, hilo.cast.ids.bruno, "solo auditoría");
    const blind = await contextOf(hilo.cast.system, hilo.cast.ids.bruno);
    expect(JSON.stringify(await listAuditEvents(blind, { before: null, limit: 500 }))).to.not.contain(
      "Ñandú",
    );
    expect(JSON.stringify(await listAuditEvents(hilo.cast.system, { before: null, limit: 500 }))).to.contain(
      "Secreta",
    );
    expect(conversationId).to.be.greaterThan(0);
  });
});
