import { expect } from "chai";
import { assign } from "../../../src/services/conversations/assign.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import { swap } from "../../../src/services/conversations/swap.ts";
import { json, row, rows } from "../../../src/services/platform/database.ts";
import { Conflict, type Invalid } from "../../../src/services/platform/errors.ts";
import { distribute } from "../../../src/services/routing/distribute.ts";
import { listRules, moveRule, saveRule } from "../../../src/services/routing/save-rule.ts";
import { getWork, saveWork } from "../../../src/services/routing/save-work.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../../support/meta.ts";
import { openAlways, pass } from "../../support/time.ts";

describe("giving out by rules, in crowds and by exchange", () => {
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
  const _loads = () =>
    rows<{ name: string; n: number }>(
      cast.platform.db,
      `select a.name, count(c.id)::int as n from agents a left join conversations c on c.assignee_id = a.id and c.waiting_since is not null
       where a.receives group by a.id order by a.id`,
    );

  it("lets a rule say whose a message is, and serves first who matters most", async () => {
    const { db } = cast.platform;
    const soporte = await db("teams").where({ name: "Soporte" }).first("id");
    await db("assignment_rules").insert([
      {
        name: "Reembolsos",
        position: 1,
        conditions: json({ keywords: ["Reembolso"] }),
        actions: json({ teamId: soporte?.id, priority: "high" }),
      },
      {
        name: "Nunca",
        position: 2,
        conditions: json({ keywords: ["reembolsado"] }),
        actions: json({ priority: "low" }),
      },
    ]);
    await db("agents").update({ availability: "offline" });
    await burst(3);
    const { conversationId } = await write(cast, { message: "Quiero mi REEMBOLSO, por favor" });
    await db("agents").where({ id: cast.ids.bruno }).update({ availability: "online", max_waiting: 1 });
    expect(await distribute(cast.system)).to.equal(1);
    expect(await assignee(conversationId)).to.equal(cast.ids.bruno);
    const policy = await row<{ name: string }>(
      db,
      "select s.name from sla_clocks k join sla_policies s on s.id = k.policy_id where conversation_id = ?",
      [conversationId],
    );
    expect(policy?.name).to.equal("Prioridad alta");
  });

  it("puts first who writes often, and says so with a tag", async () => {
    const { db } = cast.platform;
    await db("firm").update({ reopen_seconds: 0 });
    let last = 0;
    for (let n = 0; n < 4; n += 1) {
      const { conversationId } = await write(cast, { message: `vez ${n}` });
      last = conversationId;
      await resolve(cast.ana, conversationId);
      await pass(cast, 60);
    }
    const fourth = await row<{ priority: string; tags: string[] }>(
      db,
      "select priority, (select array_agg(name) from tags t join conversation_tags ct on ct.tag_id = t.id where ct.conversation_id = c.id) as tags from conversations c where id = ?",
      [last],
    );
    expect(fourth).to.deep.equal({ priority: "high", tags: ["prioridad"] });
  });

  it("knows a skill and a language however they are written", async () => {
    const { db } = cast.platform;
    const conditions = { keywords: [], languages: ["es"] };
    await saveRule(cast.diego, null, { name: "Inglés", conditions, actions: { skill: "Inglés" } });
    const work = await getWork(cast.diego, cast.ids.bruno);
    await saveWork(cast.diego, cast.ids.bruno, { ...work, skills: [" INGLES "] });
    const { conversationId, contactId } = await write(cast);
    await db("contacts").where({ id: contactId }).update({ language: "español" });
    await db("conversations").update({ rule_id: null, skill: null });
    cast.clock.advance(1);
    await write(cast, { message: "¿Hola?" });
    expect(await distribute(cast.system)).to.equal(1);
    expect(await assignee(conversationId)).to.equal(cast.ids.bruno);
  });

  it("gives 1,000 once each to 100 agents, four processes at once, and never passes a cap while people take too", async function () {
    this.timeout(0);
    const { db } = cast.platform;
    await db.raw(
      `insert into agents (email, name, role_id, availability, receives, max_waiting, max_open)
       select 'many' || n || '@firm.test', 'M' || n, (select id from roles where name = 'agent'), 'online', true, 10, 10 from generate_series(1, 100) n`,
    );
    await db("agents").whereIn("id", [cast.ids.ana, cast.ids.bruno]).update({ receives: false });
    await db.raw(
      `with people as (insert into contacts (name, first_seen_at) select 'c' || n, now() from generate_series(1, 1050) n returning id)
       insert into conversations (contact_id, status, opened_at, last_activity_at, waiting_since)
       select id, 'open', now(), now(), date_trunc('milliseconds', now()) from people`,
    );
    const many = await rows<{ id: number }>(
      db,
      "select id from agents where email like 'many%' order by id limit 20",
    );
    const taken = await rows<{ id: number }>(db, "select id from conversations order by id desc limit 20");
    const byHand = taken.map(({ id }, n) =>
      assign(cast.carmen, id, { agentId: many[n]?.id ?? 0, wasAgentId: null }).catch(() => null),
    );
    await Promise.all([four(), ...byHand]);
    await four();
    await four();
    const over = await rows<{ n: number; handed: number }>(
      db,
      `select count(*)::int as n, count(*) filter (where a.reason = 'automatic')::int as handed from assignments a
       where a.assignee_id is not null group by a.assignee_id having count(*) filter (where a.reason = 'automatic') > 10`,
    );
    expect(over).to.deep.equal([]);
    const twice = await row(
      db,
      "select 1 from assignments where reason = 'automatic' group by conversation_id having count(*) > 1",
    );
    expect(twice).to.equal(null);
    const full = await row<{ most: number; given: number }>(
      db,
      `select max(n)::int as most, sum(n)::int as given from (select count(*) as n from conversations where assignee_id is not null group by assignee_id) x`,
    );
    // Whoever took one by hand at the very moment counts: nobody was given an eleventh.
    expect(full?.most).to.be.at.most(11);
    expect(full?.given).to.be.within(1000, 1020);
  });

  it("lets two conversations change hands with each other, both or none", async () => {
    const one = await write(cast, { from: "5215511110001" });
    const other = await write(cast, { from: "5215511110002" });
    const refused = await swap(cast.carmen, one.conversationId, other.conversationId).catch(
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(Conflict);
    await assign(cast.carmen, one.conversationId, { agentId: cast.ids.ana });
    await assign(cast.carmen, other.conversationId, { agentId: cast.ids.bruno });
    await swap(cast.carmen, other.conversationId, one.conversationId);
    expect(await assignee(one.conversationId)).to.equal(cast.ids.bruno);
    expect(await assignee(other.conversationId)).to.equal(cast.ids.ana);
  });

  it("puts a new rule before what would take everything from it, and refuses one that nothing reaches", async () => {
    const actions = { priority: "high" as const };
    const wide = await saveRule(cast.diego, null, { name: "Todo", conditions: {}, actions });
    const narrow = await saveRule(cast.diego, null, {
      name: "Facturas",
      conditions: { keywords: ["factura"] },
      actions,
    });
    expect((await listRules(cast.diego)).map(({ id }) => id)).to.deep.equal([narrow, wide]);
    const refused = (work: Promise<unknown>) => work.catch((error: unknown) => (error as Invalid).fields);
    expect(
      await refused(saveRule(cast.diego, narrow, { name: "Facturas", conditions: {}, actions })),
    ).to.deep.equal({
      conditions: "rules.never_reached",
    });
    expect(await refused(moveRule(cast.diego, narrow, "down"))).to.deep.equal({
      conditions: "rules.never_reached",
    });
    expect((await listRules(cast.diego)).map(({ id }) => id)).to.deep.equal([narrow, wide]);
  });
});
