import { expect } from "chai";
import { findShadowed, matchRule } from "../../../src/services/routing/rules.ts";
import type { Arriving, Rule, RuleConditions } from "../../../src/services/routing/types.ts";
import { findShadowedPolicy } from "../../../src/services/sla/clock.ts";
import type { Policy } from "../../../src/services/sla/types.ts";

const rule = (id: number, conditions: RuleConditions): Rule => ({
  id,
  name: `r${id}`,
  conditions,
  actions: {},
});
const arriving: Arriving = {
  inboxId: 1,
  topicId: 3,
  words: "quiero mi reembolso ya",
  language: "es-MX",
  tagIds: [7],
  highValue: false,
  isOpen: true,
};

describe("assignment rules", () => {
  it("match by whole words, whatever accents and case, and by everything else that they name", () => {
    const cases: [RuleConditions, boolean][] = [
      [{}, true],
      [{ keywords: ["Reembolso"] }, true],
      [{ keywords: ["réémbolso"] }, true],
      [{ keywords: ["embolso"] }, false],
      [{ keywords: ["mi reembolso"] }, true],
      [{ keywords: ["  "] }, false],
      [{ inboxIds: [2] }, false],
      [{ topicIds: [3] }, true],
      [{ topicIds: [4] }, false],
      [{ inboxIds: [2, 1], languages: ["es"] }, true],
      [{ languages: ["en"] }, false],
      [{ tagIds: [7] }, true],
      [{ highValue: true }, false],
      [{ hours: "closed" }, false],
      [{ hours: "open", keywords: ["queja", "reembolso"] }, true],
    ];
    for (const [conditions, matches] of cases)
      expect(matchRule([rule(1, conditions)], arriving) !== null, JSON.stringify(conditions)).to.equal(
        matches,
      );
  });

  it("are tried in their order, the first wins", () => {
    const rules = [rule(1, { keywords: ["factura"] }), rule(2, { inboxIds: [1] }), rule(3, {})];
    expect(matchRule(rules, arriving)?.id).to.equal(2);
  });

  it("know a rule that never comes to its turn", () => {
    const shadowed = (...conditions: RuleConditions[]) =>
      findShadowed(conditions.map((one, n) => rule(n, one)))?.rule.id ?? null;
    expect(shadowed({}, { keywords: ["x"] })).to.equal(1);
    expect(shadowed({ keywords: ["a", "b"] }, { keywords: ["B"], inboxIds: [1] })).to.equal(1);
    expect(shadowed({ keywords: ["a"] }, { keywords: ["a", "b"] })).to.equal(null);
    expect(shadowed({ inboxIds: [1] }, { inboxIds: [2] }, {})).to.equal(null);
    expect(shadowed({ highValue: true }, {})).to.equal(null);
  });

  it("so do policies: the default one takes the rest, whatever it says", () => {
    const policy = (id: number, conditions: Policy["conditions"], isDefault = false): Policy => ({
      id,
      name: `p${id}`,
      isDefault,
      conditions,
      targets: {
        first_response: null,
        next_response: null,
        movement: null,
        reassignment: null,
        resolution: null,
      },
      businessHoursId: null,
    });
    const shadowed = (...all: Policy[]) => findShadowedPolicy(all)?.policy.id ?? null;
    const urgent = policy(1, { priorities: ["urgent"] });
    expect(shadowed(urgent, policy(2, { priorities: ["urgent"], teamIds: [1] }))).to.equal(2);
    expect(shadowed(policy(2, { priorities: ["urgent"], teamIds: [1] }), urgent)).to.equal(null);
    expect(shadowed(urgent, policy(3, {}, true))).to.equal(null);
  });
});
