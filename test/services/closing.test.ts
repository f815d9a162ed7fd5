import { expect } from "chai";
import { closeSilent } from "../../src/services/automation/close-silent.ts";
import { resolveConversation } from "../../src/services/automation/resolve-conversation.ts";
import { deliver as deliverOut } from "../../src/services/channels/deliver.ts";
import { assign } from "../../src/services/conversations/assign.ts";
import { reply } from "../../src/services/conversations/reply.ts";
import { reopen, resolve } from "../../src/services/conversations/status.ts";
import { row, rows } from "../../src/services/platform/database.ts";
import { Invalid } from "../../src/services/platform/errors.ts";
import { type Cast, connectIsolated, openCast } from "../support/cast.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";
import { type FakeProvider, startProvider } from "../support/provider.ts";
import { openAlways, pass } from "../support/time.ts";

describe("responsible closing", () => {
  let cast: Cast;
  let provider: FakeProvider;
  beforeEach(async () => {
    provider = await startProvider();
    cast = await openCast(provider.url);
    await openAlways(cast);
    await cast.platform.db("firm").update({ name: "Casa Roble" });
  });
  afterEach(async () => {
    await cast.close();
    await provider.close();
  });

  const said = (conversationId: number) =>
    rows<{ text: string; content: { options?: { id: string; title: string }[]; shownAs?: string } }>(
      cast.platform.db,
      "select text, content from messages where conversation_id = ? and author_kind = 'bot' order by id",
      [conversationId],
    );
  const _turnOn = (...kinds: string[]) =>
    cast.platform.db("automatic_messages").whereIn("kind", kinds).update({ enabled: true });
  const settings = (values: Record<string, unknown>) => cast.platform.db("firm").update(values);
  const conversation = (id: number) =>
    row<{
      status: string;
      waiting_since: Date | null;
      assignee_id: number | null;
      first_response_at: Date | null;
      unread_count: number;
    }>(
      cast.platform.db,
      "select status, waiting_since, assignee_id, first_response_at, unread_count from conversations where id = ?",
      [id],
    );
  const survey = (conversationId: number) =>
    row<{ id: number; kind: string; score: number | null; comment: string; agent_id: number | null }>(
      cast.platform.db,
      "select id, kind, score, comment, agent_id from surveys where conversation_id = ? order by id desc limit 1",
      [conversationId],
    );
  const press = (id: string, title = "x") =>
    write(cast, {
      message: { type: "interactive", interactive: { type: "button_reply", button_reply: { id, title } } },
    });
  const optionOf = async (conversationId: number, at: number) =>
    (await said(conversationId)).at(-1)?.content.options?.[at]?.id ?? "";

  it("asks for what the firm wants before it lets a conversation be resolved", async () => {
    await settings({ requires_topic: true, requires_summary: true });
    const { conversationId } = await write(cast);
    const refused = await resolveConversation(cast.ana, conversationId).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Invalid);
    const [topic] = await cast.platform.db("topics").insert({ name: "Envíos", steps: [] }, "id");
    await resolveConversation(cast.ana, conversationId, { topicId: topic.id, summary: "Se envió la guía" });
    expect((await conversation(conversationId))?.status).to.equal("resolved");
    const kept = await row<{ summary: string; topic_id: number }>(
      cast.platform.db,
      "select summary, topic_id from conversations where id = ?",
      [conversationId],
    );
    expect(kept).to.deep.equal({ summary: "Se envió la guía", topic_id: topic.id });
  });

  it("asks whether it is solved: a yes stays closed, a no reopens to the same agent at once", async () => {
    await settings({ after_resolving: "confirm" });
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    await reply(cast.ana, conversationId, { text: "Listo" });
    await resolveConversation(cast.ana, conversationId, { summary: "Te enviamos otra tapa." });
    const [asked] = await said(conversationId);
    expect(asked?.text).to.equal("Te enviamos otra tapa. ¿Quedó resuelto?");
    expect(asked?.content).to.deep.include({ shownAs: "buttons" });
    await deliverOut(cast.system);
    // So long the resolution can be undone; then the question goes.
    await cast.platform
      .db("messages")
      .where({ author_kind: "bot" })
      .update({ due_at: new Date(Date.now() - 1000) });
    await deliverOut(cast.system);
    expect(provider.accepted.at(-1)?.body).to.deep.include({ type: "interactive" });

    await press(await optionOf(conversationId, 0));
    expect((await conversation(conversationId))?.status).to.equal("resolved");
    expect((await survey(conversationId))?.score).to.equal(1);

    await write(cast, { message: "Ah, una cosa" });
    await resolveConversation(cast.ana, conversationId, { summary: "Aclarado." });
    await press(await optionOf(conversationId, 1), "No, sigo con dudas");
    expect(await conversation(conversationId)).to.deep.include({ status: "open", assignee_id: cast.ids.ana });
    expect((await conversation(conversationId))?.waiting_since).to.be.instanceOf(Date);
    expect((await survey(conversationId))?.score).to.equal(0);
  });

  it("asks how it went, by list or by number, with one comment, and alerts of a bad score", async () => {
    await settings({ after_resolving: "survey" });
    const { conversationId } = await write(cast);
    await assign(cast.carmen, conversationId, { agentId: cast.ids.ana });
    await reply(cast.ana, conversationId, { text: "Listo" });
    await resolveConversation(cast.ana, conversationId);
    const asked = (await said(conversationId)).at(-1);
    expect(asked?.content.shownAs).to.equal("list");
    expect(asked?.content.options?.map(({ title }) => title)[4]).to.equal("1 Muy mal");

    await write(cast, { message: "2" });
    expect((await conversation(conversationId))?.status).to.equal("resolved");
    expect(await survey(conversationId)).to.deep.include({ kind: "csat", score: 2, agent_id: cast.ids.ana });
    const alerted = await rows<{ agent_id: number }>(
      cast.platform.db,
      "select agent_id from alerts where kind = 'low_score'",
    );
    expect(alerted.map(({ agent_id }) => agent_id)).to.have.members([cast.ids.carmen, cast.ids.diego]);

    await write(cast, { message: "Tardaron mucho" });
    expect((await survey(conversationId))?.comment).to.equal("Tardaron mucho");
    expect((await conversation(conversationId))?.status).to.equal("resolved");
    const told = await row(cast.platform.db, "select 1 from alerts where kind = 'comment' and agent_id = ?", [
      cast.ids.ana,
    ]);
    expect(told).not.to.equal(null);

    // What comes after that is a message like any other: nothing waits unseen.
    await write(cast, { message: "Y ahora otra cosa" });
    expect((await conversation(conversationId))?.status).to.equal("open");
    await resolveConversation(cast.ana, conversationId);
    const count = await row<{ n: number }>(
      cast.platform.db,
      "select count(*)::int as n from surveys where conversation_id = ?",
      [conversationId],
    );
    expect(count?.n).to.equal(1);
  });

  it("takes a number for what it is when nothing was asked, or the question is old", async () => {
    const { conversationId } = await write(cast);
    await resolve(cast.ana, conversationId);
    await write(cast, { message: "5" });
    expect((await conversation(conversationId))?.status).to.equal("open");
    await settings({ after_resolving: "survey" });
    await resolveConversation(cast.ana, conversationId);
    await cast.platform.db("surveys").update({ sent_at: new Date(Date.now() - 4 * 86_400_000) });
    await write(cast, { message: "5" });
    expect((await conversation(conversationId))?.status).to.equal("open");
    expect((await survey(conversationId))?.score).to.equal(null);
  });

  it("lets a bad score reopen, where the firm wants that", async () => {
    await settings({ after_resolving: "survey", low_score_reopens: true });
    const { conversationId } = await write(cast);
    await resolveConversation(cast.ana, conversationId);
    await press(await optionOf(conversationId, 4), "1 Muy mal");
    expect((await survey(conversationId))?.score).to.equal(1);
    expect((await conversation(conversationId))?.status).to.equal("open");
  });

  it("asks nobody whose window is closed, and remembers no question that was not asked", async () => {
    await settings({ after_resolving: "survey" });
    const { conversationId } = await write(cast);
    await cast.platform.db("service_windows").update({ ends_at: new Date(Date.now() - 1000) });
    await resolveConversation(cast.ana, conversationId);
    expect(await survey(conversationId)).to.equal(null);
  });

  it("nudges once who does not answer, then closes; not with an open case or promise", async () => {
    await settings({ nudge_hours: 20, silence_hours: 30 });
    const { conversationId, contactId } = await write(cast);
    await reply(cast.ana, conversationId, { text: "¿Te sirvió?" });
    const away = () => pass(cast, 21 * 60);
    expect(await closeSilent(cast.system)).to.equal(0);
    await away();
    expect(await closeSilent(cast.system)).to.equal(1);
    expect(await closeSilent(cast.system)).to.equal(0);
    expect((await said(conversationId))[0]?.content.options).to.have.length(2);
    const [promise] = await cast.platform
      .db("commitments")
      .insert(
        { contact_id: contactId, conversation_id: conversationId, text: "x", made_by_id: cast.ids.ana },
        "id",
      )
      .catch(() => [null]);
    await away();
    if (promise) {
      expect(await closeSilent(cast.system)).to.equal(0);
      await cast.platform.db("commitments").delete();
    }
    expect(await closeSilent(cast.system)).to.equal(1);
    expect((await conversation(conversationId))?.status).to.equal("resolved");
  });

  it("takes a yes to the nudge for the end", async () => {
    await settings({ nudge_hours: 1 });
    const { conversationId } = await write(cast);
    await reply(cast.ana, conversationId, { text: "¿Te sirvió?" });
    await pass(cast, 90);
    await closeSilent(cast.system);
    await press(await optionOf(conversationId, 0));
    expect((await conversation(conversationId))?.status).to.equal("resolved");
    expect((await conversation(conversationId))?.unread_count).to.equal(0);
  });

  it("takes a yes for an answer only while the question is the last thing that was said", async () => {
    await settings({ nudge_hours: 1 });
    const { conversationId } = await write(cast);
    await reply(cast.ana, conversationId, { text: "¿Te sirvió?" });
    await pass(cast, 90);
    await closeSilent(cast.system);
    await reply(cast.ana, conversationId, { text: "¿Lo envío hoy?" });
    await write(cast, { message: "Sí" });
    expect(await conversation(conversationId)).to.deep.include({ status: "open", unread_count: 1 });
    expect((await survey(conversationId))?.score).to.equal(null);
  });

  it("does not end what something else waits in, and answers nothing of another scope", async () => {
    await settings({ after_resolving: "survey" });
    const { conversationId } = await write(cast);
    await resolveConversation(cast.ana, conversationId);
    await connectIsolated(cast);
    const body = delivery(messageValue({ id: "rh-1", message: "5" }), "messages", "PN9");
    await deliver(cast, body);
    const reserved = await row<{ status: string; waiting_since: Date | null }>(
      cast.platform.db,
      "select c.status, c.waiting_since from conversations c join messages m on m.conversation_id = c.id where m.external_id = 'rh-1'",
    );
    expect(reserved?.status).to.equal("open");
    expect(reserved?.waiting_since).to.be.instanceOf(Date);
    expect((await survey(conversationId))?.score).to.equal(null);
  });

  it("asks nothing when the resolution is undone at once", async () => {
    await settings({ after_resolving: "survey" });
    const { conversationId } = await write(cast);
    await resolveConversation(cast.ana, conversationId);
    await deliverOut(cast.system);
    await reopen(cast.ana, conversationId);
    await cast.platform.db.raw("update messages set due_at = now() where delivery = 'queued'");
    await deliverOut(cast.system);
    expect(provider.accepted).to.deep.equal([]);
    expect(await survey(conversationId)).to.equal(null);
  });
});
