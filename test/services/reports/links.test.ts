import { expect } from "chai";
import { reports } from "../../../src/routes/report-list.ts";
import { sliceOf } from "../../../src/routes/report-period.ts";
import { connectWhatsApp } from "../../../src/services/inboxes/connect.ts";
import { row } from "../../../src/services/platform/database.ts";
import { measureCases } from "../../../src/services/reports/cases.ts";
import { type Condition, listFacts } from "../../../src/services/reports/conversations.ts";
import { getFrame } from "../../../src/services/reports/frame.ts";
import { countWeekHours } from "../../../src/services/reports/hours.ts";
import { keepFacts, markAll } from "../../../src/services/reports/keep-facts.ts";
import { measureBy } from "../../../src/services/reports/measures.ts";
import { listReviewed, measureQuality } from "../../../src/services/reviews/quality.ts";
import { addReview, finishReview } from "../../../src/services/reviews/reviews.ts";
import type { Viewer } from "../../../src/views/index.ts";
import { lookOf } from "../../../src/views/reports/parts.ts";
import { type Cast, openCast, whatsappInbox } from "../../support/cast.ts";
import { invent } from "./invent.ts";

describe("numbers of reports", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    await invent(cast, 9, "Europe/Madrid");
    // Some go on in another inbox, of another channel.
    const other = await connectWhatsApp(cast.system, whatsappInbox("Tienda", "PN2"));
    const { db } = cast.platform;
    await db.raw("alter table inboxes drop constraint if exists inboxes_channel_check");
    await db.raw("update inboxes set channel = 'aaa' where id = ?", [other.id]);
    await db.raw(
      "update messages set inbox_id = ? where conversation_id % 4 = 0 and id <> (select min(m.id) from messages m where m.conversation_id = messages.conversation_id)",
      [other.id],
    );
    await db.raw("update messages set inbox_id = ? where conversation_id % 5 = 0", [other.id]);
    await markAll(cast.system);
    await keepFacts(cast.system);
  });
  after(() => cast.close());

  const viewer = (): Viewer => ({
    agentId: cast.ids.carmen,
    name: "Carmen",
    initials: "C",
    permissions: cast.carmen.actor.kind === "agent" ? cast.carmen.actor.permissions : new Set(),
    availability: "online",
    locale: "es",
    timeZone: "Europe/Madrid",
    now: new Date("2026-06-20T12:00:00Z"),
  });
  /** What somebody gets who asks with these parameters. */
  const ask = async (params: Record<string, string>) =>
    sliceOf({ query: params, viewer: viewer() }, (await getFrame(cast.carmen)).timeZone);
  const countOf = async (params: Record<string, string>) => {
    const { slice } = await ask(params);
    const page = { before: null, limit: 1000 };
    return (await listFacts(cast.carmen, slice, params.is as Condition, page)).length;
  };

  /** Columns in which a number counts the conversations that it opens. */
  const counting = [
    "Conv.",
    "Resueltas",
    "Nadie contestó",
    "Dejaron de esperar",
    "Ganadas",
    "Perdidas",
    "Respuestas",
    "Hoy",
  ];

  for (const period of [
    { period: "custom", from: "2026-03-11", until: "2026-06-20" },
    { period: "custom", from: "2026-10-20", until: "2026-10-29" },
  ])
    it(`open as many conversations as they say, from ${period.from}`, async () => {
      const frame = await getFrame(cast.carmen);
      const { slice: whole } = await ask(period);
      const ctx = { db: cast.platform.db, actor: cast.carmen.actor, now: () => viewer().now };
      let opened = 0;
      for (const [name, { only, make }] of Object.entries(reports)) {
        if (name === "quality") continue;
        const params = only ? { period: only } : period;
        const { slice, asked } = await ask(params);
        const link = (is: string, more = {}) => JSON.stringify({ ...params, ...more, is });
        const look = lookOf(viewer(), link, [asked.from, asked.until]);
        const report = await make({ ctx, viewer: viewer(), query: {}, frame, slice, look });
        for (const { key, columns, rows } of report.sections)
          for (const cells of rows)
            for (const [i, { href, raw }] of cells.entries()) {
              if (!href?.startsWith("{") || !counting.includes(columns[i]?.name ?? "")) continue;
              expect(await countOf(JSON.parse(href)), `${name} ${key} ${cells[0]?.text} ${href}`).to.equal(
                raw,
              );
              opened += 1;
            }
      }
      expect(opened).to.be.greaterThan(40);
      const { hours, days } = await countWeekHours(ctx, whole);
      for (const { day, hour, conversations } of hours)
        expect(await countOf({ ...period, is: "all", at: `${day}-${hour}` })).to.equal(
          Math.round(conversations * (days[day - 1] ?? 0)),
        );
      expect(hours.length).to.be.greaterThan(1);
    });

  it("of one person open what they answered late, not what others did", async () => {
    const period = { period: "custom", from: "2026-01-01", until: "2026-12-31" };
    const { slice } = await ask(period);
    const facts = await cast.platform.db("conversation_facts").select("*");
    const agents = await measureBy(cast.carmen, slice, "agent");
    expect(agents).to.have.length(3);
    for (const { key } of agents) {
      const id = Number(key);
      const at = (f: { agent_ids: number[] }, list: number[]) => list[f.agent_ids.indexOf(id)] ?? 0;
      const late = facts.filter(
        (f) =>
          (f.first_sla === "missed" && f.first_agent_id === id) ||
          (f.resolution_sla === "missed" && f.resolved_by_id === id) ||
          at(f, f.agent_next_missed) > 0,
      );
      const later = facts.filter((f) => at(f, f.agent_next) > 0);
      expect(late.length)
        .to.be.greaterThan(0)
        .and.lessThan(await countOf({ ...period, is: "missed", agent: String(id) }));
      expect(await countOf({ ...period, is: "missed", own: String(id) })).to.equal(late.length);
      expect(await countOf({ ...period, is: "answered_again", own: String(id) })).to.equal(later.length);
    }
  });

  it("of cases open the conversations in which they were settled, and count how often people came for one", async () => {
    const { db } = cast.platform;
    const period = { period: "custom", from: "2026-03-01", until: "2026-08-31" };
    const { slice } = await ask(period);
    // Every third conversation had a case; its topic is the case's own.
    await db.raw(
      `insert into cases (contact_id, conversation_id, topic_id, title, status, opened_at, resolved_at)
       select contact_id, id, case when id % 2 = 0 then (select min(id) from topics) end, 'Caso', 'resolved', opened_at, opened_at + interval '9 days' from conversations where id % 3 = 0`,
    );
    const cases = await measureCases(cast.carmen, slice);
    const facts = await db("conversation_facts").select(
      "conversation_id",
      "contact_id",
      "opened_at",
      "topic_id",
    );
    expect(cases.length).to.equal(2);
    for (const { topicId, cases: n, contacts } of cases) {
      const theirs = facts.filter((f) => {
        const settled = f.opened_at.getTime() + 9 * 86_400_000;
        const isTheirs = f.conversation_id % 3 === 0 && (f.conversation_id % 2 === 0) === (topicId !== null);
        return isTheirs && settled >= slice.from.getTime() && settled < slice.until.getTime();
      });
      expect(n).to.equal(theirs.length);
      const came = theirs.map(
        (f) =>
          facts.filter(
            (o) =>
              o.contact_id === f.contact_id &&
              (o.conversation_id === f.conversation_id ||
                (o.opened_at > f.opened_at &&
                  o.opened_at.getTime() < f.opened_at.getTime() + 9 * 86_400_000 &&
                  (o.topic_id === null || topicId === null || o.topic_id === topicId))),
          ).length,
      );
      expect(contacts).to.be.closeTo(came.reduce((a, b) => a + b, 0) / came.length, 1e-9);
      expect(await countOf({ ...period, is: "case_settled", topic: String(topicId ?? 0) })).to.equal(n);
    }
  });

  it("of quality open the very reviews, page by page", async () => {
    const { db } = cast.platform;
    await db.raw("update review_criteria set archived_at = now()");
    for (const question of ["¿Saludó?", "¿Resolvió?"])
      await db.raw("insert into review_criteria (position, question, weight) values (1, ?, 1)", [question]);
    const criteria = (await db("review_criteria").whereNull("archived_at").select("id").orderBy("id")) as {
      id: number;
    }[];
    const theirs = await db("conversation_facts")
      .whereNot("resolved_by_id", cast.ids.carmen)
      .select("conversation_id as id")
      .limit(30);
    let finished = 0;
    for (const { id } of theirs as { id: number }[]) {
      const review = await addReview(cast.carmen, id).catch(() => null);
      if (review === null) continue;
      finished += 1;
      await finishReview(cast.carmen, review, {
        scores: { [criteria[0]?.id ?? 0]: 4, [criteria[1]?.id ?? 0]: finished % 2 ? 5 : null },
        comment: "",
        needsCoaching: false,
      });
    }
    expect(finished).to.be.greaterThan(5);
    const now = cast.carmen.now();
    const { slice } = await ask({
      period: "custom",
      from: new Date(now.getTime() - 86_400_000).toISOString().slice(0, 10),
      until: new Date(now.getTime() + 86_400_000).toISOString().slice(0, 10),
    });
    const quality = await measureQuality(cast.carmen, slice);
    const none = { reviewerId: null, criterionId: null };
    const all = async (
      more: Partial<typeof slice>,
      of: { reviewerId: number | null; criterionId: number | null },
    ) => {
      const found: number[] = [];
      for (let before: { openedAt: Date; id: number } | null = null; ; ) {
        const page = await listReviewed(cast.carmen, { ...slice, ...more }, of, { before, limit: 4 });
        found.push(...page.map(({ id }) => id));
        const last = page.at(-1);
        if (!last?.finishedAt || page.length < 4) return new Set(found).size;
        before = { openedAt: last.finishedAt, id: last.id };
      }
    };
    expect(await all({}, none)).to.equal(finished);
    for (const { id, reviews } of quality.agents) expect(await all({ agentId: id }, none)).to.equal(reviews);
    for (const { id, reviews } of quality.criteria)
      expect(await all({}, { ...none, criterionId: id })).to.equal(reviews);
    for (const { id, reviews } of quality.reviewers)
      expect(await all({}, { ...none, reviewerId: id })).to.equal(reviews);
    expect(quality.criteria.map(({ reviews }) => reviews).toSorted()).to.deep.equal(
      [finished, Math.ceil(finished / 2)].toSorted(),
    );
    expect((await row<{ n: number }>(db, "select count(*)::int as n from reviews"))?.n).to.equal(finished);
  });
});
