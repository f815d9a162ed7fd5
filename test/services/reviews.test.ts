import { expect } from "chai";
import { reply } from "../../src/services/conversations/reply.ts";
import { resolve } from "../../src/services/conversations/status.ts";
import { row } from "../../src/services/platform/database.ts";
import { Conflict, Forbidden, Invalid, NotFound } from "../../src/services/platform/errors.ts";
import { eraseContact } from "../../src/services/privacy/erase-contact.ts";
import { keepFacts } from "../../src/services/reports/keep-facts.ts";
import { addCriterion, archiveCriterion, listCriteria } from "../../src/services/reviews/criteria.ts";
import { measureQuality } from "../../src/services/reviews/quality.ts";
import {
  addReview,
  answerReview,
  finishReview,
  getReview,
  listOtherReviews,
  listReviews,
  noteCoached,
  pickReviews,
  scoreOf,
} from "../../src/services/reviews/reviews.ts";
import { readTranscript } from "../../src/services/reviews/transcript.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { rejected } from "../support/hilo.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("reviews of conversations", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  const served = async (n: number, by: "ana" | "carmen" = "ana") => {
    const one = await write(cast, { from: `52155000002${String(n).padStart(2, "0")}`, message: `Hola ${n}` });
    cast.clock.advance(1);
    await reply(cast[by], one.conversationId, { text: "Buenas" });
    await resolve(cast[by], one.conversationId);
    return one;
  };
  const week = { n: 20, days: 7, agentId: null };
  const slice = () => ({
    from: new Date(cast.clock.now.getTime() - 86_400_000),
    until: new Date(cast.clock.now.getTime() + 86_400_000),
    timeZone: "America/Mexico_City",
    teamId: null,
    agentId: null,
    inboxId: null,
    topicId: null,
  });

  it("are picked by chance or by what went wrong: never one's own, twice, or out of sight", async () => {
    for (let n = 0; n < 4; n += 1) await served(n);
    await served(5, "carmen");
    await connectIsolated(cast);
    await deliver(
      cast,
      delivery(messageValue({ from: "5215500000299", message: "Secreto" }), "messages", "PN9"),
    );
    await keepFacts(cast.system);
    expect(await pickReviews(cast.carmen, "low", week)).to.equal(0);
    expect(await pickReviews(cast.carmen, "random", { ...week, n: 3 })).to.equal(3);
    const both = await Promise.all([
      pickReviews(cast.carmen, "random", week),
      pickReviews(cast.carmen, "random", week),
    ]);
    expect(both[0] + both[1]).to.equal(1);
    const waiting = await listReviews(cast.carmen, "waiting");
    expect(waiting).to.have.length(4);
    expect(new Set(waiting.map(({ agentName }) => agentName))).to.deep.equal(new Set(["Ana Torres"]));
    expect(await pickReviews(cast.diego, "random", { ...week, agentId: cast.ids.carmen })).to.equal(1);
    expect(
      await rejected(Promise.resolve().then(() => pickReviews(cast.ana, "random", week))),
    ).to.be.instanceOf(Forbidden);
  });

  it("are scored by the firm's form, answered once by whom they are about, and talked over", async () => {
    const one = await served(1);
    await keepFacts(cast.system);
    const id = await addReview(cast.carmen, one.conversationId);
    expect(await addReview(cast.carmen, one.conversationId)).to.equal(id);
    expect(await rejected(getReview(cast.ana, id)), "before it is finished").to.be.instanceOf(NotFound);
    const criteria = await listCriteria(cast.carmen);
    const [first, second] = criteria;
    const rest = Object.fromEntries(criteria.slice(2).map((one) => [one.id, null]));
    expect(
      await rejected(
        finishReview(cast.carmen, id, { scores: { [first?.id ?? 0]: 5 }, comment: "", needsCoaching: false }),
      ),
      "a question without an answer",
    ).to.be.instanceOf(Invalid);
    expect(
      await rejected(
        finishReview(cast.carmen, id, {
          scores: { ...rest, [first?.id ?? 0]: 6, [second?.id ?? 0]: 1 },
          comment: "",
          needsCoaching: false,
        }),
      ),
    ).to.be.instanceOf(Invalid);
    await finishReview(cast.carmen, id, {
      scores: { ...rest, [first?.id ?? 0]: 5, [second?.id ?? 0]: 3, 999999: 1 },
      comment: "Bien, pero despacio",
      needsCoaching: true,
    });
    const seen = await getReview(cast.ana, id);
    // (1 × 4/4 + 2 × 2/4) of 3.
    expect(seen).to.include({
      score: 66.67,
      comment: "Bien, pero despacio",
      agentName: "Ana Torres",
      needsCoaching: true,
    });
    expect(await rejected(getReview(cast.bruno, id))).to.be.instanceOf(NotFound);
    expect(await listReviews(cast.ana, "about_me")).to.have.length(1);
    expect(
      await rejected(
        finishReview(cast.diego, id, {
          scores: { ...rest, [first?.id ?? 0]: 1, [second?.id ?? 0]: 1 },
          comment: "",
          needsCoaching: false,
        }),
      ),
    ).to.be.instanceOf(Conflict);
    expect(await rejected(answerReview(cast.carmen, id, "No soy yo"))).to.be.instanceOf(NotFound);
    const answers = await Promise.allSettled([
      answerReview(cast.ana, id, "Gracias"),
      answerReview(cast.ana, id, "Gracias"),
    ]);
    expect(answers.filter(({ status }) => status === "fulfilled")).to.have.length(1);
    expect(
      await rejected(
        finishReview(cast.carmen, id, {
          scores: { ...rest, [first?.id ?? 0]: 1, [second?.id ?? 0]: 1 },
          comment: "Otra cosa",
          needsCoaching: false,
        }),
      ),
    ).to.be.instanceOf(Conflict);
    expect(await listReviews(cast.carmen, "coaching")).to.have.length(1);
    await noteCoached(cast.carmen, id);
    expect(await listReviews(cast.carmen, "coaching")).to.be.empty;
    const { lines } = await readTranscript(cast.carmen, one.conversationId);
    expect(lines.filter(({ kind }) => kind !== "act").map(({ kind }) => kind)).to.deep.equal([
      "contact",
      "agent",
    ]);
    expect(lines.at(-1)).to.include({ kind: "act", text: "conversation.resolved" });
  });

  it("show how far reviewers are apart, how it goes, and what is weakest; old scores stay when the form changes", async () => {
    const [one, two] = [await served(1), await served(2)];
    await keepFacts(cast.system);
    const [first, second, ...others] = await listCriteria(cast.carmen);
    const rest = Object.fromEntries(others.map((one) => [one.id, null]));
    const score = async (who: "carmen" | "diego", conversationId: number, a: number, b: number) => {
      const id = await addReview(cast[who], conversationId);
      await finishReview(cast[who], id, {
        scores: { ...rest, [first?.id ?? 0]: a, [second?.id ?? 0]: b },
        comment: "",
        needsCoaching: false,
      });
      return id;
    };
    const mine = await score("carmen", one.conversationId, 5, 5);
    await score("diego", one.conversationId, 3, 3);
    await score("carmen", two.conversationId, 1, 3);
    expect(await listOtherReviews(cast.carmen, await getReview(cast.carmen, mine))).to.have.length(1);
    // Nobody who has yet to score is told what a colleague found, and nobody scores themselves.
    const last = await served(3);
    await keepFacts(cast.system);
    const blind = await addReview(cast.diego, last.conversationId);
    const seen = await score("carmen", last.conversationId, 1, 1);
    expect(await getReview(cast.diego, seen)).to.include({ score: null, comment: "" });
    expect((await listReviews(cast.diego, "done")).find(({ id }) => id === seen)?.score).to.equal(null);
    await cast.platform.db("reviews").where({ id: seen }).delete();
    await cast.platform.db("reviews").where({ id: blind }).delete();
    const own = await served(4, "carmen");
    await keepFacts(cast.system);
    expect(await rejected(addReview(cast.carmen, own.conversationId))).to.be.instanceOf(Conflict);
    const quality = await measureQuality(cast.carmen, slice());
    expect(quality.reviewers.map(({ name, apart }) => [name, apart])).to.deep.equal([
      ["Carmen Ruiz", 50],
      ["Diego Salas", -50],
    ]);
    expect(quality.agents).to.have.length(1);
    expect(quality.criteria[0]?.name).to.equal(first?.question);
    expect(quality.weeks[0]).to.include({ reviews: 3 });
    await archiveCriterion(cast.carmen, first?.id ?? 0);
    const added = await addCriterion(cast.carmen, "¿Ofreció algo más?", 5);
    expect((await listCriteria(cast.ana)).map(({ id }) => id))
      .to.include(added)
      .and.not.to.include(first?.id);
    expect((await getReview(cast.carmen, mine)).score).to.equal(100);
    expect((await measureQuality(cast.carmen, { ...slice(), until: slice().from })).weeks).to.deep.equal([]);
    expect(scoreOf([], {})).to.equal(null);
    await eraseContact(cast.diego, one.contactId);
    const kept = await row<{ comment: string }>(
      cast.platform.db,
      "select comment from reviews where id = ?",
      [mine],
    );
    expect(kept?.comment).to.equal("");
  });
});
