import { expect } from "chai";
import { openCase } from "../../../src/services/cases/open-case.ts";
import { assign } from "../../../src/services/conversations/assign.ts";
import { classify } from "../../../src/services/conversations/classify.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { reopen, resolve } from "../../../src/services/conversations/status.ts";
import { mergeContacts } from "../../../src/services/merges/merge.ts";
import { undoMerge } from "../../../src/services/merges/undo.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { eraseContact } from "../../../src/services/privacy/erase-contact.ts";
import { keepFacts, markAll } from "../../../src/services/reports/keep-facts.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { write } from "../../support/meta.ts";
import { invent } from "./invent.ts";
import { measureSlowly } from "./oracle.ts";
import { oracleWords as words } from "./oracle-words.ts";

describe("facts of conversations", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  /** What is kept, in the oracle's words. */
  const kept = async () => {
    const facts = await rows<Record<string, unknown> & { id: number }>(
      cast.platform.db,
      `select conversation_id as id, contact_id as contact, topic_id as topic, outcome, isolated_inbox_id as isolated,
         floor(extract(epoch from opened_at) * 1000)::float8 as opened, floor(extract(epoch from resolved_at) * 1000)::float8 as resolved,
         coalesce((select jsonb_agg(jsonb_build_array(floor(extract(epoch from asked_at) * 1000), floor(extract(epoch from answered_at) * 1000), agent_id, seconds, business_seconds) order by n)
           from response_facts r where r.conversation_id = f.conversation_id), '[]') as answers,
         first_response_seconds as first, first_response_business_seconds as "firstBusiness", first_agent_id as "firstAgent", resolved_by_id as "resolvedBy", agent_ids as agents,
         answered_by as by, inbound, outbound, automatic, questions, transfers, reopenings, handling_seconds as handling,
         resolution_seconds as resolution, resolution_business_seconds as "resolutionBusiness", first_sla as "firstSla",
         resolution_sla as "resolutionSla", next_missed as "nextMissed", next_met as "nextMet", next_responses as later, next_business_seconds as "laterBusiness",
         agent_next as "agentLater", agent_next_seconds as "agentLaterBusiness", agent_next_met as "agentNextMet", agent_next_missed as "agentNextMissed", csat, nps, confirmed, said_again as said,
         asked, asked_again as again, abandoned, floor(extract(epoch from recontact_at) * 1000)::float8 as recontact, known_before as known
       from conversation_facts f order by 1`,
    );
    return new Map(facts.map(({ id, ...one }) => [id, one]));
  };
  const differences = async () => {
    const [slow, fast] = [await measureSlowly(cast.platform.db, words), await kept()];
    expect([...fast.keys()].sort((a, b) => a - b)).to.deep.equal([...slow.keys()].sort((a, b) => a - b));
    const found: string[] = [];
    for (const [id, one] of slow)
      for (const [name, value] of Object.entries(one)) {
        const other = fast.get(id)?.[name];
        if (JSON.stringify(value) !== JSON.stringify(other))
          found.push(
            `${id}.${name}: ${JSON.stringify(value)} measured slowly, ${JSON.stringify(other)} kept`,
          );
      }
    return found;
  };

  for (const [seed, zone] of [
    [1, "Europe/Madrid"],
    [2, "America/New_York"],
    [3, "America/Mexico_City"],
  ] as const)
    it(`are those of a slow count of raw messages, over clock changes and holidays: ${zone}`, async () => {
      await invent(cast, seed, zone);
      await markAll(cast.system);
      expect(await keepFacts(cast.system)).to.equal(await count("conversations"));
      expect(await differences()).to.deep.equal([]);
      // Measured again, nothing changes.
      await markAll(cast.system);
      await keepFacts(cast.system);
      expect(await differences()).to.deep.equal([]);
      const seen = await row<Record<string, number>>(
        cast.platform.db,
        `select count(*) filter (where abandoned = 'frustration')::int as frustration, count(*) filter (where abandoned = 'saturation')::int as saturation,
           count(recontact_at)::int as recontact, count(*) filter (where said_again)::int as said, count(*) filter (where asked_again <> '{}')::int as again,
           count(*) filter (where known_before <> '{}')::int as known, count(*) filter (where reopenings > 0)::int as reopened,
           count(*) filter (where first_sla = 'missed')::int as missed, count(*) filter (where 0 < any(agent_next))::int as later,
           count(*) filter (where 0 < any(agent_next_met))::int as "nextMet", count(*) filter (where 0 < any(agent_next_missed))::int as "nextMissed", count(csat)::int as csat,
           count(*) filter (where first_response_business_seconds < first_response_seconds)::int as closed from conversation_facts`,
      );
      for (const [name, n] of Object.entries(seen ?? {})) expect(n, name).to.be.greaterThan(0);
    });

  const count = async (table: string) =>
    (await row<{ n: number }>(cast.platform.db, `select count(*)::int as n from ${table}`))?.n;

  it("follow what people do, whatever they do, without being asked", async () => {
    const { clock } = cast;
    // The provider's times are whole seconds.
    clock.now = new Date(Math.floor(clock.now.getTime() / 1000) * 1000);
    const first = await write(cast, { message: "Hola, ¿tienen mesas?", at: clock.now });
    await keepFacts(cast.system);
    expect(await count("fact_marks")).to.equal(0);
    clock.advance(3);
    await reply(cast.ana, first.conversationId, { text: "Sí. ¿Me dice su nombre?" });
    clock.advance(1);
    await write(cast, { message: "Lucía", at: clock.now });
    await assign(cast.carmen, first.conversationId, { agentId: cast.ids.ana });
    await assign(cast.carmen, first.conversationId, { agentId: cast.ids.bruno });
    clock.advance(5);
    await reply(cast.bruno, first.conversationId, { text: "¿A nombre de quién?" });
    await classify(cast.bruno, first.conversationId, { topicId: await topic("Garantía") });
    await openCase(cast.bruno, first.conversationId, {
      title: "Mesa",
      topicId: null,
      clientToken: crypto.randomUUID(),
    });
    clock.advance(5);
    await resolve(cast.bruno, first.conversationId);
    await keepFacts(cast.system);
    expect(await differences()).to.deep.equal([]);
    expect(await fact(first.conversationId)).to.include({
      first_response_seconds: 180,
      responses: 2,
      transfers: 1,
      questions: 2,
      status: "resolved",
    });
    expect((await fact(first.conversationId)).asked_again).to.deep.equal(["name"]);
    expect((await fact(first.conversationId)).case_id).to.be.a("number");
    clock.advance(10);
    await reopen(cast.bruno, first.conversationId);
    await keepFacts(cast.system);
    expect(await fact(first.conversationId)).to.include({ reopenings: 1, status: "open", resolved_at: null });
    await resolve(cast.bruno, first.conversationId);
    await write(cast, { message: "Ya les dije que no llegó", at: clock.now });
    await keepFacts(cast.system);
    expect(await fact(first.conversationId)).to.include({ reopenings: 2, said_again: true });
    expect(await differences()).to.deep.equal([]);
  });

  it("go with people who turn out to be one, and come back when they are not", async () => {
    const { clock } = cast;
    const lucia = await write(cast, { message: "Hola", at: clock.now });
    const other = await write(cast, {
      from: "5215500000001",
      name: "Otra",
      message: "Hola también",
      at: clock.now,
    });
    clock.advance(2);
    await reply(cast.ana, lucia.conversationId, { text: "Buenas" });
    await reply(cast.ana, other.conversationId, { text: "Buenas" });
    await keepFacts(cast.system);
    const before = await kept();
    const merge = await mergeContacts(cast.carmen, lucia.contactId, other.contactId);
    await keepFacts(cast.system);
    expect(await differences()).to.deep.equal([]);
    expect(await count("conversation_facts")).to.equal(1);
    await undoMerge(cast.carmen, lucia.contactId, merge.id);
    await keepFacts(cast.system);
    expect(await differences()).to.deep.equal([]);
    expect([...(await kept())]).to.deep.equal([...before]);
  });

  it("are kept of answers in one second, and one conversation that cannot be measured holds up no other", async () => {
    const odd = await write(cast, { message: "Hola", at: cast.clock.now });
    const good = await write(cast, { from: "5215500000002", message: "Hola", at: cast.clock.now });
    const { db } = cast.platform;
    const at = new Date("2026-05-05T15:00:00Z");
    for (const author of ["contact", "phone", "contact", "phone", "contact"])
      await db("messages").insert({
        conversation_id: odd.conversationId,
        contact_id: odd.contactId,
        inbox_id: cast.inbox.id,
        direction: author === "contact" ? "inbound" : "outbound",
        kind: "text",
        author_kind: author,
        delivery: author === "contact" ? null : "read",
        sent_at: at,
      });
    await markAll(cast.system);
    await keepFacts(cast.system);
    expect(await differences()).to.deep.equal([]);
    expect(await count("response_facts")).to.equal(2);
    await db.raw(
      `alter table conversation_facts add constraint odd check (conversation_id <> ${odd.conversationId} or inbound < 4) not valid`,
    );
    await write(cast, { message: "Otra vez", at: cast.clock.now });
    await reply(cast.ana, good.conversationId, { text: "Buenas" });
    await keepFacts(cast.system);
    expect((await fact(odd.conversationId)).inbound).to.equal(4);
    expect((await fact(good.conversationId)).outbound).to.equal(1);
    expect(await count("fact_marks")).to.equal(0);
  });

  it("stay what they were when a person is erased, and are none of what the firm's phone did before Hilo", async () => {
    const { clock } = cast;
    const { db } = cast.platform;
    clock.now = new Date(Math.floor(clock.now.getTime() / 1000) * 1000);
    const one = await write(cast, { message: "Hola", at: clock.now });
    clock.advance(2);
    await reply(cast.ana, one.conversationId, { text: "¿Su nombre?" });
    clock.advance(1);
    await write(cast, { message: "gracias", at: clock.now });
    clock.advance(180);
    await resolve(cast.ana, one.conversationId);
    await db.raw("update messages set delivery = 'read' where direction = 'outbound'");
    await keepFacts(cast.system);
    const before = await fact(one.conversationId);
    expect(before).to.include({ abandoned: null, questions: 1, first_response_seconds: 120 });
    await eraseContact(cast.diego, one.contactId);
    await keepFacts(cast.system);
    await markAll(cast.system);
    await keepFacts(cast.system);
    const after = await fact(one.conversationId);
    for (const name of ["abandoned", "questions", "inbound", "asked", "first_response_seconds", "csat"])
      expect(after[name], name).to.deep.equal(before[name]);
    const past = await write(cast, { from: "5215500000077", message: "Hace un año", at: clock.now });
    await db.raw(`update messages set content = '{"history": true}' where conversation_id = ?`, [
      past.conversationId,
    ]);
    await markAll(cast.system);
    await keepFacts(cast.system);
    expect(await count("conversation_facts")).to.equal(1);
  });

  it("lose nothing when two processes measure while people write", async () => {
    await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const one = await write(cast, {
          from: `52155000001${String(n).padStart(2, "0")}`,
          message: "Hola",
          at: cast.clock.now,
        });
        await Promise.all([
          keepFacts(cast.system),
          reply(cast.ana, one.conversationId, { text: "Buenas" }),
          keepFacts(cast.system),
        ]);
      }),
    );
    await keepFacts(cast.system);
    expect(await differences()).to.deep.equal([]);
    expect(await count("response_facts")).to.equal(12);
  });

  const topic = async (name: string) =>
    (await row<{ id: number }>(cast.platform.db, "insert into topics (name) values (?) returning id", [name]))
      ?.id ?? 0;
  const fact = async (id: number) => {
    const found = await row<Record<string, unknown>>(
      cast.platform.db,
      "select * from conversation_facts where conversation_id = ?",
      [id],
    );
    if (!found) throw new Error("no facts");
    return found;
  };
});
