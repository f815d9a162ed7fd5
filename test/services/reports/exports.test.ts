import { text } from "node:stream/consumers";
import { expect } from "chai";
import { parse } from "csv-parse/sync";
import { saveApprovalActs } from "../../../src/services/agents/approvals.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { row } from "../../../src/services/platform/database.ts";
import { Forbidden, NotFound } from "../../../src/services/platform/errors.ts";
import {
  cancelExport,
  type ExportParams,
  forgetExports,
  getExport,
  mostAtOnce,
  runExports,
  startExport,
} from "../../../src/services/reports/exports.ts";
import { keepFacts } from "../../../src/services/reports/keep-facts.ts";
import { csvRow } from "../../../src/views/csv.ts";
import { composeRows } from "../../../src/views/reports/rows.ts";
import { type Cast, contextOf, openCast } from "../../support/cast.ts";
import { type Hilo, rejected, startHilo } from "../../support/hilo.ts";
import { write } from "../../support/meta.ts";

const params = (more: Partial<ExportParams> = {}): ExportParams => ({
  slice: {
    from: new Date("2020-01-01T00:00Z"),
    until: new Date("2030-01-01T00:00Z"),
    timeZone: "America/Mexico_City",
    teamId: null,
    agentId: null,
    inboxId: null,
    topicId: null,
  },
  is: "all",
  dialect: "point",
  locale: "es",
  asked: "period=custom",
  ...more,
});

