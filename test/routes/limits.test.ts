import { expect } from "chai";
import { createApiToken } from "../../src/services/agents/api-tokens.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";

describe("limits", () => {
  let hilo: Hilo;
  before(async () => {
    hilo = await startHilo();
  });
  after(() => hilo.close());

  it("slow down who searches or takes out too much, and nobody else", async () => {
    const cookies = {
      ana: await hilo.cookie("ana"),
      bruno: await hilo.cookie("bruno"),
      diego: await hilo.cookie("diego"),
    };
    const ask = (who: keyof typeof cookies, path: string) =>
      fetch(hilo.url + path, { headers: { cookie: cookies[who] } }).then(async (answer) => {
        await answer.body?.cancel();
        return answer;
      });
    for (const [who, path, most] of [
      ["ana", "/search?q=x", 600],
      ["diego", "/contacts.csv", 200],
    ] as const) {
      const statuses: number[] = [];
      for (let n = 0; n < most; n += 20)
        statuses.push(
          ...(await Promise.all(Array.from({ length: 20 }, () => ask(who, path)))).map(
            ({ status }) => status,
          ),
        );
      expect([...new Set(statuses)], path).to.deep.equal([200]);
      const refused = await ask(who, path);
      expect(refused.status, path).to.equal(429);
      expect(Number(refused.headers.get("retry-after"))).to.be.greaterThan(0);
    }
    expect((await ask("bruno", "/search?q=x")).status).to.equal(200);
    expect((await ask("ana", "/inbox")).status).to.equal(200);
    expect((await ask("diego", "/audit.csv")).status, "what takes much out counts together").to.equal(429);
  });

  it("slow down a program, not its agent's other programs", async () => {
    const token = (name: string) => createApiToken(hilo.cast.diego, { name, email: "ana@firm.test" });
    const [busy, calm] = [await token("a"), await token("b")];
    const ask = (key: string) =>
      fetch(`${hilo.url}/api/v1/agents/me`, { headers: { authorization: `Bearer ${key}` } });
    const statuses = new Set<number>();
    for (let n = 0; n < 3000; n += 50)
      for (const answer of await Promise.all(Array.from({ length: 50 }, () => ask(busy)))) {
        statuses.add(answer.status);
        await answer.body?.cancel();
      }
    expect([...statuses]).to.deep.equal([200]);
    const refused = await ask(busy);
    expect(refused.status).to.equal(429);
    expect(refused.headers.get("content-type")).to.contain("application/problem+json");
    expect((await ask(calm)).status).to.equal(200);
  });
});
