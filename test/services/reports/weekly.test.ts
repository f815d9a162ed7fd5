import { expect } from "chai";
import { composeReport } from "../../../src/routes/report-mail.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { NotFound } from "../../../src/services/platform/errors.ts";
import { openMailer } from "../../../src/services/platform/mailer.ts";
import { keepFacts } from "../../../src/services/reports/keep-facts.ts";
import { mailWeekly } from "../../../src/services/reports/mail-weekly.ts";
import { listSavedReports, removeSavedReport, saveReport } from "../../../src/services/reports/saved.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { rejected } from "../../support/hilo.ts";
import { write } from "../../support/meta.ts";
import { startSmtp } from "../../support/smtp.ts";

describe("saved reports and Monday's mail", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  const saved = (more = {}) => ({
    name: "Mi semana",
    report: "summary",
    query: "period=last_28&topic=0",
    isShared: false,
    isWeekly: true,
    ...more,
  });

  it("are one's own unless shared, and nobody else removes them", async () => {
    const id = await saveReport(cast.carmen, saved());
    expect(await saveReport(cast.carmen, saved({ query: "period=month" }))).to.equal(id);
    expect((await listSavedReports(cast.carmen)).map(({ query }) => query)).to.deep.equal(["period=month"]);
    expect(await listSavedReports(cast.diego)).to.deep.equal([]);
    await saveReport(cast.carmen, saved({ name: "Todos", isShared: true }));
    expect((await listSavedReports(cast.diego)).map(({ name, isOwn }) => [name, isOwn])).to.deep.equal([
      ["Todos", false],
    ]);
    expect(await rejected(removeSavedReport(cast.diego, id))).to.be.instanceOf(NotFound);
    expect(await rejected(saveReport(cast.ana, saved({ isShared: true })))).to.be.instanceOf(Error);
    await removeSavedReport(cast.carmen, id);
  });

  it("go on Monday from seven by the firm's clock, once, with what their reader may see", async () => {
    const smtp = await startSmtp();
    const mailer = openMailer(smtp.url);
    const { db } = cast.platform;
    await db.raw("update firm set time_zone = 'America/Mexico_City'");
    const at = (text: string) => {
      cast.clock.now = new Date(text);
    };
    at("2026-11-18T16:00:00Z");
    const one = await write(cast, { message: "Hola <b>", at: cast.clock.now });
    cast.clock.advance(2);
    await reply(cast.ana, one.conversationId, { text: "Buenas" });
    await write(cast, { from: "5215500000009", message: "Otra", at: cast.clock.now });
    await keepFacts(cast.system);
    await saveReport(cast.carmen, saved({ query: "" }));
    await saveReport(cast.ana, saved({ query: "" }));
    await saveReport(cast.diego, saved({ query: "", isWeekly: false }));
    await db.raw("update saved_reports set created_at = '2026-11-19'");
    const mail = () => mailWeekly(cast.system, mailer, composeReport("https://hilo.test"));
    at("2026-11-23T12:59:00Z");
    // Of last week's Monday: saved after it, so nothing is owed.
    expect(await mail()).to.equal(0);
    at("2026-11-23T13:01:00Z");
    const both = await Promise.all([mail(), mail()]);
    expect(both[0] + both[1]).to.equal(2);
    expect(await mail()).to.equal(0);
    expect(smtp.mails).to.have.length(2);
    const decoded = smtp.mails.map((text) => text.replaceAll("=\n", "").replaceAll("=3D", "="));
    const carmens = decoded.find((text) => text.includes("To: carmen@firm.test")) ?? "";
    expect(carmens).to.contain("Conversaciones: 2").and.to.contain("https://hilo.test/reports?period=custom");
    // When it is read, last week is another one.
    expect(carmens).to.contain("from=2026-11-16&until=2026-11-22").and.not.contain("period=last_week");
    expect(carmens).to.contain("text/html").and.to.contain("Ana Torres").and.not.to.contain("<b>Hola");
    const anas = decoded.find((text) => text.includes("To: ana@firm.test")) ?? "";
    expect(anas).to.contain("Conversaciones: 1").and.to.contain("Tus conversaciones");
    at("2026-12-01T20:00:00Z");
    await db.raw("update agents set deactivated_at = now() where id = ?", [cast.ids.ana]);
    expect(await mail()).to.equal(1);
    mailer.close();
    await smtp.close();
  });
});
