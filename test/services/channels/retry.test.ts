import { expect } from "chai";
import { deliver } from "../../../src/services/channels/deliver.ts";
import { openDoor } from "../../../src/services/channels/door.ts";
import { retryMessage } from "../../../src/services/channels/retry.ts";
import { react } from "../../../src/services/conversations/react.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { connectWhatsApp } from "../../../src/services/inboxes/connect.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { type Cast, openCast, whatsappInbox } from "../../support/cast.ts";
import { deliver as arrive, delivery, sign, write } from "../../support/meta.ts";
import { type FakeProvider, startProvider } from "../../support/provider.ts";

/** What a hostile review found about sending, each kept from coming back. */
describe("retry", () => {
  let cast: Cast;
  let provider: FakeProvider;
  let conversationId: number;
  beforeEach(async () => {
    provider = await startProvider();
    cast = await openCast(provider.url);
    ({ conversationId } = await write(cast));
  });
  afterEach(async () => {
    await cast.close();
    await provider.close();
  });

  const state = (id: number) =>
    row<{ delivery: string; external_id: string; delivery_error: object | null }>(
      cast.platform.db,
      "select delivery, external_id, delivery_error from messages where id = ?",
      [id],
    );
  const status = (word: string, id: string, token: string) =>
    arrive(
      cast,
      delivery({
        statuses: [
          {
            id,
            status: word,
            timestamp: "1795262400",
            biz_opaque_callback_data: token,
            ...(word === "failed" ? { errors: [{ code: 131049, title: "x" }] } : {}),
          },
        ],
      }),
    );

  it("a late word about the first try does not settle the second", async () => {
    const { id } = await reply(cast.ana, conversationId, { text: "Hola" });
    await deliver(cast.system);
    await status("failed", "wamid.out.1", `${id}.1`);
    await retryMessage(cast.ana, id);
    await status("sent", "wamid.out.1", `${id}.1`);
    await status("failed", "wamid.out.1", `${id}.1`);
    expect(await state(id)).to.include({ delivery: "queued" });
    await deliver(cast.system);
    expect(await state(id)).to.include({ delivery: "sent", external_id: "wamid.out.2" });
    await status("delivered", "wamid.out.2", `${id}.3`);
    expect(await state(id)).to.include({ delivery: "delivered" });
  });

  it("proof that the first try was delivered stops the second", async () => {
    const { id } = await reply(cast.ana, conversationId, { text: "Hola" });
    provider.script.push({ lost: true });
    await deliver(cast.system);
    await retryMessage(cast.ana, id);
    await status("delivered", "wamid.out.1", `${id}.1`);
    await deliver(cast.system);
    expect(provider.accepted).to.have.length(1);
  });

  it("a sender that ends after its lease stops the copy that a person asked for", async () => {
    const { id } = await reply(cast.ana, conversationId, { text: "Hola" });
    provider.script.push({ delayMs: 300 });
    const sending = deliver(cast.system);
    await new Promise((done) => setTimeout(done, 120));
    await cast.platform.db.raw("update messages set delivery = 'unknown' where id = ?", [id]);
    await cast.platform.db.raw(
      "update messages set delivery = 'queued', due_at = now() + interval '1 hour', attempts = attempts + 1 where id = ?",
      [id],
    );
    await sending;
    expect(await state(id)).to.include({ delivery: "sent" });
    await cast.platform.db.raw("update messages set due_at = now() where delivery = 'queued'");
    await deliver(cast.system);
    expect(provider.accepted).to.have.length(1);
  });

  it("keeps the reason of a failure that came before the send was recorded", async () => {
    const { id } = await reply(cast.ana, conversationId, { text: "Hola" });
    provider.script.push({ delayMs: 250 });
    const sending = deliver(cast.system);
    await new Promise((done) => setTimeout(done, 100));
    await status("failed", "wamid.out.1", `${id}.1`);
    await sending;
    expect((await state(id))?.delivery_error).to.include({ code: 131049 });
  });

  it("takes back a reaction that was refused", async () => {
    const inbound = await row<{ id: number }>(cast.platform.db, "select id from messages");
    provider.script.push({ code: 131047 });
    await react(cast.ana, inbound?.id ?? 0, "👍");
    await deliver(cast.system);
    expect(await rows(cast.platform.db, "select 1 from message_reactions where emoji <> ''")).to.deep.equal(
      [],
    );
  });

  it("one slow send holds nobody else up", async () => {
    const other = await write(cast, { from: "5215577770000" });
    provider.script.push({ delayMs: 1500 });
    await reply(cast.ana, conversationId, { text: "lento" });
    const sending = deliver(cast.system);
    await new Promise((done) => setTimeout(done, 200));
    await reply(cast.ana, other.conversationId, { text: "rápido" });
    await new Promise((done) => setTimeout(done, 700));
    expect(provider.accepted.map(({ body }) => (body.text as { body: string }).body)).to.deep.equal([
      "rápido",
    ]);
    await sending;
    expect(provider.accepted).to.have.length(2);
  });

  it("does not quote from a conversation of another scope", async () => {
    const team = await row<{ id: number }>(cast.platform.db, "select id from teams where name = 'Soporte'");
    const hr = await connectWhatsApp(cast.diego, whatsappInbox("RH", "PN2"));
    await cast.platform.db("inboxes").where({ id: hr.id }).update({ isolated: true, team_id: team?.id });
    await arrive(
      cast,
      delivery(
        {
          messages: [
            {
              from: "5215512345678",
              id: "hr1",
              timestamp: String(Math.floor(Date.now() / 1000)),
              type: "text",
              text: { body: "denuncia reservada" },
            },
          ],
        },
        "messages",
        "PN2",
      ),
    );
    const secret = await row<{ id: number }>(
      cast.platform.db,
      "select id from messages where external_id = 'hr1'",
    );
    const answer = await reply(cast.ana, conversationId, { text: "Hola", replyToId: secret?.id });
    expect(answer.replyTo).to.equal(null);
  });

  it("an inbox whose secrets cannot be read stops neither the others nor the door", async () => {
    const broken = await connectWhatsApp(cast.diego, { ...whatsappInbox("Rota", "PN3"), appSecret: "otro" });
    await cast.platform.db("inboxes").where({ id: broken.id }).update({ secrets: "v1.AAAA" });
    const door = openDoor(cast.platform.db, cast.platform.secrets, () => {});
    const body = Buffer.from("{}");
    expect((await door.verify(body, sign(body))).state).to.equal("verified");
    const { id } = await reply(cast.ana, conversationId, { text: "Hola" });
    await deliver(cast.system);
    expect(await state(id)).to.include({ delivery: "sent" });
  });
});
