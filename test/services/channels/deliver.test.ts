import { expect } from "chai";
import { deliver, expireLeases } from "../../../src/services/channels/deliver.ts";
import { discardMessage, retryMessage } from "../../../src/services/channels/retry.ts";
import { storeUpload } from "../../../src/services/channels/uploads.ts";
import { react } from "../../../src/services/conversations/react.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { row } from "../../../src/services/platform/database.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { deliver as arrive, delivery, lucia, wamid, write } from "../../support/meta.ts";
import { type FakeProvider, startProvider } from "../../support/provider.ts";

describe("deliver", () => {
  let cast: Cast;
  let provider: FakeProvider;
  let conversationId: number;
  let inbound: string;
  beforeEach(async () => {
    provider = await startProvider();
    cast = await openCast(provider.url);
    inbound = wamid();
    ({ conversationId } = await write(cast, { id: inbound }));
  });
  afterEach(async () => {
    await cast.close();
    await provider.close();
  });

  const state = (id: number) =>
    row<{ delivery: string; external_id: string | null; delivery_error: { code: number } | null }>(
      cast.platform.db,
      "select delivery, external_id, delivery_error from messages where id = ?",
      [id],
    );
  const answer = (text: string) => reply(cast.ana, conversationId, { text });
  const status = (word: string, id: string, token: number | null, code?: number) =>
    arrive(
      cast,
      delivery({
        statuses: [
          {
            id,
            status: word,
            timestamp: "1795262400",
            ...(token === null ? {} : { biz_opaque_callback_data: String(token) }),
            ...(code ? { errors: [{ code, title: "x" }] } : {}),
          },
        ],
      }),
    );
  const due = () => cast.platform.db.raw("update messages set due_at = now() where delivery = 'queued'");

  it("sends a text to the id as it came, with our id to be echoed", async () => {
    const message = await answer("Sí, hasta las 20 h");
    await deliver(cast.system);
    expect(provider.accepted[0]?.body).to.deep.include({
      to: `+${lucia.wa_id}`,
      type: "text",
      biz_opaque_callback_data: `${message.id}.1`,
    });
    expect(await state(message.id)).to.include({ delivery: "sent", external_id: "wamid.out.1" });
    expect(provider.asked.at(-1)?.authorization).to.equal("Bearer test-token");
  });

  it("quotes, reacts and sends files", async () => {
    const first = await row<{ id: number }>(
      cast.platform.db,
      "select id from messages where external_id = ?",
      [inbound],
    );
    await reply(cast.ana, conversationId, { text: "A esto", replyToId: first?.id });
    await react(cast.ana, first?.id ?? 0, "👍");
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    const upload = await storeUpload(cast.ana, {
      fileName: "../../foto\u202e.png",
      claimedType: "text/html",
      bytes: png,
    });
    await reply(cast.ana, conversationId, { text: "Mira", attachment: upload.publicId });
    await deliver(cast.system);
    expect(provider.accepted.map(({ body }) => body.type)).to.deep.equal(["text", "reaction", "image"]);
    expect(provider.accepted[0]?.body.context).to.deep.equal({ message_id: inbound });
    expect(provider.accepted[1]?.body.reaction).to.deep.equal({ message_id: inbound, emoji: "👍" });
    expect(provider.accepted[2]?.body.image).to.have.property("caption", "Mira");
    expect(upload.fileName).to.equal("foto.png");
  });

  it("keeps the order of a conversation, also behind one that must wait", async () => {
    const texts = ["uno", "dos", "tres", "cuatro"];
    for (const text of texts) await answer(text);
    provider.script.push({ code: 131016 });
    await deliver(cast.system);
    expect(provider.accepted).to.have.length(0);
    await due();
    await deliver(cast.system);
    expect(provider.accepted.map(({ body }) => (body.text as { body: string }).body)).to.deep.equal(texts);
  });

  for (const [name, script, expected] of [
    ["throughput (130429)", { code: 130429, status: 429 }, "queued"],
    ["pair rate (131056)", { code: 131056, status: 400 }, "queued"],
    ["a temporary fault (131000)", { code: 131000, status: 500 }, "queued"],
    ["429 with Retry-After", { code: 4, status: 429, retryAfter: 7 }, "queued"],
    ["a closed window (131047)", { code: 131047 }, "failed"],
    ["an expired token (190)", { code: 190, status: 401 }, "failed"],
    ["not a WhatsApp number (131026)", { code: 131026 }, "failed"],
    ["a bad request (100)", { code: 100 }, "failed"],
    ["a code that nobody documents", { code: 999999 }, "failed"],
    ["a lost answer", { lost: true }, "unknown"],
    ["a gateway's 502", { html: 502 }, "unknown"],
    ["an answer that is no JSON", { nonsense: true }, "unknown"],
  ] as const) {
    it(`${name}: ${expected}`, async () => {
      const message = await answer("Hola");
      provider.script.push(script, script);
      await deliver(cast.system);
      expect(await state(message.id)).to.include({ delivery: expected });
    });
  }

  it("queues again when the provider cannot be reached at all", async () => {
    const message = await answer("Hola");
    await provider.close();
    await deliver(cast.system);
    expect(await state(message.id)).to.include({ delivery: "queued" });
    provider = await startProvider();
  });

  it("never repeats an unknown message, and settles it by the provider's echo", async () => {
    const message = await answer("Una sola vez");
    provider.script.push({ lost: true });
    await deliver(cast.system);
    await deliver(cast.system);
    expect(provider.accepted).to.have.length(1);
    await status("delivered", "wamid.out.1", message.id);
    expect(await state(message.id)).to.include({ delivery: "delivered", external_id: "wamid.out.1" });
  });

  it("says unknown when the sender died, and takes the zombie's late proof", async () => {
    const message = await answer("Hola");
    provider.script.push({ delayMs: 400 });
    const sending = deliver(cast.system);
    await new Promise((done) => setTimeout(done, 150));
    await cast.platform.db.raw(
      "update messages set lease_ends_at = now() - interval '1 second' where id = ?",
      [message.id],
    );
    expect(await expireLeases(cast.system)).to.equal(1);
    expect(await state(message.id)).to.include({ delivery: "unknown" });
    await sending;
    expect(await state(message.id)).to.include({ delivery: "sent", external_id: "wamid.out.1" });
    expect(provider.accepted).to.have.length(1);
  });

  it("statuses only climb: shuffled, repeated, before the send is recorded", async () => {
    const message = await answer("Hola");
    await status("read", "wamid.early", message.id);
    expect(await state(message.id)).to.include({ delivery: "read", external_id: "wamid.early" });
    await status("sent", "wamid.early", message.id);
    await status("delivered", "wamid.early", null);
    await status("failed", "wamid.early", null, 131026);
    expect(await state(message.id)).to.include({ delivery: "read" });
    expect(provider.accepted).to.have.length(0);
    await deliver(cast.system);
    expect(provider.accepted).to.have.length(0);
  });

  it("keeps a status without our id until the message that it names is stored", async () => {
    const message = await answer("Hola");
    await status("delivered", "wamid.out.1", null);
    expect(await state(message.id)).to.include({ delivery: "queued" });
    await deliver(cast.system);
    expect(await state(message.id)).to.include({ delivery: "delivered" });
  });

  it("shows a failure that arrives after the send, and lets a person try again or give up", async () => {
    const message = await answer("Hola");
    await deliver(cast.system);
    await status("failed", "wamid.out.1", message.id, 131047);
    expect(await state(message.id)).to.deep.include({ delivery: "failed" });
    await retryMessage(cast.ana, message.id);
    await deliver(cast.system);
    expect(provider.accepted).to.have.length(2);
    await status("failed", "wamid.out.2", message.id, 131026);
    await discardMessage(cast.ana, message.id);
    const refused = await retryMessage(cast.ana, message.id).then(
      () => null,
      (error: Error) => error.name,
    );
    expect(refused).to.equal("Conflict");
  });
});
