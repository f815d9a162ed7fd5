import { expect } from "chai";
import { translate } from "../../../src/services/channels/whatsapp/inbound.ts";
import type { InboundMessage } from "../../../src/services/intake/types.ts";
import { delivery, lucia, messageValue } from "../../support/meta.ts";

const received = new Date("2026-11-21T12:00:00Z");

function one(message: Record<string, unknown>, extra: Record<string, unknown> = {}): InboundMessage {
  const { events } = translate(delivery({ ...messageValue({ at: received, message }), ...extra }), received);
  const found = events.find((event) => event.type === "message");
  if (!found) throw new Error("no message");
  return found;
}

describe("WhatsApp, inbound, odd input", () => {
  it("knows a business-scoped user id with and without a phone, also where a phone belongs", () => {
    const value = {
      contacts: [{ profile: { username: "@lucia" }, user_id: "MX.123" }],
      messages: [{ id: "w", timestamp: "1", type: "text", text: { body: "x" }, from_user_id: "MX.123" }],
    };
    const [event] = translate(delivery(value), received).events;
    expect(event).to.have.nested.property("person.ids[0].externalId", "MX.123");
    expect(event).to.have.nested.property("person.name", "@lucia");
    const both = one({ type: "text", text: { body: "x" }, from_user_id: "MX.123" });
    expect(both.person.ids.map((id) => id.externalId)).to.deep.equal([lucia.wa_id, "MX.123"]);
    const inFrom = translate(
      delivery({
        messages: [{ from: "US.1234", id: "w", timestamp: "1", type: "text", text: { body: "x" } }],
      }),
      received,
    );
    expect(inFrom.events[0]).to.have.nested.property("person.ids[0].kind", "user_id");
  });

  it("takes a name that is only a dot for none", () => {
    const [event] = translate(delivery(messageValue({ name: "." })), received).events;
    expect(event).to.have.nested.property("person.name", "");
  });

  it("reports a message that names nobody, and reads the others of the post", () => {
    const good = messageValue({ id: "good" }).messages as object[];
    const { events, faults } = translate(
      delivery({ messages: [{ id: "lost", type: "text" }, ...good] }),
      received,
    );
    expect(faults).to.have.length(1);
    expect(events).to.have.length(1);
  });

  for (const [name, timestamp] of [
    ["1970", "0"],
    ["2100", "4102444800"],
    ["words", "yesterday"],
    ["nothing", undefined],
  ] as const) {
    it(`uses the time of arrival when Meta's time is ${name}`, () => {
      const value = {
        ...messageValue(),
        messages: [{ from: lucia.wa_id, id: "w", timestamp, type: "text", text: { body: "x" } }],
      };
      const [event] = translate(delivery(value), received).events;
      expect(event).to.have.property("sentAt", received.toISOString());
    });
  }

  it("drops NUL and halves of surrogate pairs, which Postgres cannot store", () => {
    const body = Buffer.from(
      delivery(messageValue({ message: "AxB" }))
        .toString()
        .replace("AxB", "A\\u0000B\\ud83d C"),
    );
    const [event] = translate(body, received).events;
    expect(event).to.have.property("text", "AB� C");
  });

  it("reads statuses, ignores words that nobody documents, and counts played as read", () => {
    const statuses = ["sent", "delivered", "read", "played", "failed", "deleted"].map((status) => ({
      id: "w",
      status,
      timestamp: "1795262400",
      biz_opaque_callback_data: "7",
    }));
    const { events, unused } = translate(delivery({ statuses }), received);
    expect(events.map((event) => event.type === "status" && event.delivery)).to.deep.equal([
      "sent",
      "delivered",
      "read",
      "read",
      "failed",
    ]);
    expect(unused).to.deep.equal(["status:deleted"]);
  });

  it("keeps fields that nothing uses yet, and never fails on them", () => {
    for (const field of [
      "account_update",
      "message_template_status_update",
      "calls",
      "user_preferences",
      "phone_number_quality_update",
    ]) {
      expect(translate(delivery({ anything: 1 }, field), received).unused).to.deep.equal([field]);
    }
  });

  it("reads what the firm's phone wrote as outgoing, and standby like messages", () => {
    const echo = {
      message_echoes: [
        {
          from: "525550001000",
          to: lucia.wa_id,
          id: "w",
          timestamp: "1795262400",
          type: "text",
          text: { body: "Va" },
        },
      ],
    };
    expect(translate(delivery(echo, "smb_message_echoes"), received).events[0]).to.include({
      author: "phone",
      delivery: "sent",
    });
    expect(translate(delivery(messageValue(), "standby"), received).events).to.have.length(1);
  });

  it("reads the history of both sides", () => {
    const messages = [
      {
        from: "525550001000",
        id: "h1",
        timestamp: "1780000000",
        type: "text",
        text: { body: "nuestro" },
        history_context: { status: "READ" },
      },
      { from: lucia.wa_id, id: "h2", timestamp: "1780000001", type: "text", text: { body: "suyo" } },
    ];
    const { events } = translate(
      delivery({ history: [{ threads: [{ id: lucia.wa_id, messages }] }] }, "history"),
      received,
    );
    expect(events[0]).to.include({ author: "phone", delivery: "read", history: true });
    expect(events[1]).to.include({ author: "contact", delivery: null, history: true });
  });

  it("reads a post without Meta's envelope, and one without anything", () => {
    expect(translate(Buffer.from(JSON.stringify(messageValue())), received).events).to.have.length(1);
    expect(translate(Buffer.from('{"object":"x","entry":[{}]}'), received).unused).to.deep.equal(["empty"]);
    for (const body of ["nope", "[]", "null", "7", '"x"', ""]) {
      expect(() => translate(Buffer.from(body), received), body).to.throw(SyntaxError);
    }
  });
});
