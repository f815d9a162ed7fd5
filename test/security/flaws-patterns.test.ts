import { expect } from "chai";
import { withToken } from "../../src/routes/form-token.ts";
import { ownPath } from "../../src/routes/sessions.ts";
import { parsePhone } from "../../src/services/contacts/phone.ts";
import { createLogger } from "../../src/services/platform/logger.ts";
import { plainWords } from "../../src/services/routing/rules.ts";
import { csvRow } from "../../src/views/csv.ts";
import { initials } from "../../src/views/format.ts";

describe("flaws of others: patterns", () => {
  it("81 patterns that explode: what costs time costs twice as much of twice as much, not four times", () => {
    const shapes = [
      "a",
      " ",
      "@",
      "-",
      "+5",
      "\u0301",
      "<",
      "{",
      "a@",
      "/..",
      "=\r\n",
      "é ",
      "1,",
      '"',
      "#a ",
    ];
    const readers: Record<string, (text: string) => unknown> = {
      phone: (text) => parsePhone(text, "MX"),
      path: ownPath,
      token: (text) => withToken(`<form method="post" ${text}`, "x"),
      csv: (text) => csvRow([text]),
      log: (text) => createLogger("info", { write() {} }).info({ text }, "x"),
      form: (text) => withToken(`${text}<form ${text} method="post">`, "x"),
      initials,
      words: plainWords,
    };
    const cost = (work: () => unknown) => {
      const took = Array.from({ length: 3 }, () => {
        const at = performance.now();
        work();
        return performance.now() - at;
      });
      return Math.min(...took);
    };
    const slow: string[] = [];
    for (const [name, read] of Object.entries(readers))
      for (const shape of shapes) {
        const [less, more] = [40_000, 160_000].map((n) => cost(() => read(shape.repeat(n / shape.length))));
        // Below some milliseconds nothing can be said, and nothing needs to be.
        if ((more ?? 0) > 60 && (more ?? 0) > 10 * (less ?? 0))
          slow.push(`${name} ${JSON.stringify(shape)}: ${less} → ${more}`);
      }
    expect(slow).to.deep.equal([]);
  });
});
