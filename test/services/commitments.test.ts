import { expect } from "chai";
import { promise, settleCommitment } from "../../src/services/commitments/commitments.ts";
import { getStory } from "../../src/services/story/story.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("commitments", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
  });
  after(() => cast.close());

  const failure = (work: Promise<unknown>) =>
    work.then(
      () => "taken",
      (error: Error) => error.name,
    );

  it("stand over the customer until they are kept, the nearest due first", async () => {
    const { conversationId, contactId } = await write(cast);
    await promise(cast.ana, conversationId, { text: "Llamar al taller", dueOn: null });
    const late = await promise(cast.bruno, conversationId, {
      text: " Enviar propuesta ",
      dueOn: "2026-12-01",
    });
    await promise(cast.ana, conversationId, { text: "Mandar muestra", dueOn: "2026-11-25" });
    const open = async () => (await getStory(cast.carmen, contactId)).commitments;
    expect((await open()).map(({ text, dueOn, promisedBy }) => [text, dueOn, promisedBy])).to.deep.equal([
      ["Mandar muestra", "2026-11-25", "Ana Torres"],
      ["Enviar propuesta", "2026-12-01", "Bruno Vega"],
      ["Llamar al taller", null, "Ana Torres"],
    ]);
    await settleCommitment(cast.carmen, late, true);
    await settleCommitment(cast.ana, late, true);
    expect((await open()).map(({ text, isDone }) => [text, isDone])).to.deep.equal([
      ["Mandar muestra", false],
      ["Llamar al taller", false],
      ["Enviar propuesta", true],
    ]);
    cast.clock.advance(11);
    expect(
      (await getStory({ ...cast.carmen, now: () => cast.clock.now }, contactId)).commitments,
    ).to.have.length(2);
    const kept = await cast.platform.db("commitments").where({ id: late }).first("done_by_id");
    expect(kept.done_by_id).to.equal(cast.ids.carmen);
    await settleCommitment(cast.ana, late, false);
    expect(await open()).to.have.length(3);
  });

  it("need words, and a day that exists", async () => {
    const { conversationId } = await write(cast);
    for (const [text, dueOn] of [
      ["", null],
      ["x".repeat(301), null],
      ["x", "2026-02-30"],
      ["x", "mañana"],
      ["x", "9999-01-01"],
    ] as const)
      expect(await failure(promise(cast.ana, conversationId, { text, dueOn })), `${dueOn}`).to.equal(
        "Invalid",
      );
    expect(await failure(settleCommitment(cast.ana, 999_999, true))).to.equal("NotFound");
  });

  it("of an isolated inbox are its team's alone", async () => {
    const from = "5215544443333";
    await connectIsolated(cast);
    await deliver(cast, delivery(messageValue({ from, message: "reservado" }), "messages", "PN9"));
    const { conversation_id, contact_id } = await cast.platform
      .db("messages")
      .where({ text: "reservado" })
      .first();
    await write(cast, { from, message: "público" });
    const id = await promise(cast.ana, conversation_id, { text: "Algo reservado", dueOn: null });
    expect((await getStory(cast.bruno, contact_id)).commitments).to.deep.equal([]);
    expect((await getStory(cast.ana, contact_id)).commitments).to.have.length(1);
    expect(await failure(settleCommitment(cast.bruno, id, true))).to.equal("NotFound");
  });
});
