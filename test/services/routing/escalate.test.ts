import { expect } from "chai";
import { assign } from "../../../src/services/conversations/assign.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { escalate } from "../../../src/services/routing/escalate.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { write } from "../../support/meta.ts";
import { openAlways, pass } from "../../support/time.ts";

describe("the ladder", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
    await openAlways(cast);
  });
  afterEach(() => cast.close());

  const steps = (conversationId: number) =>
    rows<{ step: string }>(
      cast.platform.db,
      "select step from escalations where conversation_id = ? order by id",
      [conversationId],
    ).then((found) => found.map(({ step }) => step));
  const alerts = (kind: string) =>
    rows<{ agent_id: number }>(cast.platform.db, "select agent_id from alerts where kind = ?", [kind]).then(
      (found) => found.map(({ agent_id }) => agent_id),
    );
  const assignee = (id: number) =>
    row<{ assignee_id: number | null }>(
      cast.platform.db,
      "select assignee_id from conversations where id = ?",
      [id],
    ).then((found) => found?.assignee_id ?? null);
  /** Four processes look at the same moment. */
  const four = () => Promise.all([1, 2, 3, 4].map(() => escalate(cast.system)));

  it("alerts at ten minutes, hands on at twenty, once each, and says why", async () => {
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    await pass(cast, 9);
    await four();
    expect(await steps(conversationId)).to.deep.equal(["breach"]);
    await pass(cast, 1);
    await four();
    await four();
    expect(await steps(conversationId)).to.deep.equal(["breach", "alert"]);
    // Carmen supervises; Diego administers and supervises too.
    expect(await alerts("stalled")).to.have.members([cast.ids.carmen, cast.ids.diego]);
    await pass(cast, 10);
    await four();
    expect(await steps(conversationId)).to.deep.equal(["breach", "alert", "reassign"]);
    expect(await assignee(conversationId)).to.equal(cast.ids.bruno);
    expect(await alerts("reassigned")).to.deep.equal([cast.ids.bruno]);
    const why = await row<{ reason: string }>(
      cast.platform.db,
      "select reason from assignments where conversation_id = ? order by id desc limit 1",
      [conversationId],
    );
    expect(why?.reason).to.equal("no_movement");
    const audited = await row(
      cast.platform.db,
      "select 1 from audit_events where act = 'conversation.assigned' and conversation_id = ? and data ->> 'reason' = 'no_movement'",
      [conversationId],
    );
    expect(audited).not.to.equal(null);
    // Bruno has his own time.
    await pass(cast, 9);
    await four();
    expect(await steps(conversationId)).to.have.length(3);
  });

  it("alerts the team's own supervisors where it has some", async () => {
    const { db } = cast.platform;
    const team = await db("teams").where({ name: "Ventas" }).first("id");
    await db("team_members").insert({ team_id: team?.id, agent_id: cast.ids.carmen });
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { teamId: team?.id });
    await pass(cast, 11);
    await escalate(cast.system);
    expect(await alerts("stalled")).to.deep.equal([cast.ids.carmen]);
  });

  it("gives back to the queue when nobody else has room, and somebody is told", async () => {
    await cast.platform.db("agents").where({ id: cast.ids.bruno }).update({ availability: "away" });
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    await pass(cast, 21);
    await four();
    expect(await assignee(conversationId)).to.equal(null);
    expect(await alerts("nobody")).to.have.members([cast.ids.carmen, cast.ids.diego]);
    await pass(cast, 60);
    await four();
    expect(await steps(conversationId)).to.have.members(["breach", "alert", "reassign", "alert"]);
  });

  it("raises the red flag after a day, and an answer takes it down", async () => {
    const { conversationId } = await write(cast);
    const flag = () =>
      row<{ flagged_at: Date | null }>(
        cast.platform.db,
        "select flagged_at from conversations where id = ?",
        [conversationId],
      );
    await pass(cast, 24 * 60 - 1);
    await four();
    expect((await flag())?.flagged_at).to.equal(null);
    await pass(cast, 1);
    await four();
    expect((await flag())?.flagged_at).to.be.instanceOf(Date);
    expect(await alerts("neglected")).to.have.length(2);
    await cast.platform.db("service_windows").update({ ends_at: new Date(Date.now() + 3_600_000) });
    await reply(cast.ana, conversationId, { text: "Perdón por la espera" });
    expect((await flag())?.flagged_at).to.equal(null);
  });

  it("believes the database's clock, not the process's", async () => {
    await write(cast);
    cast.clock.advance(24 * 60);
    expect(await escalate(cast.system)).to.equal(0);
    cast.clock.advance(-48 * 60);
    await pass(cast, 11);
    expect(await escalate(cast.system)).to.equal(2);
  });

  it("takes each of 1,000 steps once, though four processes look and agents take by hand", async function () {
    this.timeout(0);
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    await db.raw(
      `with people as (insert into contacts (name, first_seen_at) select 'c' || n, now() from generate_series(1, 1000) n returning id),
         made as (insert into conversations (contact_id, status, opened_at, last_activity_at, waiting_since, assignee_id)
           select id, 'open', now(), now(), date_trunc('milliseconds', now()), ? from people returning id, waiting_since)
       insert into sla_clocks (conversation_id, target, policy_id, business_hours_id, calendar_version, in_business_time, target_seconds, started_at,
         resumed_at, due_at, alert_at, reassign_at)
       select made.id, 'first_response', s.id, f.business_hours_id, 1, true, 300, waiting_since, waiting_since, now() - interval '1 minute',
         now() - interval '1 second', now() - interval '1 second' from made, firm f, sla_policies s where s.is_default`,
      [cast.ids.ana],
    );
    const taken = rows<{ id: number }>(db, "select id from conversations where id > ? order by id limit 40", [
      conversationId,
    ]);
    const byHand = (await taken).map(({ id }) => assign(cast.bruno, id, { agentId: cast.ids.bruno }));
    await Promise.all([four(), ...byHand]);
    await four();
    const counts = await rows<{ step: string; n: number }>(
      db,
      "select step, count(*)::int as n from escalations where conversation_id > ? group by step order by step",
      [conversationId],
    );
    const of = (step: string) => counts.find((one) => one.step === step)?.n ?? 0;
    expect(of("breach")).to.equal(1000);
    // Who moved one by hand began its ladder anew.
    expect(of("alert")).to.be.within(960, 1000);
    expect(of("alert")).to.equal(of("reassign"));
    const twice = await row(
      db,
      "select 1 from audit_events where act = 'sla.breached' group by conversation_id having count(*) > 1",
    );
    expect(twice).to.equal(null);
    // The cap of twelve holds for what was handed on; what Bruno took himself counts.
    const handed = await row<{ n: number }>(
      db,
      "select count(*)::int as n from assignments where reason = 'no_movement' and assignee_id = ?",
      [cast.ids.bruno],
    );
    expect(handed?.n).to.be.at.most(12);
  });
});
