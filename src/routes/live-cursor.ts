import { randomUUID } from "node:crypto";
import type { Fact } from "../services/platform/events.ts";

/** Batches of facts that a page coming back may have missed; beyond it asks for everything again. */
const remembered = 2000;

/** Where a process's live stream stands. A position is `boot.number`: another boot knows nothing of it. */
export interface LiveCursor {
  position: () => string;
  /** The next batch of facts. @returns its number. */
  advance: (facts: Fact[]) => number;
  /** Something was missed: what came before can no longer be told. @returns the number of the gap. */
  skip: () => number;
  /** The position with this number. */
  name: (number: number) => string;
  /** The batches after a position, or null when it cannot be said what they were. */
  since: (position: string) => Fact[][] | null;
}

export function openCursor(): LiveCursor {
  const boot = randomUUID().slice(0, 8);
  const memory: { seq: number; facts: Fact[] }[] = [];
  let seq = 0;
  const name = (number: number) => `${boot}.${number}`;
  return {
    name,
    position: () => name(seq),
    advance(facts) {
      seq += 1;
      memory.push({ seq, facts });
      if (memory.length > remembered) memory.shift();
      return seq;
    },
    skip() {
      seq += 1;
      memory.length = 0;
      return seq;
    },
    since(position) {
      const [itsBoot, number] = position.split(".");
      const from = Number(number);
      const missed = memory.filter((one) => one.seq > from);
      const knows = itsBoot === boot && from <= seq && missed.length === seq - from;
      return knows ? missed.map(({ facts }) => facts) : null;
    },
  };
}
