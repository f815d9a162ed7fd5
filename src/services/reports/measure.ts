import type { OpenTime } from "../business-hours/open-time.ts";
import type { Detail, Event, Material, Measured, Outcome, Response } from "./types.ts";

/** Time at work between two acts of a conversation counts up to here: after that somebody did something else. Seconds. */
export const longestHandling = 600;
/** Who was left waiting for this long when the conversation ended has left. Seconds. */
export const abandonedAfter = 3600;

/** Pure. Measures a conversation from what happened in it. */
export function measure(material: Material, open: OpenTime): Measured {
  const { events, openedAt, resolvedAt } = material;
  const of = (kind: Event["kind"]) => events.filter((event) => event.kind === kind);
  const [inbound, answers, automatic] = [of("inbound"), of("answer"), of("automatic")];
  const { responses, leftWaiting } = followWaits(events, open);
  const isResolved = resolvedAt !== null;
  const agentIds = [...new Set(answers.flatMap(({ agentId }) => agentId ?? []))].sort((a, b) => a - b);
  return {
    responses,
    firstAgentId: responses[0]?.agentId ?? null,
    agentIds,
    answeredBy: answers.length > 0 ? "person" : automatic.length > 0 ? "bot" : "nobody",
    inbound: inbound.length,
    outbound: answers.length,
    automatic: automatic.length,
    questions: answers.filter(({ asks }) => asks).length,
    transfers: countTransfers(material.holders),
    reopenings: of("reopened").length,
    handlingSeconds: handlingOf(events),
    resolutionSeconds: isResolved ? seconds(resolvedAt - openedAt) : null,
    resolutionBusinessSeconds: isResolved ? seconds(open.between(openedAt, resolvedAt)) : null,
    ...outcomesOf(material.outcomes),
    ...nextOf(agentIds, responses, events, material.outcomes),
    saidAgain: inbound.some(({ repeats }) => repeats),
    ...detailsOf(events),
    abandoned:
      isResolved && leftWaiting !== null && resolvedAt - leftWaiting >= abandonedAfter * 1000
        ? answers.length > 0
          ? "frustration"
          : "saturation"
        : null,
  };
}

const seconds = (ms: number): number => Math.max(0, Math.round(ms / 1000));

/** A wait begins with what the contact writes, and ends with a person's answer or with the conversation. */
function followWaits(
  events: readonly Event[],
  open: OpenTime,
): { responses: Response[]; leftWaiting: number | null } {
  const responses: Response[] = [];
  let since: number | null = null;
  // Who only says thanks waits for nothing that anybody could be late with.
  let isPolite = true;
  let leftWaiting: number | null = null;
  for (const { kind, at, agentId, thanks } of events) {
    if (kind === "inbound") {
      if (since === null) isPolite = true;
      since ??= at;
      isPolite &&= thanks;
      leftWaiting = null;
    } else if (kind === "answer") {
      if (since !== null)
        responses.push({
          askedAt: since,
          answeredAt: at,
          agentId,
          isFirst: responses.length === 0,
          seconds: seconds(at - since),
          businessSeconds: seconds(open.between(since, at)),
        });
      since = null;
      leftWaiting = null;
    } else if (kind === "resolved") {
      leftWaiting = isPolite ? null : since;
      since = null;
    }
  }
  return { responses, leftWaiting };
}

/** From one person to another, whatever lay between. */
function countTransfers(holders: readonly (number | null)[]): number {
  const people = holders.filter((one) => one !== null);
  return people.filter((one, i) => i > 0 && one !== people[i - 1]).length;
}

/** For each answer the time since what came before it, of either side. */
function handlingOf(events: readonly Event[]): number {
  const said = events.filter(({ kind }) => kind === "inbound" || kind === "answer");
  const gaps = said.map(({ kind, at }, i) => {
    const before = said[i - 1];
    return kind === "answer" && before ? Math.min((at - before.at) / 1000, longestHandling) : 0;
  });
  return Math.round(gaps.reduce((sum, gap) => sum + gap, 0));
}

function outcomesOf(
  outcomes: readonly Outcome[],
): Pick<Measured, "firstSla" | "nextMet" | "nextMissed" | "resolutionSla"> {
  const of = (target: Outcome["target"]) => outcomes.filter((one) => one.target === target);
  const whole = (found: readonly Outcome[]) =>
    found.some(({ missed }) => missed) ? "missed" : found.some(({ met }) => met) ? "met" : null;
  const next = of("next_response");
  return {
    firstSla: whole(of("first_response")),
    nextMissed: next.filter(({ missed }) => missed).length,
    nextMet: next.filter(({ missed, met }) => met && !missed).length,
    resolutionSla: whole(of("resolution")),
  };
}

/** Every answer after the first, together and of each agent. A target is of whoever answered next, late or not. */
function nextOf(
  agentIds: readonly number[],
  responses: readonly Response[],
  events: readonly Event[],
  outcomes: readonly Outcome[],
): Pick<
  Measured,
  | "nextResponses"
  | "nextBusinessSeconds"
  | "agentNext"
  | "agentNextSeconds"
  | "agentNextMet"
  | "agentNextMissed"
> {
  const later = responses.filter(({ isFirst }) => !isFirst);
  const took = (some: readonly Response[]) =>
    some.reduce((sum, { businessSeconds }) => sum + businessSeconds, 0);
  const of = (id: number) => later.filter(({ agentId }) => agentId === id);
  const ends = outcomes
    .filter(({ target }) => target === "next_response")
    .map((one) => {
      // The wait ends with the first of these; who resolves without a word answers nothing.
      const end = events.find(
        ({ at, kind }) => at >= one.startedAt && (kind === "answer" || kind === "resolved"),
      );
      return { ...one, agentId: end?.agentId ?? null };
    });
  const ended = (id: number, isMissed: boolean) =>
    ends.filter(({ agentId, missed, met }) => agentId === id && (isMissed ? missed : met && !missed)).length;
  return {
    nextResponses: later.length,
    nextBusinessSeconds: took(later),
    agentNext: agentIds.map((id) => of(id).length),
    agentNextSeconds: agentIds.map((id) => took(of(id))),
    agentNextMet: agentIds.map((id) => ended(id, false)),
    agentNextMissed: agentIds.map((id) => ended(id, true)),
  };
}

/** What was asked for and answered, and what was asked for after that. */
function detailsOf(events: readonly Event[]): Pick<Measured, "asked" | "askedAgain"> {
  const open = new Set<Detail>();
  const answered = new Set<Detail>();
  const again = new Set<Detail>();
  for (const { kind, wants } of events) {
    if (kind === "inbound") for (const one of open) answered.add(one);
    if (kind === "inbound") open.clear();
    for (const one of wants) {
      if (answered.has(one)) again.add(one);
      open.add(one);
    }
  }
  return { asked: [...answered].sort(), askedAgain: [...again].sort() };
}
