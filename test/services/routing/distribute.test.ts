import { expect } from "chai";
import { createAgent } from "../../../src/services/agents/agent.ts";
import { assign } from "../../../src/services/conversations/assign.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { distribute } from "../../../src/services/routing/distribute.ts";
import { releaseAbsent } from "../../../src/services/routing/release-absent.ts";
import { type Cast, openCast, password } from "../../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../../support/meta.ts";
import { openAlways, pass } from "../../support/time.ts";

describe("giving out", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
    await openAlways(cast);
    await cast.platform.db("firm").update({ strategy: "least_loaded" });
  });
  afterEach(() => cast.close());

  const assignee = async (id: number) => {
    const found = await row<{ assignee_id: number | null }>(
      cast.platform.db,
      "select assignee_id from conversations where id = ?",
      [id],
    );
    return found?.assignee_id ?? null;
  };
  const four = () => Promise.all([1, 2, 3, 4].map(() => distribute(cast.system)));
  const burst = (n: number, message = "Hola") =>
    deliver(
      cast,
      ...Array.from({ length: n }, (_one, index) =>
        delivery(
          messageValue({
            from: `52155${String(10_000_000 + index)}`,
            name: `Cliente ${index}`,
            message,
            at: new Date(Date.now() - (n - index) * 1000),
          }),
        ),
      ),
    );
  const loads = () =>
    rows<{ name: string; n: number }>(
      cast.platform.db,
      `select a.name, count(c.id)::int as n from agents a left join conversations c on c.assignee_id = a.id and c.waiting_since is not null
       where a.receives group by a.id order by a.id`,
    );

  it("gives 100 messages of one moment to who is there, nobody above five, the rest in order", async () => {
    for (let n = 0; n < 8; n += 1) {
      const { id } = await createAgent(cast.diego, {
        email: `a${n}@firm.test`,
        name: `Agente ${n}`,
        role: "agent",
        password,
      });
      await cast.platform.db("agents").where({ id }).update({ availability: "online" });
    }
    await burst(100);
    const given = await four();
    expect(given.reduce((a, b) => a + b)).to.equal(50);
    for (const { n } of await loads()) expect(n).to.equal(5);
    const left = await row<{ wrong: boolean }>(
      cast.platform.db,
      `select max(waiting_since) filter (where assignee_id is not null) > min(waiting_since) filter (where assignee_id is null) as wrong from conversations`,
    );
    expect(left?.wrong).to.equal(false);
    // Whoever answers has room for the next, which waited longest.
    const first = await row<{ id: number }>(
      cast.platform.db,
      "select id from conversations where assignee_id is null order by waiting_since limit 1",
    );
    const mine = await row<{ id: number }>(
      cast.platform.db,
      "select id from conversations where assignee_id = ? limit 1",
      [cast.ids.ana],
    );
    await reply(cast.ana, mine?.id ?? 0, { text: "Hola" });
    await four();
    expect(await assignee(first?.id ?? 0)).to.equal(cast.ids.ana);
  });

  it("never passes a cap, though four processes give and agents take by hand", async () => {
    await burst(60);
    const queue = await rows<{ id: number }>(
      cast.platform.db,
      "select id from conversations order by id desc limit 6",
    );
    await Promise.all([
      four(),
      ...queue.map(({ id }) => assign(cast.ana, id, { agentId: cast.ids.ana }).catch(() => null)),
    ]);
    await four();
    const handed = await rows<{ assignee_id: number; before: number }>(
      cast.platform.db,
      "select assignee_id, count(*)::int as before from assignments where reason = 'automatic' group by assignee_id",
    );
    for (const { before } of handed) expect(before).to.be.at.most(5);
    const twice = await row(
      cast.platform.db,
      "select 1 from assignments where reason = 'automatic' group by conversation_id having count(*) > 1",
    );
    expect(twice).to.equal(null);
  });

  it("gives nothing to who is away, has a cap of zero, is of another team or cannot do it", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    await db("agents").where({ id: cast.ids.ana }).update({ max_open: 0 });
    await db("agents").where({ id: cast.ids.bruno }).update({ availability: "away" });
    expect(await distribute(cast.system)).to.equal(0);
    await db("agents").where({ id: cast.ids.bruno }).update({ availability: "online" });
    await db("conversations").update({ skill: "ingles" });
    expect(await distribute(cast.system)).to.equal(0);
    await db("agent_skills").insert({ agent_id: cast.ids.bruno, skill: "ingles" });
    const ventas = await db("teams").where({ name: "Ventas" }).first("id");
    await db("conversations").update({ team_id: ventas?.id });
    expect(await distribute(cast.system)).to.equal(0);
    await db("team_members").insert({ team_id: ventas?.id, agent_id: cast.ids.bruno });
    expect(await distribute(cast.system)).to.equal(1);
    expect(await assignee(conversationId)).to.equal(cast.ids.bruno);
  });

  it("gives a contact to who had them last, if they are there and have room", async () => {
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.bruno });
    await resolve(cast.bruno, conversationId);
    await cast.platform.db("firm").update({ reopen_seconds: 0 });
    await pass(cast, 60);
    const again = await write(cast, { message: "Otra vez yo" });
    expect(again.conversationId).not.to.equal(conversationId);
    await distribute(cast.system);
    expect(await assignee(again.conversationId)).to.equal(cast.ids.bruno);
  });

  it("leaves to the pilot its share, the same contacts every time", async () => {
    await cast.platform.db("firm").update({ pilot_percent: 0 });
    await burst(20);
    expect(await distribute(cast.system)).to.equal(0);
    await cast.platform.db("firm").update({ pilot_percent: 100 });
    expect(await distribute(cast.system)).to.equal(10);
  });

  it("leaves a team that gives by hand alone", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    const team = await db("teams").where({ name: "Ventas" }).first("id");
    await db("teams").update({ strategy: "manual" });
    await assign(cast.carmen, conversationId, { teamId: team?.id });
    expect(await distribute(cast.system)).to.equal(0);
    await db("teams").update({ strategy: "round_robin" });
    expect(await distribute(cast.system)).to.equal(1);
  });

  it("takes from who is absent what waits with them, after the time the firm allows", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    await db("agents")
      .where({ id: cast.ids.ana })
      .update({ availability: "away", availability_changed_at: db.fn.now() });
    expect(await releaseAbsent(cast.system)).to.equal(0);
    await pass(cast, 10);
    expect(await releaseAbsent(cast.system)).to.equal(1);
    await distribute(cast.system);
    expect(await assignee(conversationId)).to.equal(cast.ids.bruno);
  });

  it("gives what reopens to the queue when its agent is absent", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    await resolve(cast.ana, conversationId);
    await db("agents").where({ id: cast.ids.ana }).update({ availability: "away" });
    cast.clock.advance(1);
    await write(cast, { message: "No quedó" });
    expect(await assignee(conversationId)).to.equal(null);
  });
});
