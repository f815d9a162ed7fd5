import { expect } from "chai";
import { assign } from "../../../src/services/conversations/assign.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { deliver, delivery, lucia, messageValue, seconds, wamid, write } from "../../support/meta.ts";

describe("receive", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  const count = async (table: string, where = "true") =>
    (await row<{ n: number }>(cast.platform.db, `select count(*)::int as n from ${table} where ${where}`))?.n;
  const conversation = (id: number) =>
    row<Record<string, unknown>>(cast.platform.db, "select * from conversations where id = ?", [id]);

  it("makes one contact and one conversation of what a stranger writes", async () => {
    const first = await write(cast, { message: "Hola" });
    const second = await write(cast, { message: "¿Abren hoy?" });
    expect(second.conversationId).to.equal(first.conversationId);
    expect(await conversation(first.conversationId)).to.include({
      status: "open",
      unread_count: 2,
      preview: "¿Abren hoy?",
    });
    expect(await count("contacts")).to.equal(1);
  });

  it("stores the same id once: twice in one post, in a repeated post, days later", async () => {
    const id = wamid();
    const value = messageValue({ id });
    const twice = {
      ...value,
      messages: [...(value.messages as object[]), ...(value.messages as object[])],
    };
    await deliver(cast, delivery(twice), delivery(value));
    await deliver(cast, delivery(value));
    expect(await count("messages")).to.equal(1);
    expect(await count("conversations", "unread_count = 1")).to.equal(1);
  });

  it("does not reopen a resolved conversation for a repeated message", async () => {
    const id = wamid();
    const { conversationId } = await write(cast, { id });
    await resolve(cast.ana, conversationId);
    await deliver(cast, delivery(messageValue({ id })));
    expect(await conversation(conversationId)).to.include({ status: "resolved" });
  });

  it("recognises a person in another spelling of the phone, and answers to each as it came", async () => {
    const first = await write(cast, { from: "5215512345678" });
    const second = await write(cast, { from: "525512345678" });
    expect(second.contactId).to.equal(first.contactId);
    const argentina = await write(cast, { from: "5491112345678" });
    const landline = await write(cast, { from: "541112345678" });
    expect(landline.contactId).to.not.equal(argentina.contactId);
    const ids = await rows<{ external_id: string }>(
      cast.platform.db,
      "select external_id from contact_identities order by id",
    );
    expect(ids.map((one) => one.external_id)).to.deep.equal([
      "5215512345678",
      "525512345678",
      "5491112345678",
      "541112345678",
    ]);
  });

  it("keeps phone and user id together, and never merges two contacts that turn out to be one", async () => {
    const phone = await write(cast, { from: lucia.wa_id });
    const both = {
      contacts: [{ wa_id: lucia.wa_id, user_id: "MX.1" }],
      messages: [
        {
          from: lucia.wa_id,
          from_user_id: "MX.1",
          id: "b1",
          timestamp: seconds(new Date()),
          type: "text",
          text: { body: "x" },
        },
      ],
    };
    await deliver(cast, delivery(both));
    const hidden = {
      contacts: [{ user_id: "MX.1" }],
      messages: [
        { from_user_id: "MX.1", id: "b2", timestamp: seconds(new Date()), type: "text", text: { body: "x" } },
      ],
    };
    await deliver(cast, delivery(hidden));
    expect(await count("messages", `contact_id = ${phone.contactId}`)).to.equal(3);
    await deliver(
      cast,
      delivery({
        contacts: [{ user_id: "MX.2" }],
        messages: [
          {
            from_user_id: "MX.2",
            id: "b3",
            timestamp: seconds(new Date()),
            type: "text",
            text: { body: "x" },
          },
        ],
      }),
    );
    await deliver(
      cast,
      delivery({
        contacts: [{ wa_id: lucia.wa_id, user_id: "MX.2" }],
        messages: [
          {
            from: lucia.wa_id,
            from_user_id: "MX.2",
            id: "b4",
            timestamp: seconds(new Date()),
            type: "text",
            text: { body: "x" },
          },
        ],
      }),
    );
    expect(await count("contacts")).to.equal(2);
    expect(await count("messages", `contact_id = ${phone.contactId}`)).to.equal(4);
  });

  it("moves an identity to a new number once, and gives a recycled number to a new contact", async () => {
    const { contactId } = await write(cast);
    const moved = {
      messages: [
        {
          from: lucia.wa_id,
          id: "s1",
          timestamp: seconds(new Date()),
          type: "system",
          system: { type: "user_changed_number", wa_id: "5215599990000", body: "changed" },
        },
      ],
    };
    await deliver(cast, delivery(moved));
    await deliver(cast, delivery({ messages: [{ ...moved.messages[0], id: "s2" }] }));
    const after = await write(cast, { from: "5215599990000", message: "Soy yo" });
    expect(after.contactId).to.equal(contactId);
    const stranger = await write(cast, { from: lucia.wa_id, name: "Otra persona" });
    expect(stranger.contactId).to.not.equal(contactId);
  });

  it("reopens within the reopening time with the same agent, and begins anew after it", async () => {
    const { conversationId } = await write(cast);
    await assign(cast.ana, conversationId, { agentId: cast.ids.ana });
    await resolve(cast.ana, conversationId);
    const again = await write(cast, { message: "Una cosa más" });
    expect(again.conversationId).to.equal(conversationId);
    expect(await conversation(conversationId)).to.include({ status: "open", assignee_id: cast.ids.ana });
    await resolve(cast.ana, conversationId);
    await cast.platform.db("conversations").update({ resolved_at: new Date(Date.now() - 25 * 3600_000) });
    expect((await write(cast)).conversationId).to.not.equal(conversationId);
  });

  it("wakes a pending or snoozed conversation when the contact writes", async () => {
    const { conversationId } = await write(cast);
    await cast.platform
      .db("conversations")
      .update({ status: "snoozed", snoozed_until: new Date(Date.now() + 3600_000) });
    await write(cast);
    expect(await conversation(conversationId)).to.include({ status: "open", snoozed_until: null });
  });
});
