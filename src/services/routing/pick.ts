import type { Strategy } from "./types.ts";

/** An agent who may be given conversations now, with what they have. Times in milliseconds, null for never. */
export interface Candidate {
  id: number;
  /** Conversations that are open, and those of them that wait for an answer: over everything, not per team or inbox. */
  open: number;
  waiting: number;
  maxOpen: number;
  maxWaiting: number;
  lastAssignedAt: number | null;
  lastReplyAt: number | null;
  teamIds: readonly number[];
  skills: readonly string[];
}

/** A conversation without anybody. */
export interface Unassigned {
  id: number;
  teamId: number | null;
  /** The team that alone may see it, or null. */
  isolatedTeamId: number | null;
  skill: string | null;
  /** Who had this contact last, or null. */
  lastAgentId: number | null;
  /** Who must not get it: it was taken from them for want of movement. */
  notAgentId: number | null;
}

export interface Pick {
  conversationId: number;
  agentId: number;
  reason: "last_agent" | "automatic";
}

export const hasRoom = (agent: Candidate): boolean =>
  agent.open < agent.maxOpen && agent.waiting < agent.maxWaiting;

/**
 * Gives each conversation, in the order given, to whom its team's strategy names among those who fit and have room: first who
 * had the contact last, if the firm wants that. What nobody can take stays where it is. Pure; the candidates' counts are brought up to date.
 */
export function pick(
  conversations: readonly Unassigned[],
  candidates: Candidate[],
  firm: {
    strategyOf: (teamId: number | null) => Strategy;
    lastAgentFirst: boolean;
    now: number;
  },
): Pick[] {
  const picks: Pick[] = [];
  let turn = firm.now;
  for (const one of conversations) {
    const strategy = firm.strategyOf(one.teamId);
    if (strategy === "manual") continue;
    const fit = candidates.filter((agent) => hasRoom(agent) && fits(agent, one));
    if (fit.length === 0) continue;
    const last = firm.lastAgentFirst ? fit.find(({ id }) => id === one.lastAgentId) : undefined;
    const chosen = last ?? fit.reduce((best, agent) => (isBefore(agent, best, strategy) ? agent : best));
    turn += 1;
    chosen.open += 1;
    chosen.waiting += 1;
    chosen.lastAssignedAt = turn;
    picks.push({
      conversationId: one.id,
      agentId: chosen.id,
      reason: last ? "last_agent" : "automatic",
    });
  }
  return picks;
}

function fits(agent: Candidate, one: Unassigned): boolean {
  return (
    agent.id !== one.notAgentId &&
    (one.teamId === null || agent.teamIds.includes(one.teamId)) &&
    (one.isolatedTeamId === null || agent.teamIds.includes(one.isolatedTeamId)) &&
    (one.skill === null || agent.skills.includes(one.skill))
  );
}

/** Whose turn comes first: never beats long ago, and the id settles what is equal. */
function isBefore(a: Candidate, b: Candidate, strategy: Exclude<Strategy, "manual">): boolean {
  const idle = (agent: Candidate) => Math.max(agent.lastReplyAt ?? 0, agent.lastAssignedAt ?? 0);
  const turn = (agent: Candidate) => agent.lastAssignedAt ?? 0;
  const orders = {
    least_loaded: [(c: Candidate) => c.open, (c: Candidate) => c.waiting, idle],
    round_robin: [turn],
    longest_idle: [idle],
  } satisfies Record<typeof strategy, ((candidate: Candidate) => number)[]>;
  for (const value of orders[strategy]) if (value(a) !== value(b)) return value(a) < value(b);
  return a.id < b.id;
}
