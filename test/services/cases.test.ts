import { expect } from "chai";
import { openCase } from "../../src/services/cases/open-case.ts";
import { getCase, listCases } from "../../src/services/cases/queries.ts";
import { describeCase, reopenCase, resolveCase } from "../../src/services/cases/status.ts";
import { addStep, setStep } from "../../src/services/cases/steps.ts";
import { archiveTopic, listTopics, saveTopic } from "../../src/services/cases/topics.ts";
import { rows } from "../../src/services/platform/database.ts";
import { getStory } from "../../src/services/story/story.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("cases", () => {
  let cast: Cast;
  let topicId: number;
  before(async () => {
    cast = await openCast();
    const steps = ["Fotos recibidas", "Reemplazo enviado", "Cliente confirma"];
    topicId = (await saveTopic(cast.diego, null, { name: "Producto defectuoso", steps })).id;
  });
  after(() => cast.close());

  it("open with the topic's name and steps, once for the same form", async () => {
    const { conversationId, contactId } = await write(cast);
    const wanted = { title: "", topicId, clientToken: "3b241101-e2bb-4255-8caf-4136c566a962" };
    const [first, again] = await Promise.all([
      openCase(cast.ana, conversationId, wanted),
      openCase(cast.ana, conversationId, wanted),
    ]);
    expect(again.id).to.equal(first.id);
    expect(first).to.deep.include({ title: "Producto defectuoso", status: "open", openedBy: "Ana Torres" });
    expect(first.steps.map(({ title }) => title)).to.deep.equal([
      "Fotos recibidas",
      "Reemplazo enviado",
      "Cliente confirma",
    ]);
    expect(await listCases(cast.bruno, contactId)).to.have.length(1);
  });

  it("say who ticked a step and when, and take the tick back", async () => {
    const { conversationId } = await write(cast);
    const { id, steps } = await openCase(cast.ana, conversationId, { title: "Otra cosa", topicId });
    const [step] = steps;
    const ticked = await setStep(cast.bruno, id, step?.id ?? 0, true);
    expect(ticked.steps[0]).to.deep.include({ doneBy: "Bruno Vega", doneAt: cast.clock.now });
    const again = await setStep(cast.carmen, id, step?.id ?? 0, true);
    expect(again.steps[0]?.doneBy).to.equal("Bruno Vega");
    expect((await setStep(cast.carmen, id, step?.id ?? 0, false)).steps[0]).to.deep.include({
      doneAt: null,
      doneBy: null,
    });
    expect((await addStep(cast.ana, id, " Avisar al taller ")).steps.at(-1)?.title).to.equal(
      "Avisar al taller",
    );
  });

  it("keep state and solution, resolve once, reopen", async () => {
    const { conversationId } = await write(cast);
    const { id } = await openCase(cast.ana, conversationId, { title: "Cobro duplicado", topicId: null });
    expect((await describeCase(cast.ana, id, "Reembolso en camino")).stateNote).to.equal(
      "Reembolso en camino",
    );
    const solved = await resolveCase(cast.ana, id, "Reembolso en dos días");
    expect(solved).to.include({ status: "resolved", resolvedBy: "Ana Torres" });
    expect((await resolveCase(cast.bruno, id, "otra")).resolvedBy).to.equal("Ana Torres");
    expect(await reopenCase(cast.bruno, id)).to.include({
      status: "open",
      solution: "Reembolso en dos días",
    });
    const acts = await rows<{ act: string; data: object }>(
      cast.platform.db,
      "select act, data from audit_events where data->>'caseId' = ? order by id",
      [String(id)],
    );
    expect(JSON.stringify(acts)).to.not.contain("Cobro").and.not.contain("Reembolso");
    expect(acts.map(({ act }) => act)).to.deep.equal([
      "case.opened",
      "case.described",
      "case.resolved",
      "case.reopened",
    ]);
  });

  it("refuse a case without a name, and words that are too long", async () => {
    const { conversationId } = await write(cast);
    const refused = async (work: Promise<unknown>) =>
      work.then(
        () => "taken",
        (error: Error) => error.name,
      );
    expect(await refused(openCase(cast.ana, conversationId, { title: "  ", topicId: null }))).to.equal(
      "Invalid",
    );
    const long = { title: "x".repeat(161), topicId: null };
    expect(await refused(openCase(cast.ana, conversationId, long))).to.equal("Invalid");
    expect(await refused(openCase(cast.ana, conversationId, { title: "x", topicId: 999 }))).to.equal(
      "NotFound",
    );
    const { id } = await openCase(cast.ana, conversationId, { title: "\0 ñandú 🙂\ud800", topicId: null });
    expect(await refused(addStep(cast.ana, id, ""))).to.equal("Invalid");
    expect(await refused(describeCase(cast.ana, id, "x".repeat(301)))).to.equal("Invalid");
    expect(await refused(setStep(cast.ana, id, 999_999, true))).to.equal("NotFound");
  });

  it("recur with the third of a topic in 90 days, and show what was tried", async () => {
    const { conversationId, contactId } = await write(cast, { from: "5215588887777", name: "Recurrente" });
    const open = () => openCase(cast.ana, conversationId, { title: "", topicId });
    const first = await open();
    await resolveCase(cast.ana, first.id, "Se cambió la pieza");
    cast.clock.advance(10 * 1440);
    await open();
    cast.clock.advance(10 * 1440);
    const third = await open();
    expect(third.earlier.map(({ solution }) => solution)).to.deep.equal(["Se cambió la pieza", ""]);
    cast.clock.advance(85 * 1440);
    expect((await open()).earlier).to.have.length(1);
    const { cases, caseCount } = await getStory(cast.bruno, contactId);
    expect(caseCount).to.equal(4);
    expect(cases.map(({ status }) => status)).to.deep.equal(["open", "open", "open", "resolved"]);
  });

  it("of an isolated inbox are known to its team alone", async () => {
    await connectIsolated(cast);
    const from = "5215544443333";
    await deliver(cast, delivery(messageValue({ from, message: "privado" }), "messages", "PN9"));
    const { contactId } = await write(cast, { from, message: "público" });
    const [isolated] = await rows<{ id: number }>(
      cast.platform.db,
      "select id from conversations where contact_id = ? and isolated_inbox_id is not null",
      [contactId],
    );
    const secret = await openCase(cast.ana, isolated?.id ?? 0, { title: "Un asunto", topicId: null });
    expect((await getCase(cast.ana, secret.id)).title).to.equal("Un asunto");
    const missed = await getCase(cast.bruno, secret.id).catch((error: Error) => error.name);
    expect(missed).to.equal("NotFound");
    expect((await getStory(cast.bruno, contactId)).caseCount).to.equal(0);
    const denied = await resolveCase(cast.bruno, secret.id, "").catch((error: Error) => error.name);
    expect(denied).to.equal("NotFound");
  });

  it("take topics that an administrator keeps: unique, archived, brought back", async () => {
    const failure = async (work: Promise<unknown>) => work.catch((error: Error) => error.name);
    expect(
      await failure(Promise.resolve().then(() => saveTopic(cast.ana, null, { name: "X", steps: [] }))),
    ).to.equal("Forbidden");
    expect(await failure(saveTopic(cast.diego, null, { name: "PRODUCTO DEFECTUÓSO", steps: [] }))).to.equal(
      "Invalid",
    );
    const entrega = await saveTopic(cast.diego, null, { name: "Entrega", steps: ["Guía enviada", " ", ""] });
    expect(entrega.steps).to.deep.equal(["Guía enviada"]);
    await archiveTopic(cast.diego, entrega.id);
    expect((await listTopics(cast.ana)).map(({ name }) => name)).to.not.include("Entrega");
    expect((await saveTopic(cast.diego, null, { name: "entrega", steps: [] })).id).to.equal(entrega.id);
  });
});