describe("tables of rows", () => {
  it("leave at once when there are few: for spreadsheets of either comma, without formulas, in words", async () => {
    const hilo: Hilo = await startHilo();
    const one = await write(hilo.cast, { name: "=1+1", message: '+52 hola; "¿qué" tal?\n=cmd' });
    await reply(hilo.cast.ana, one.conversationId, { text: "Bien" });
    await hilo.cast.platform.db.raw("update conversations set opened_at = '2026-05-05T15:00:00Z'");
    await hilo.cast.platform.db.raw("insert into fact_marks select id from conversations");
    await keepFacts(hilo.cast.system);
    const carmen = await hilo.as("carmen");
    const ask = (kind: string, form: string) =>
      carmen
        .post("/reports/rows?period=custom&from=2026-05-01&until=2026-05-31")
        .type("form")
        .send({ kind, form });
    const comma = await ask("conversations", "comma").expect(200);
    expect(comma.headers["content-disposition"]).to.contain("hilo-conversations-2026-05-01-2026-05-31.csv");
    const [head = "", first = ""] = comma.text.split("\r\n");
    expect(first.split(";")).to.have.length(head.split(";").length);
    expect(head).to.match(/^\ufeffConversación;Cliente;Empezó;/);
    expect(first).to.contain(";'=1+1;2026-05-05 09:00:00;");
    const plain = await ask("messages", "plain").expect(200);
    expect(plain.text).to.match(/^Mensaje,Conversación/);
    expect(plain.text).to.contain(`"'+52 hola; ""¿qué"" tal?\n=cmd"`);
    expect(plain.text).to.contain("Ana Torres").and.to.contain("nuestro");
    const answers = await ask("responses", "comma").expect(200);
    const [, answer = "", ...rest] = answers.text.trimEnd().split("\r\n");
    expect(rest).to.deep.equal([]);
    expect(answer.split(";").slice(4, 6)).to.deep.equal(["Ana Torres", "sí"]);
    await (await hilo.as("ana")).post("/reports/rows").type("form").send({ kind: "messages" }).expect(403);
    const noted = await row<{ data: { total: number } }>(
      hilo.cast.platform.db,
      "select data from audit_events where act = 'reports.exported' order by id limit 1",
    );
    expect(noted?.data.total).to.equal(1);
    await saveApprovalActs(hilo.cast.diego, ["contacts.export"]).catch(() =>
      hilo.cast.platform.db.raw("update firm set approval_acts = '{contacts.export}'"),
    );
    await ask("messages", "plain")
      .expect(303)
      .expect("Location", /^\/approvals/);
    await hilo.close();
  });

  it("hold cells as every other table does, whatever is in them", async () => {
    const cast = await openCast();
    const odd = [
      "",
      " ",
      "a",
      "=1",
      "+52 1",
      "+52a",
      "-5",
      "-5x",
      "@x",
      " =1",
      "a,b",
      "a;b",
      'say "x"',
      "a\nb",
      "a\rb",
      "\t=1",
      "|x",
      "%x",
      "1,5",
    ];
    for (const delimiter of [",", ";"])
      for (const cell of odd) {
        const found = await row<{ cell: string }>(cast.platform.db, "select csv_cell(?, ?) as cell", [
          cell,
          delimiter,
        ]);
        expect(`${found?.cell}\r\n`, JSON.stringify(cell)).to.equal(csvRow([cell], delimiter));
      }
    const [quoted = ""] = parse(csvRow(["a\nb", "c"]));
    expect(quoted).to.deep.equal(["a\nb", "c"]);
    await cast.close();
  });

  describe("of many", () => {
    let cast: Cast;
    const rows = mostAtOnce + 10;
    before(async () => {
      cast = await openCast();
      await write(cast);
      const { db } = cast.platform;
      await db.raw(
        "insert into contacts (name, first_seen_at) select 'C' || n, now() from generate_series(1, 5000) n",
      );
      await db.raw(
        "insert into conversations (contact_id, status, opened_at, last_activity_at, resolved_at) select 2 + n % 5000, 'resolved', now() - n * interval '1 minute', now(), now() from generate_series(1, ?) n",
        [rows - 1],
      );
      await db.raw("insert into fact_marks select id from conversations");
      await keepFacts(cast.system);
      await db.raw("analyze");
    });
    after(() => cast.close());

    const start = async () => {
      const { id, total } = await startExport(cast.carmen, "conversations", params());
      expect(total).to.equal(rows);
      if (id === null) throw new Error("it was not put off");
      return id;
    };

    it("are written in the background, whole, once, by one of two; only whoever asked gets them, for a week", async () => {
      const id = await start();
      await Promise.all([runExports(cast.system, composeRows), runExports(cast.system, composeRows)]);
      const done = await getExport(cast.carmen, id);
      expect(done).to.include({ state: "done", written: rows });
      const lines = (await text(cast.platform.storage.read(done.storageKey ?? ""))).trimEnd().split("\r\n");
      expect(lines).to.have.length(rows + 1);
      expect(new Set(lines).size).to.equal(rows + 1);
      expect(await rejected(getExport(cast.diego, id))).to.be.instanceOf(NotFound);
      expect(await rejected(getExport(cast.ana, id))).to.be.instanceOf(Forbidden);
      await cast.platform.db.raw("update exports set created_at = now() - interval '8 days'");
      expect(await forgetExports(cast.system)).to.equal(1);
      expect((await getExport(cast.carmen, id)).storageKey).to.equal(null);
      expect(await rejected(cast.platform.storage.size(done.storageKey ?? ""))).to.be.instanceOf(Error);
    });

    it("begin anew after a kill, stop when cancelled, and hold nothing that its reader may not see by then", async () => {
      const { db } = cast.platform;
      const killed = await start();
      await db.raw(
        "update exports set state = 'running', run = 1, written = 700, lease_ends_at = now() - interval '1 second' where id = ?",
        [killed],
      );
      await runExports(cast.system, composeRows);
      expect(await getExport(cast.carmen, killed)).to.include({ state: "done", written: rows });
      const cancelled = await start();
      // While it is written, somebody takes it back.
      let reads = 0;
      const reportsDb = new Proxy(db, {
        get(target, name) {
          if (name === "raw" && ++reads === 3)
            void target.raw("update exports set state = 'cancelled' where id = ?", [cancelled]).then();
          return Reflect.get(target, name);
        },
      });
      await runExports({ ...cast.system, reportsDb }, composeRows);
      const stopped = await getExport(cast.carmen, cancelled);
      expect(stopped).to.include({ state: "cancelled", storageKey: null });
      expect(stopped.written).to.be.lessThan(rows);
      await cancelExport(cast.carmen, cancelled);
      const demoted = await start();
      await db.raw("update agents set role_id = (select id from roles where name = 'agent') where id = ?", [
        cast.ids.carmen,
      ]);
      await runExports(cast.system, composeRows);
      const found = await row<{ state: string; key: string | null }>(
        db,
        "select state, storage_key as key from exports where id = ?",
        [demoted],
      );
      expect(found).to.deep.equal({ state: "failed", key: null });
      await db.raw(
        "update agents set role_id = (select id from roles where name = 'supervisor') where id = ?",
        [cast.ids.carmen],
      );
      expect(await contextOf(cast.system, cast.ids.carmen)).to.be.an("object");
    });
  });
});
