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

describe("WhatsApp, inbound", () => {
  it("reads a text, who wrote and when", () => {
    const message = one({ type: "text", text: { body: "¿Abren hoy?" } });
    expect(message).to.include({ kind: "text", text: "¿Abren hoy?", author: "contact", history: false });
    expect(message.person.ids[0]).to.deep.equal({
      externalId: lucia.wa_id,
      kind: "phone",
      phoneMatchKey: "525512345678",
    });
    expect(message.person.name).to.equal(lucia.name);
    expect(message.sentAt).to.equal("2026-11-21T12:00:00.000Z");
  });

  for (const [name, message, expected] of [
    [
      "image",
      { type: "image", image: { id: "M1", mime_type: "image/jpeg", caption: "mira" } },
      { kind: "image", text: "mira" },
    ],
    [
      "voice note",
      { type: "audio", audio: { id: "M1", mime_type: "audio/ogg; codecs=opus", voice: true } },
      { kind: "audio" },
    ],
    [
      "document",
      { type: "document", document: { id: "M1", filename: "a.pdf", mime_type: "application/pdf" } },
      { kind: "document" },
    ],
    ["sticker", { type: "sticker", sticker: { id: "M1", mime_type: "image/webp" } }, { kind: "sticker" }],
    [
      "location",
      { type: "location", location: { latitude: "19.4", longitude: -99.1, name: "Zócalo" } },
      { kind: "location", text: "Zócalo" },
    ],
    [
      "contacts",
      { type: "contacts", contacts: [{ name: { formatted_name: "Rosa" }, phones: [{ phone: "+52 55" }] }] },
      { kind: "contacts", text: "Rosa" },
    ],
    ["button", { type: "button", button: { text: "Sí" } }, { kind: "choice", text: "Sí" }],
    [
      "button reply",
      { type: "interactive", interactive: { type: "button_reply", button_reply: { id: "1", title: "Sí" } } },
      { kind: "choice", text: "Sí" },
    ],
    [
      "list reply",
      { type: "interactive", interactive: { type: "list_reply", list_reply: { id: "1", title: "Rojo" } } },
      { kind: "choice", text: "Rojo" },
    ],
    [
      "order",
      {
        type: "order",
        order: {
          product_items: [{ product_retailer_id: "p", quantity: "2", item_price: 10, currency: "MXN" }],
        },
      },
      { kind: "order" },
    ],
    [
      "reaction",
      { type: "reaction", reaction: { message_id: "w1", emoji: "👍" } },
      { kind: "reaction", text: "👍" },
    ],
    [
      "reaction removed by an empty emoji",
      { type: "reaction", reaction: { message_id: "w1", emoji: "" } },
      { kind: "reaction", text: "" },
    ],
    [
      "reaction removed by no emoji",
      { type: "reaction", reaction: { message_id: "w1" } },
      { kind: "reaction", text: "" },
    ],
    [
      "edit",
      {
        type: "edit",
        edit: { original_message_id: "w1", message: { type: "text", text: { body: "otra" } } },
      },
      { kind: "edit", text: "otra" },
    ],
    ["revoke", { type: "revoke", revoke: { original_message_id: "w1" } }, { kind: "revoke" }],
    ["welcome", { type: "request_welcome" }, { kind: "welcome" }],
    ["unsupported", { type: "unsupported", errors: [{ code: 131051, title: "x" }] }, { kind: "unsupported" }],
    ["a type that nobody knows", { type: "hologram", hologram: { depth: 3 } }, { kind: "unsupported" }],
    ["an interactive without content", { type: "interactive" }, { kind: "unsupported" }],
    ["a group's message", { type: "text", text: { body: "x" }, group_id: "g" }, { kind: "unsupported" }],
  ] as const) {
    it(`reads a ${name}`, () => expect(one(message)).to.include(expected));
  }

  it("keeps an unknown message whole", () => {
    expect(one({ type: "hologram", hologram: { depth: 3 } }).content).to.deep.include({ type: "hologram" });
    expect(one({ type: "hologram", hologram: { depth: 3 } }).content.raw).to.have.nested.property(
      "hologram.depth",
      3,
    );
  });

  for (const [name, raw, answers] of [
    ["an object", '{"talla":"27"}', { talla: "27" }],
    ["broken JSON", "{oops", null],
    ["a list", "[1,2]", null],
    ["null", "null", null],
  ] as const) {
    it(`survives a form whose answers are ${name}`, () => {
      const message = one({
        type: "interactive",
        interactive: { type: "nfm_reply", nfm_reply: { name: "flow", body: "Enviado", response_json: raw } },
      });
      expect(message.content.form).to.deep.equal({ name: "flow", raw, answers });
    });
  }

  it("survives a form without answers", () => {
    const message = one({
      type: "interactive",
      interactive: { type: "nfm_reply", nfm_reply: { name: "f", response_json: null } },
    });
    expect(message.content.form).to.deep.equal({ name: "f", raw: "null", answers: null });
  });

  it("tells which advertisement brought them", () => {
    const message = one({
      type: "text",
      text: { body: "Info" },
      referral: { source_url: "https://fb.me/x", source_type: "ad", headline: "Sillas" },
    });
    expect(message.content.referral).to.include({ url: "https://fb.me/x", kind: "ad", headline: "Sillas" });
  });
});
