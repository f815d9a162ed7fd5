import { expect } from "chai";
import { reply } from "../../src/services/conversations/reply.ts";
import { decisions } from "../access/decisions.ts";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

const pages = decisions
  .map(({ method, path }) => (method === "get" ? path : ""))
  .filter((path) => /^\/reports(\/[a-z]+)?$/.test(path) && path !== "/reports/exports");

describe("reports", () => {
  let hilo: Hilo;
  before(async () => {
    hilo = await startHilo();
  });
  after(() => hilo.close());

  const odd = [
    "",
    "period=custom&from=2001-01-01&until=2001-02-01",
    "period=custom&from=2017-01-01&until=2026-12-31",
    "period=custom&from=2026-11-30&until=2026-11-01",
    "period=custom&from=9999-99-99&until=-1",
    "period=today",
    "period=zzz&team=abc&agent=-1&inbox=999999999999999999&topic=0",
    "period=last_365&team=1&agent=2&inbox=1&topic=99",
    "period=month&period=week&team=1&team=2",
    "at_once=0&level=1000&within=x&section=%00",
  ];

  it("say right figures or a sentence, never NaN, of nothing, of one conversation, of ten years and of nonsense", async () => {
    expect(pages.length).to.be.greaterThan(13);
    const carmen = await hilo.as("carmen");
    const look = async (when: string) => {
      for (const path of pages)
        for (const query of odd) {
          const { status, text } = await carmen.get(`${path}?${query}`);
          expect(status, `${when} ${path}?${query}`).to.equal(200);
          const body = text.slice(text.indexOf("<main"));
          expect(body, `${when} ${path}?${query}`).not.to.match(/NaN|undefined|Infinity|\[object|>null</);
          for (const svg of body.match(/<(?:rect|line|path|text)[^>]*>/g) ?? [])
            expect(svg, `${path}?${query}`).not.to.match(/="-\d|="NaN|="M?"/);
        }
    };
    await look("empty");
    expect((await carmen.get("/reports/contact")).text).to.contain("Nada en este periodo");
    const one = await write(hilo.cast, { message: "Hola" });
    await reply(hilo.cast.ana, one.conversationId, { text: "Buenas" });
    // Within a few seconds, by itself: the server measures what was marked.
    await eventually(async () =>
      /<dd class="num [a-z]*"><a href="\/reports\/conversations\?[^"]*">1<\/a>/.test(
        (await carmen.get("/reports")).text,
      ),
    );
    await look("one");
  });

  it("keep their filters in the address, from page to page and to the conversations behind a figure", async () => {
    const carmen = await hilo.as("carmen");
    const { text } = await carmen.get(
      "/reports/agents?period=custom&from=2026-01-01&until=2026-12-31&inbox=1",
    );
    expect(text).to.contain(
      'href="/reports/teams?period=custom&amp;inbox=1&amp;from=2026-01-01&amp;until=2026-12-31"',
    );
    const [, href = ""] = /<dd class="num [a-z]*"><a href="([^"]+)">1<\/a>/.exec(text) ?? [];
    const list = await carmen.get(href.replaceAll("&amp;", "&")).expect(200);
    expect(list.text).to.contain("Lucía Hernández").and.to.contain('href="/conversations/1"');
    // Back leads to the report as it was, and so do the tabs from a page with a period of its own.
    expect(list.text).to.contain(
      'href="/reports/agents?period=custom&amp;inbox=1&amp;from=2026-01-01&amp;until=2026-12-31"',
    );
    const today = await carmen.get("/reports/today?period=last_90");
    expect(today.text).to.contain('href="/reports?period=last_90"');
    expect((await carmen.get("/reports/today")).text).to.contain('href="/reports?"');
  });

  it("are one's own for who may not see reports, and their tables no more than their page", async () => {
    const bruno = await hilo.as("bruno");
    const own = await bruno.get("/reports").expect(200);
    expect(own.text).to.contain("Tus conversaciones").and.to.contain("Nada en este periodo");
    expect(own.text).not.to.contain("Ana Torres");
    await bruno.get("/reports/agents").expect(403);
    await bruno.get("/reports/agents.csv").expect(403);
    expect((await bruno.get("/reports/conversations")).text).not.to.contain("Lucía");
    const csv = await bruno.get("/reports/summary.csv?section=over_time").expect(200);
    for (const line of csv.text.trimEnd().split("\r\n").slice(1)) expect(line).to.match(/,0,0,0,0$/);
    const carmen = await hilo.as("carmen");
    const comma = await carmen.get("/reports/agents.csv?form=comma").expect(200);
    expect(comma.text)
      .to.match(/^\ufeffAgente;Conv\.;/)
      .and.to.contain("Ana Torres;1;");
    await carmen.get("/reports/agents.csv?section=nothing").expect(404);
    // What names customers leaves only with who may take them along, and is noted.
    const { db } = hilo.cast.platform;
    const missed = "/reports/promises.csv?section=misses";
    await carmen.get(missed).expect(200);
    expect(await db("audit_events").where({ act: "reports.exported" }).first("id")).to.be.an("object");
    await db.raw(
      "update roles set permissions = array_remove(permissions, 'contacts.export') where name = 'supervisor'",
    );
    hilo.server.platform.memories.hear([{ type: "agent.changed", agentId: hilo.cast.ids.carmen }]);
    await carmen.get(missed).expect(403);
    await carmen.get("/reports/promises.csv?section=targets").expect(200);
  });
});
