import { expect } from "chai";
import { readTable } from "./tables.ts";

describe("the tables of docs/security", () => {
  for (const [name, many] of [
    ["weaknesses", 86],
    ["asvs", 82],
  ] as const)
    it(`${name}: every line is there, and every test that it names exists`, () => {
      const lines = readTable(name);
      expect(lines.map(({ number }) => number)).to.deep.equal(
        Array.from({ length: many }, (_, at) => at + 1),
      );
      expect(lines.filter(({ isCovered }) => isCovered).length).to.be.at.least(70);
    });
});
