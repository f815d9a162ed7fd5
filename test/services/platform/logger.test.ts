import { expect } from "chai";
import { createLogger } from "../../../src/services/platform/logger.ts";

describe("the log", () => {
  const written = (value: object): string => {
    const lines: string[] = [];
    createLogger("trace", { write: (line) => lines.push(line) }).info(value, "x");
    return lines.join("");
  };

  it("shows no secret, however deep it lies or inside what it stands", () => {
    const canary = "CANARY-91b7";
    const nested = { a: { b: { c: { accessToken: canary, list: [{ password: canary }] } } } };
    const values: object[] = [
      { token: canary },
      { req: { headers: { Authorization: canary, cookie: canary } } },
      nested,
      { url: `https://x.test/v21?access_token=${canary}&a=1` },
      { url: `https://hilo.test/passwords/${canary}` },
      { note: `Authorization: Bearer ${canary}` },
      { smtp: `smtps://user:${canary}@mail.test:465` },
      { deep: { a: { a: { a: { a: { a: { a: { harmless: canary } } } } } } } },
      { err: new Error(`GET https://x.test/?client_secret=${canary} failed`) },
      {
        err: Object.assign(new Error("no"), {
          config: { headers: { authorization: canary } },
          bindings: [canary],
        }),
      },
    ];
    for (const value of values) expect(written(value), JSON.stringify(value)).to.not.contain(canary);
  });

  it("goes on saying what helps", () => {
    const line = written({
      method: "GET",
      inboxId: 7,
      list: [1, "dos"],
      err: new TypeError("x is not a function"),
    });
    expect(JSON.parse(line)).to.deep.include({ method: "GET", inboxId: 7, list: [1, "dos"] });
    expect(line).to.contain("x is not a function").and.contain("TypeError");
    expect(written({ setup_url: "http://localhost/set-up/abc" })).to.contain("set-up/abc");
  });
});
