import { expect } from "chai";
import { row } from "../../../src/services/platform/database.ts";
import { countScores } from "../../../src/services/reports/comments.ts";
import { type Condition, conditions, listFacts } from "../../../src/services/reports/conversations.ts";
import { countWeekHours, daysOf, lived } from "../../../src/services/reports/hours.ts";
import { keepFacts, markAll } from "../../../src/services/reports/keep-facts.ts";
import {
  compareBy,
  type Dimension,
  type Measures,
  measureBy,
} from "../../../src/services/reports/measures.ts";
import { countOverTime, stepsBetween } from "../../../src/services/reports/over-time.ts";
import { beforeOf, type Slice } from "../../../src/services/reports/slice.ts";
import { type Cast, connectIsolated, openCast } from "../../support/cast.ts";
import { write } from "../../support/meta.ts";
import { invent } from "./invent.ts";
import { measureSlowly } from "./oracle.ts";
import { oracleWords } from "./oracle-words.ts";

// biome-ignore lint/suspicious/noExplicitAny: facts as the oracle gives them.
type Slow = Record<string, any> & { id: number };

describe("measures of reports", () => {
  let cast: Cast;
  let slow: Slow[];
  before(async () => {
    cast = await openCast();
    await invent(cast, 5, "Europe/Madrid");
    await markAll(cast.system);
    await keepFacts(cast.system);
    slow = [...(await measureSlowly(cast.platform.db, oracleWords))].map(([id, one]) => ({ id, ...one }));
  });
  after(() => cast.close());

  const slice = (from: string, until: string, more: Partial<Slice> = {}): Slice => ({
    from: new Date(from),
    until: new Date(until),
    timeZone: "Europe/Madrid",
    teamId: null,
    agentId: null,
    inboxId: null,
    topicId: null,
    ...more,
  });
  const slices = {
    year: slice("2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00"),
    // Each holds a change of the clocks.
    spring: slice("2026-03-16T00:00+01:00", "2026-04-13T00:00+02:00"),
    autumn: slice("2026-10-19T00:00+02:00", "2026-11-02T00:00+01:00"),
    day: slice("2026-06-10T00:00+02:00", "2026-06-11T00:00+02:00"),
    empty: slice("2001-01-01T00:00+01:00", "2001-02-01T00:00+01:00"),
    decade: slice("2020-01-01T00:00+01:00", "2030-01-01T00:00+01:00"),
  };

  const middle = (values: number[], share: number) => {
    if (values.length === 0) return null;
    return values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? null;
  };
  const mean = (values: number[]) =>
    values.length === 0 ? null : values.reduce((a, b) => a + b, 0) / values.length;
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  const known = (values: (number | null)[]) => values.filter((one) => one !== null);

  /** The same by hand. @param agent whose first answers and endings count. */
  const count = (all: Slow[], agent: number | null = null): Measures => {
    const first = all.filter((one) => agent === null || one.firstAgent === agent);
    const ended = all.filter((one) => agent === null || one.resolvedBy === agent);
    /** Of answers after the first, in all or of the agent. */
    const later = (whole: string, each: string): number =>
      sum(all.map((one) => (agent === null ? one[whole] : (one[each][one.agents.indexOf(agent)] ?? 0))));
    const settled = ended.filter((one) => one.resolved !== null);
    const scores = known(ended.map((one) => one.nps));
    return {
      conversations: all.length,
      resolved: settled.length,
      inbound: sum(all.map((one) => one.inbound)),
      outbound: sum(all.map((one) => one.outbound)),
      firstResponse: middle(known(first.map((one) => one.firstBusiness)), 0.5),
      firstResponseClock: middle(known(first.map((one) => one.first)), 0.5),
      firstResponse90: middle(known(first.map((one) => one.firstBusiness)), 0.9),
      nextResponse:
        later("later", "agentLater") === 0
          ? null
          : later("laterBusiness", "agentLaterBusiness") / later("later", "agentLater"),
      resolution: middle(known(ended.map((one) => one.resolutionBusiness)), 0.5),
      handling: mean(all.filter((one) => one.outbound > 0).map((one) => one.handling)),
      met:
        first.filter((one) => one.firstSla === "met").length +
        ended.filter((one) => one.resolutionSla === "met").length +
        later("nextMet", "agentNextMet"),
      missed:
        first.filter((one) => one.firstSla === "missed").length +
        ended.filter((one) => one.resolutionSla === "missed").length +
        later("nextMissed", "agentNextMissed"),
      firstMet: first.filter((one) => one.firstSla === "met").length,
      firstMissed: first.filter((one) => one.firstSla === "missed").length,
      nextMet: later("nextMet", "agentNextMet"),
      nextMissed: later("nextMissed", "agentNextMissed"),
      resolutionMet: ended.filter((one) => one.resolutionSla === "met").length,
      resolutionMissed: ended.filter((one) => one.resolutionSla === "missed").length,
      reopened: all.filter((one) => one.reopenings > 0).length,
      firstContact: settled.filter((one) => one.reopenings === 0 && one.recontact === null).length,
      recontacted: ended.filter((one) => one.recontact !== null).length,
      repeated: all.filter((one) => one.said || one.again.length > 0 || one.known.length > 0).length,
      transfers: sum(all.map((one) => one.transfers)),
      csat: mean(known(ended.map((one) => one.csat))),
      csatAnswers: known(ended.map((one) => one.csat)).length,
      nps:
        scores.length === 0
          ? null
          : (100 * (scores.filter((n) => n >= 9).length - scores.filter((n) => n <= 6).length)) /
            scores.length,
      npsAnswers: scores.length,
      byBot: all.filter((one) => one.by === "bot" && one.resolved !== null).length,
      saturation: all.filter((one) => one.abandoned === "saturation").length,
      won: ended.filter((one) => one.outcome === "won").length,
      lost: ended.filter((one) => one.outcome === "lost").length,
      frustration: all.filter((one) => one.abandoned === "frustration").length,
    };
  };
  const near = (measures: object | undefined) =>
    Object.fromEntries(
      Object.entries(measures ?? {}).map(([name, value]) => [
        name,
        typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value,
      ]),
    );
  const without = ({ ...group }: Record<string, unknown>) => {
    for (const name of ["key", "name", "isNow"]) delete group[name];
    return group;
  };
  const within = (one: Slow, from: Date, until: Date) =>
    one.opened >= from.getTime() && one.opened < until.getTime();

  for (const [name, one] of Object.entries(slices))
    it(`are those of a slow count, and so is the period before: ${name}`, async () => {
      for (const [isNow, from, until] of [
        [true, one.from, one.until],
        [false, beforeOf(one), one.from],
      ] as const) {
        const theirs = slow.filter((fact) => within(fact, from, until));
        const { now, before: earlier } = await compareBy(cast.carmen, one, "all");
        const [found] = isNow ? now : earlier;
        if (theirs.length === 0) expect(found).to.equal(undefined);
        else expect(near(without(found as never))).to.deep.equal(near(count(theirs)));
        for (const [dimension, keysOf] of [
          ["topic", (fact: Slow) => [fact.topic]],
          [
            "agent",
            (fact: Slow) => [
              ...new Set([...fact.agents, ...(fact.resolvedBy === null ? [] : [fact.resolvedBy])]),
            ],
          ],
        ] as const) {
          const compared = await compareBy(cast.carmen, one, dimension as Dimension);
          const groups = isNow ? compared.now : compared.before;
          const keys = new Set(theirs.flatMap((fact) => keysOf(fact)));
          expect(groups).to.have.length(keys.size);
          for (const key of keys) {
            const group = groups.find((other) => other.key === (key === null ? null : String(key)));
            const part = theirs.filter((fact) => keysOf(fact).includes(key));
            expect(near(without(group as never)), `${dimension} ${key}`).to.deep.equal(
              near(count(part, dimension === "agent" ? key : null)),
            );
          }
        }
      }
      expect(beforeOf(slices.spring).toISOString()).to.equal("2026-02-15T23:00:00.000Z");
      expect(beforeOf(slices.autumn).toISOString()).to.equal("2026-10-04T22:00:00.000Z");
    });

  it("follow the firm's clock, step by step and hour by hour", async () => {
    const local = (at: number) =>
      new Intl.DateTimeFormat("sv-SE", {
        timeZone: "Europe/Madrid",
        dateStyle: "short",
        timeStyle: "short",
      }).format(at);
    for (const one of [slices.spring, slices.day, slices.year, slices.empty, slices.decade]) {
      const { step, moments } = await countOverTime(cast.carmen, one);
      const theirs = slow.filter((fact) => within(fact, one.from, one.until));
      expect(sum(moments.map(({ conversations }) => conversations))).to.equal(theirs.length);
      if (step === "day")
        for (const { at, conversations } of moments)
          expect(conversations, at).to.equal(
            theirs.filter((fact) => local(fact.opened).startsWith(at.slice(0, 10))).length,
          );
      const { hours, days } = await countWeekHours(cast.carmen, one);
      for (const { day, hour, conversations } of hours) {
        const { from, until } = await lived(cast.carmen, one);
        const same = theirs.filter((fact) => {
          if (!within(fact, from, until)) return false;
          const [date = "", time = ""] = local(fact.opened).split(" ");
          return (new Date(`${date}T00:00Z`).getUTCDay() || 7) === day && Number(time.slice(0, 2)) === hour;
        });
        expect(conversations * (days[day - 1] ?? 0)).to.be.closeTo(same.length, 1e-9);
      }
    }
    expect(daysOf(slices.spring)).to.deep.equal([4, 4, 4, 4, 4, 4, 4]);
    expect(daysOf(slices.day)).to.deep.equal([0, 0, 1, 0, 0, 0, 0]);
    expect(stepsBetween(slices.day.from, slices.day.until, "Europe/Madrid", "hour")).to.have.length(24);
    expect(stepsBetween(slices.spring.from, slices.spring.until, "Europe/Madrid", "day")).to.have.length(28);
  });

  it("open the very conversations that they count, page by page", async () => {
    const [all] = await measureBy(cast.carmen, slices.year, "all");
    const ids = async (is: Condition) => {
      const found: number[] = [];
      for (let before: { openedAt: Date; id: number } | null = null; ; ) {
        const page = await listFacts(cast.carmen, slices.year, is, { before, limit: 7 });
        found.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (!last || page.length < 7) return found;
        before = { openedAt: last.openedAt, id: last.id };
      }
    };
    const counted: Partial<Record<Condition, number | undefined>> = {
      all: all?.conversations,
      resolved: all?.resolved,
      reopened: all?.reopened,
      first_contact: all?.firstContact,
      recontacted: all?.recontacted,
      repeated: all?.repeated,
      rated: all?.csatAnswers,
      first_missed: all?.firstMissed,
      saturation: all?.saturation,
      frustration: all?.frustration,
      by_bot: all?.byBot,
    };
    for (const [is, n] of Object.entries(counted)) {
      const found = await ids(is as Condition);
      expect(new Set(found).size, is).to.equal(found.length);
      expect(found.length, is).to.equal(n);
    }
    for (const is of Object.keys(conditions))
      await listFacts(cast.carmen, slices.empty, is as Condition, { before: null, limit: 1 });
    const scores = await countScores(cast.carmen, slices.year);
    expect(sum(scores.filter(({ kind }) => kind === "csat").map(({ n }) => n))).to.equal(all?.csatAnswers);
  });

  it("show people no more than theirs: their own, their teams', and nothing of an isolated inbox", async () => {
    const own = (await measureBy(cast.ana, slices.year, "all"))[0]?.conversations;
    expect(own).to.equal(
      slow.filter((one) => one.agents.includes(cast.ids.ana) || one.resolvedBy === cast.ids.ana).length,
    );
    await connectIsolated(cast);
    const other = await openCast();
    await connectIsolated(other);
    const { conversationId } = await write(other, { message: "Secreto" });
    await other.platform.db.raw(
      "update conversations set isolated_inbox_id = (select id from inboxes where isolated) where id = ?",
      [conversationId],
    );
    await keepFacts(other.system);
    await markAll(other.system);
    await keepFacts(other.system);
    const now = slice(
      new Date(Date.now() - 86_400_000).toISOString(),
      new Date(Date.now() + 86_400_000).toISOString(),
    );
    expect(await measureBy(other.carmen, now, "all")).to.deep.equal([]);
    expect(await listFacts(other.carmen, now, "all", { before: null, limit: 10 })).to.deep.equal([]);
    expect((await measureBy(other.system, now, "all"))[0]?.conversations).to.equal(1);
    await other.close();
  });

  it("keep their names when a topic is renamed or an agent leaves", async () => {
    const { db } = cast.platform;
    await db.raw("update topics set name = 'Renombrado' where name = 'Uno'");
    await db.raw("update agents set deactivated_at = now() where id = ?", [cast.ids.bruno]);
    const names = async (dimension: Dimension) =>
      (await measureBy(cast.carmen, slices.year, dimension)).map(({ name }) => name);
    expect(await names("topic"))
      .to.include("Renombrado")
      .and.to.include(null);
    expect(await names("agent")).to.include("Bruno Vega");
    expect((await row<{ n: number }>(db, "select count(*)::int as n from fact_marks"))?.n).to.equal(0);
  });
});
