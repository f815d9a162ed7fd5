import { expect } from "chai";
import { wrapUp } from "../../../src/services/commitments/wrap-up.ts";
import { assign } from "../../../src/services/conversations/assign.ts";
import { classify } from "../../../src/services/conversations/classify.ts";
import { addNote } from "../../../src/services/conversations/note.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { reopen, resolve, setPending, snooze } from "../../../src/services/conversations/status.ts";
import { tagConversation } from "../../../src/services/conversations/tags.ts";
import { json, rows } from "../../../src/services/platform/database.ts";
import { listPolicies, savePolicy } from "../../../src/services/sla/save-policy.ts";
import { sweepClocks } from "../../../src/services/sla/sweep-clocks.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { write } from "../../support/meta.ts";
import { closeNow, openAlways, pass } from "../../support/time.ts";

interface ClockRow {
  target: string;
  started_at: Date;
  resumed_at: Date | null;
  due_at: Date | null;
  met_at: Date | null;
  ended_at: Date | null;
  breached_at: Date | null;
  alert_at: Date | null;
  reassign_at: Date | null;
  flag_at: Date | null;
  target_seconds: number | null;
  counted_seconds: number;
  policy: string;
}

describe("SLA clocks", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
    await openAlways(cast);
  });
  afterEach(() => cast.close());

  const clocks = (conversationId: number) =>
    rows<ClockRow>(
      cast.platform.db,
      `select k.*, s.name as policy from sla_clocks k join sla_policies s on s.id = k.policy_id where conversation_id = ? order by k.id`,
      [conversationId],
    );
  const one = async (conversationId: number) => {
    const found = await clocks(conversationId);
    expect(found).to.have.length(1);
    return found[0] as ClockRow;
  };
  const secondsBetween = (a: Date | null, b: Date | null) =>
    ((b?.getTime() ?? 0) - (a?.getTime() ?? 0)) / 1000;

  it("start with the first message, go on with the next, and stop with the answer", async () => {
    const { conversationId } = await write(cast);
    const first = await one(conversationId);
    expect(first.target).to.equal("first_response");
    expect(secondsBetween(first.started_at, first.due_at)).to.equal(300);
    expect(secondsBetween(first.started_at, first.alert_at)).to.equal(600);
    expect(secondsBetween(first.started_at, first.flag_at)).to.equal(86_400);
    expect(first.reassign_at).to.equal(null);

    await write(cast, { message: "¿Hola?" });
    expect((await one(conversationId)).due_at).to.deep.equal(first.due_at);

    await reply(cast.ana, conversationId, { text: "Buenas" });
    const answered = await one(conversationId);
    expect(answered.met_at).to.be.instanceOf(Date);
    expect(answered.breached_at).to.equal(null);
    expect(answered.alert_at).to.equal(null);

    cast.clock.advance(1);
    await write(cast, { message: "Otra cosa" });
    const [, next] = await clocks(conversationId);
    expect(next?.target).to.equal("next_response");
    // It has somebody now, so it can be taken away.
    expect(secondsBetween(next?.started_at ?? null, next?.reassign_at ?? null)).to.equal(1200);
  });

  it("say that an answer came late", async () => {
    const { conversationId } = await write(cast);
    await pass(cast, 7);
    await reply(cast.ana, conversationId, { text: "Perdón" });
    const late = await one(conversationId);
    expect(late.breached_at).to.deep.equal(late.due_at);
    expect(late.met_at).to.be.instanceOf(Date);
  });

  it("pause while pending or snoozed, and go on with what is left", async () => {
    const { conversationId } = await write(cast);
    await pass(cast, 2);
    await setPending(cast.ana, conversationId);
    const paused = await one(conversationId);
    expect(paused.due_at).to.equal(null);
    expect(paused.alert_at).to.equal(null);
    expect(paused.counted_seconds).to.be.within(119, 125);
    await pass(cast, 60);
    await reopen(cast.ana, conversationId);
    const resumed = await one(conversationId);
    expect(secondsBetween(resumed.resumed_at, resumed.due_at)).to.be.within(175, 181);
    await snooze(cast.ana, conversationId, new Date(cast.clock.now.getTime() + 3_600_000));
    expect((await one(conversationId)).due_at).to.equal(null);
  });

  it("end without being met when it is resolved without an answer", async () => {
    const { conversationId } = await write(cast);
    await resolve(cast.ana, conversationId);
    const ended = await one(conversationId);
    expect(ended.ended_at).to.be.instanceOf(Date);
    expect(ended.met_at).to.equal(null);
  });

  it("begin the ladder anew when somebody moves it, not the promise to the contact", async () => {
    const { conversationId } = await write(cast);
    const before = await one(conversationId);
    await pass(cast, 4);
    await wrapUp(cast.ana, conversationId, { text: "Pregunté en bodega" });
    const noted = await one(conversationId);
    expect(secondsBetween(before.alert_at, noted.alert_at)).to.be.within(-1, 5);
    expect(secondsBetween(noted.started_at, noted.due_at)).to.equal(300);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    expect((await one(conversationId)).reassign_at).to.be.instanceOf(Date);
  });

  it("promise something else outside the hours", async () => {
    await closeNow(cast);
    const { conversationId } = await write(cast);
    const clock = await one(conversationId);
    expect(secondsBetween(clock.started_at, clock.due_at)).to.equal(1800);
    // Nobody is alerted at night: the ladder counts from the next opening.
    expect(secondsBetween(clock.started_at, clock.alert_at)).to.be.greaterThan(86_400);
  });

  it("take the policy that holds, also when it changes on the way, and keep what has counted", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    await tagConversation(cast.ana, conversationId, "vip");
    const tag = await db("tags").where({ name: "vip" }).first("id");
    await db("sla_policies").insert({
      name: "VIP",
      position: 1,
      conditions: json({ tagIds: [tag?.id] }),
      targets: json({
        first_response: { inside: 60, outside: null },
        next_response: null,
        movement: null,
        reassignment: null,
        resolution: { inside: 7200, outside: null },
      }),
    });
    expect((await one(conversationId)).policy).to.equal("General");
    await addNote(cast.ana, conversationId, { text: "Es VIP" });
    const [response, resolution] = await clocks(conversationId);
    expect(response?.policy).to.equal("VIP");
    expect(secondsBetween(response?.started_at ?? null, response?.due_at ?? null)).to.equal(60);
    expect(response?.alert_at).to.equal(null);
    expect(resolution?.target).to.equal("resolution");
    await resolve(cast.ana, conversationId);
    expect((await clocks(conversationId))[1]?.met_at).to.be.instanceOf(Date);
  });

  it("count anew when what is open changes, and when somebody asks for the new targets", async () => {
    const { conversationId } = await write(cast);
    const before = await one(conversationId);
    await closeNow(cast);
    await cast.platform.db("business_hours").increment("version", 1);
    expect(await sweepClocks(cast.system)).to.equal(1);
    const counted = await one(conversationId);
    // It began while it is closed by what holds now: half an hour.
    expect(secondsBetween(before.due_at, counted.due_at)).to.equal(1500);
    expect(await sweepClocks(cast.system)).to.equal(0);
    const [general] = await listPolicies(cast.diego).then((all) => all.filter(({ isDefault }) => isDefault));
    if (!general) throw new Error("no policy");
    const targets = { ...general.targets, first_response: { inside: 60, outside: 120 } };
    await savePolicy(cast.diego, general.id, { ...general, targets }, { recounted: false });
    expect((await one(conversationId)).due_at).to.deep.equal(counted.due_at);
    await savePolicy(cast.diego, general.id, { ...general, targets }, { recounted: true });
    expect(secondsBetween(before.started_at, (await one(conversationId)).due_at)).to.equal(120);
  });

  it("are found by the sweep where something forgot to keep them", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    await db.raw("delete from sla_clocks");
    expect(await sweepClocks(cast.system)).to.equal(1);
    expect((await one(conversationId)).due_at).to.be.instanceOf(Date);
    await db("conversations").where({ id: conversationId }).update({ waiting_since: null });
    await sweepClocks(cast.system);
    expect((await one(conversationId)).ended_at).to.be.instanceOf(Date);
    expect(await sweepClocks(cast.system)).to.equal(0);
  });

  it("raise the flag also after a pause, and take the ladder of another policy", async () => {
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    await setPending(cast.ana, conversationId);
    await reopen(cast.ana, conversationId);
    const resumed = await one(conversationId);
    expect(secondsBetween(resumed.started_at, resumed.flag_at)).to.equal(86_400);
    expect(secondsBetween(resumed.alert_at, resumed.reassign_at)).to.equal(600);
    await classify(cast.ana, conversationId, { priority: "urgent" });
    const urgent = await one(conversationId);
    expect(urgent.policy).to.equal("Urgente");
    // Five and ten minutes in place of ten and twenty, from the same moment on.
    expect(secondsBetween(urgent.alert_at, resumed.alert_at)).to.equal(300);
    expect(secondsBetween(urgent.reassign_at, resumed.reassign_at)).to.equal(600);
  });
});
