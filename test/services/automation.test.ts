import { expect } from "chai";
import { saveAutomaticMessages } from "../../src/services/automation/automatic-messages.ts";
import { sendScheduled } from "../../src/services/automation/send-scheduled.ts";
import { tellQueue } from "../../src/services/automation/tell-queue.ts";
import { deliver as deliverOut } from "../../src/services/channels/deliver.ts";
import { reply } from "../../src/services/conversations/reply.ts";
import { scheduleMessage, takeBackScheduled } from "../../src/services/conversations/scheduled-messages.ts";
import { resolve } from "../../src/services/conversations/status.ts";
import { row, rows } from "../../src/services/platform/database.ts";
import { Invalid } from "../../src/services/platform/errors.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { write } from "../support/meta.ts";
import { type FakeProvider, startProvider } from "../support/provider.ts";
import { closeNow, openAlways, pass } from "../support/time.ts";

describe("what Hilo says by itself", () => {
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
  const turnOn = (...kinds: string[]) =>
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
  const _survey = (conversationId: number) =>
    row<{ id: number; kind: string; score: number | null; comment: string; agent_id: number | null }>(
      cast.platform.db,
      "select id, kind, score, comment, agent_id from surveys where conversation_id = ? order by id desc limit 1",
      [conversationId],
    );
  const _press = (id: string, title = "x") =>
    write(cast, {
      message: { type: "interactive", interactive: { type: "button_reply", button_reply: { id, title } } },
    });
  const _optionOf = async (conversationId: number, at: number) =>
    (await said(conversationId)).at(-1)?.content.options?.[at]?.id ?? "";

  it("greets in hours and promises outside of them, once in an episode and a day, and answers nothing by it", async () => {
    await turnOn("greeting", "out_of_hours");
    const { conversationId } = await write(cast);
    await write(cast, { message: "¿Hola?" });
    expect((await said(conversationId)).map(({ text }) => text)).to.deep.equal([
      "Hola Lucía, gracias por escribir a Casa Roble. En un momento te atiende una persona.",
    ]);
    const waiting = await conversation(conversationId);
    expect(waiting?.waiting_since).to.be.instanceOf(Date);
    expect(waiting?.first_response_at).to.equal(null);
    await deliverOut(cast.system);
    expect(provider.accepted).to.have.length(1);

    await closeNow(cast);
    cast.clock.advance(1);
    await write(cast, { message: "¿Siguen ahí?" });
    cast.clock.advance(1);
    await write(cast, { message: "¿?" });
    const [, promise, ...more] = await said(conversationId);
    expect(promise?.text).to.match(
      /^Hola Lucía\. Ahora estamos cerrados: abrimos \S+, \d+ de \S+, 12:00 y te respondemos/,
    );
    expect(more).to.deep.equal([]);
  });

  it("speaks the contact's language, and not to whom asked not to be written to", async () => {
    await turnOn("greeting");
    const { conversationId, contactId } = await write(cast);
    await cast.platform.db("contacts").where({ id: contactId }).update({ language: "en-US" });
    await resolve(cast.ana, conversationId);
    await settings({ reopen_seconds: 0 });
    const next = await write(cast, { message: "Hi", at: new Date(Date.now() + 120_000) });
    expect((await said(next.conversationId))[0]?.text).to.contain("Hello Lucía");
    await resolve(cast.ana, next.conversationId);
    await cast.platform.db("contacts").where({ id: contactId }).update({ do_not_contact: true });
    const last = await write(cast, { message: "Hi again", at: new Date(Date.now() + 240_000) });
    expect(await said(last.conversationId)).to.deep.equal([]);
  });

  it("does not answer a machine that answers it", async () => {
    await turnOn("greeting", "out_of_hours");
    await closeNow(cast);
    const { conversationId } = await write(cast);
    expect(await said(conversationId)).to.have.length(1);
    await cast.platform.db("automatic_sends").delete();
    await write(cast, {
      message: "Gracias por tu mensaje, te respondemos pronto.",
      at: new Date(Date.now() + 1000),
    });
    expect(await said(conversationId)).to.have.length(1);
  });

  it("tells who waits in the queue their true place, once", async () => {
    await turnOn("queue_notice");
    const first = await write(cast, { from: "5215511110001", name: "Uno" });
    const second = await write(cast, {
      from: "5215511110002",
      name: "Dos",
      at: new Date(cast.clock.now.getTime() + 1000),
    });
    expect(await tellQueue(cast.system)).to.equal(0);
    await pass(cast, 2);
    expect(await tellQueue(cast.system)).to.equal(2);
    expect(await tellQueue(cast.system)).to.equal(0);
    expect((await said(first.conversationId))[0]?.text).to.equal(
      "Seguimos contigo: eres el número 1 en la fila.",
    );
    expect((await said(second.conversationId))[0]?.text).to.contain("número 2");
  });

  it("keeps the firm's words, and refuses none", async () => {
    const words = { kind: "greeting" as const, enabled: true, textEs: "Hola, {nombre}", textEn: "" };
    await saveAutomaticMessages(cast.diego, [words]);
    const { conversationId } = await write(cast);
    expect((await said(conversationId))[0]?.text).to.equal("Hola, Lucía");
    const refused = await saveAutomaticMessages(cast.diego, [{ ...words, textEs: " " }]).catch(
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(Invalid);
  });

  it("sends later, once, as whom wrote it; says now what cannot be sent then, and to them what could not", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    const inHours = (n: number) => new Date(cast.clock.now.getTime() + n * 3_600_000);
    const tooLate = await scheduleMessage(cast.ana, conversationId, {
      text: "Mañana",
      sendAt: inHours(30),
    }).catch((error: unknown) => error);
    expect((tooLate as Invalid).fields).to.deep.equal({ text: "composer.later_closed" });
    await scheduleMessage(cast.ana, conversationId, { text: "En un rato", sendAt: inHours(1) });
    await scheduleMessage(cast.ana, conversationId, { text: "Esto no", sendAt: inHours(1) });
    const [, second] = await rows<{ id: number }>(db, "select id from scheduled_messages order by id");
    expect((await takeBackScheduled(cast.bruno, second?.id ?? 0)).text).to.equal("Esto no");
    expect(await sendScheduled(cast.system)).to.equal(0);
    await db("scheduled_messages").update({ send_at: new Date(Date.now() - 1000) });
    await Promise.all([1, 2, 3, 4].map(() => sendScheduled(cast.system)));
    const sent = await rows<{ text: string; author_agent_id: number }>(
      db,
      "select text, author_agent_id from messages where direction = 'outbound'",
    );
    expect(sent).to.deep.equal([{ text: "En un rato", author_agent_id: cast.ids.ana }]);

    await scheduleMessage(cast.ana, conversationId, { text: "Otra", sendAt: inHours(1) });
    await db("scheduled_messages")
      .whereNull("settled_at")
      .update({ send_at: new Date(Date.now() - 1000) });
    await db("service_windows").update({ ends_at: new Date(Date.now() - 1000) });
    await sendScheduled(cast.system);
    const unsent = await row(db, "select 1 from alerts where kind = 'unsent' and agent_id = ?", [
      cast.ids.ana,
    ]);
    expect(unsent).not.to.equal(null);
  });

  it("does not let what was written before answer what the contact asks since", async () => {
    const { db } = cast.platform;
    const { conversationId } = await write(cast);
    await reply(cast.ana, conversationId, { text: "Lo reviso" });
    const sendAt = new Date(cast.clock.now.getTime() + 3_600_000);
    await scheduleMessage(cast.ana, conversationId, { text: "Ya quedó", sendAt });
    await write(cast, { message: "¿Y la factura?", at: new Date(Date.now() + 5000) });
    await db("scheduled_messages").update({ send_at: new Date(Date.now() - 1000) });
    expect(await sendScheduled(cast.system)).to.equal(1);
    expect((await conversation(conversationId))?.waiting_since).to.be.instanceOf(Date);
    expect(await row(db, "select 1 from messages where text = 'Ya quedó'")).to.equal(null);
    expect(await row(db, "select 1 from alerts where kind = 'unsent'")).not.to.equal(null);
  });
});
