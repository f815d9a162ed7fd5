import { expect } from "chai";
import type { Bell } from "../../../src/services/platform/bell.ts";
import type { Fact } from "../../../src/services/platform/events.ts";
import { openMemories } from "../../../src/services/platform/memory.ts";

const changed: Fact = { type: "conversation.changed", conversationId: 1 };
const other: Fact = { type: "agent.changed", agentId: 1 };

describe("memory", () => {
  function open() {
    let isHearing = true;
    const listeners: { facts: (facts: Fact[]) => void; gap: () => void } = { facts() {}, gap() {} };
    const bell: Bell = {
      onFacts: (listener) => void Object.assign(listeners, { facts: listener }),
      onGap: (listener) => void Object.assign(listeners, { gap: listener }),
      isHearing: () => isHearing,
      close: async () => {},
    };
    const memories = openMemories();
    memories.listen(bell);
    const memory = memories.open<number>(({ type }) => type === "conversation.changed");
    let asked = 0;
    const ask = () => memory.get("key", async () => (asked += 1));
    return {
      memories,
      memory,
      ask,
      ring: (fact: Fact) => listeners.facts([fact]),
      loseBell() {
        isHearing = false;
      },
      regainBell() {
        isHearing = true;
        listeners.gap();
      },
    };
  }

  it("asks once until a fact that matters is heard, from the bell or a commit of this process", async () => {
    const { memories, ask, ring } = open();
    expect([await ask(), await ask()]).to.deep.equal([1, 1]);
    ring(other);
    expect(await ask()).to.equal(1);
    ring(changed);
    expect([await ask(), await ask()]).to.deep.equal([2, 2]);
    memories.hear([changed]);
    expect(await ask()).to.equal(3);
  });

  it("does not keep an answer that was on its way when the fact was heard", async () => {
    const { memory, ring } = open();
    const late = Promise.withResolvers<number>();
    const first = memory.get("key", () => late.promise);
    ring(changed);
    late.resolve(1);
    expect(await first).to.equal(1);
    expect(await memory.get("key", async () => 2)).to.equal(2);
  });

  it("remembers nothing while the bell is away, and nothing of that time after it is back", async () => {
    const { ask, loseBell, regainBell } = open();
    expect(await ask()).to.equal(1);
    loseBell();
    expect([await ask(), await ask()]).to.deep.equal([2, 3]);
    regainBell();
    expect([await ask(), await ask()]).to.deep.equal([4, 4]);
  });

  it("keeps no failure, and forgets a key that it is told to", async () => {
    const { memory } = open();
    const failed = await memory.get("key", () => Promise.reject(new Error("away"))).catch(() => "failed");
    expect(failed).to.equal("failed");
    expect(await memory.get("key", async () => 7)).to.equal(7);
    memory.forget("key");
    expect(await memory.get("key", async () => 8)).to.equal(8);
  });
});
