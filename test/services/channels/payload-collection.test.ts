import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { translate } from "../../../src/services/channels/whatsapp/inbound.ts";
import type { InboundMessage, InboundStatus } from "../../../src/services/intake/types.ts";
import { rows } from "../../../src/services/platform/database.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { deliver } from "../../support/meta.ts";

const received = new Date("2026-11-21T12:00:00Z");

type Json = Record<string, unknown>;
type Said = { id: string; type: string } & Record<
  string,
  Json & { id?: string; body?: string; caption?: string }
>;

/** Documentation writes `<PLACEHOLDERS>`: each becomes something of the shape that real traffic has there. */
function fill(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((entry) => fill(entry, key));
  if (value && typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, fill(entry, name)]));
  if (typeof value !== "string" || !/^<.*>$|^\[.*\]$|^(SENDER_)?PHONE_NUMBER(_ID)?$|^LOCATION_L/.test(value))
    return value;
  if (/^(latitude|longitude)$/.test(key)) return 19.4326;
  if (/timestamp/i.test(key)) return "1780000000";
  if (/user_id/.test(key)) return "MX.1234567890";
  if (/phone|^from$|^to$|wa_id/.test(key)) return /NEW/.test(value) ? "5215577778888" : "5215512345678";
  if (key === "code") return 131026;
  if (key === "status") return "delivered";
  if (key === "type") return /SYSTEM/.test(value) ? "user_changed_number" : "text";
  return value.replaceAll(/[<>[\]]/g, "");
}

/** Every post of the collection, as Meta would send it. */
function posts(folder: string): { name: string; post: { entry: { changes: Json[] }[] } }[] {
  const found: ReturnType<typeof posts> = [];
  const walk = (value: unknown, name: string): void => {
    if (!value || typeof value !== "object") return;
    if ("entry" in value) found.push({ name, post: fill(value) as never });
    else for (const [key, entry] of Object.entries(value)) walk(entry, `${name}/${key}`);
  };
  for (const file of globSync("*.json", { cwd: folder }).sort())
    walk(JSON.parse(readFileSync(join(folder, file), "utf8")), file);
  return found;
}

/** As if each post were for the number of the cast. */
const ownAddress = (key: string, value: unknown): unknown =>
  key === "metadata" ? { ...(value as Json), phone_number_id: "PN1" } : value;

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** Meta's types and what each is in Hilo, written down a second time: from the protocol, not from the translator. */
function expectedKind(said: Said): string {
  if (said.group_id) return "unsupported";
  const plain = "text image video audio document sticker location contacts order reaction edit revoke system";
  if (said.type === "interactive") {
    const of = String(said.interactive?.type ?? "");
    return of === "nfm_reply" ? "form" : /^(button|list)_reply$/.test(of) ? "choice" : "unsupported";
  }
  if (said.type === "button") return "choice";
  if (said.type === "request_welcome") return "welcome";
  return plain.split(" ").includes(said.type) ? said.type : "unsupported";
}

function expectedText(said: Said): string | undefined {
  if (said.group_id) return undefined;
  switch (said.type) {
    case "text":
      return said.text?.body;
    case "image":
    case "video":
    case "document":
      return said[said.type]?.caption ?? "";
    case "button":
      return said.button?.text as string;
    case "system":
      return said.system?.body;
    default:
      return undefined;
  }
}

function checkMessage(name: string, said: Said, event: InboundMessage | undefined): void {
  expect(event, `${name}: ${said.id} is missing`).to.exist;
  if (!event) return;
  expect(event.kind, name).to.equal(expectedKind(said));
  const text = expectedText(said);
  if (text !== undefined) expect(event.text, name).to.equal(text);
  const time = Number(said.timestamp) * 1000;
  if (time > 0 && time < received.getTime()) expect(new Date(event.sentAt).getTime(), name).to.equal(time);
  if (said.context?.id) expect(event.replyTo, name).to.equal(said.context.id);
  if (event.media) expect(event.media.providerMediaId, name).to.equal(String(said[said.type]?.id));
  if (event.kind === "unsupported") expect(event.content.raw, name).to.exist;
  const target = { reaction: "message_id", edit: "original_message_id", revoke: "original_message_id" }[
    said.type
  ];
  if (target) expect(event.content.target, name).to.equal(said[said.type]?.[target]);
}

const folder = process.env.HILO_PAYLOADS;

(folder ? describe : describe.skip)("WhatsApp, the collection of real payloads", () => {
  const all = folder ? posts(folder) : [];

  it("is read post by post to what each message, status and field says", () => {
    let messages = 0;
    let statuses = 0;
    for (const { name, post } of all) {
      const { events, unused, faults } = translate(Buffer.from(JSON.stringify(post)), received);
      expect(faults, name).to.deep.equal([]);
      const unread = new Set(events);
      const take = (type: string, id: unknown) => {
        const event = [...unread].find(
          (one) => one.type === type && "externalId" in one && one.externalId === id,
        );
        if (event) unread.delete(event);
        return event;
      };
      for (const { field, value } of post.entry.flatMap((entry) => list(entry.changes))) {
        const { messages: inbound, message_echoes: echoes, statuses: told } = (value ?? {}) as Json;
        for (const said of [...list(inbound), ...list(echoes)] as Said[]) {
          messages += 1;
          checkMessage(name, said, take("message", said.id) as InboundMessage | undefined);
        }
        for (const status of list(told).filter(({ type }) => type !== "call" && field !== "calls")) {
          statuses += 1;
          const event = take("status", status.id);
          const word = status.status === "played" ? "read" : status.status;
          expect((event as InboundStatus | undefined)?.delivery, name).to.equal(word);
          const code = (list(status.errors)[0] as { code?: number } | undefined)?.code;
          expect((event as InboundStatus).error?.code, name).to.equal(code);
        }
        if (!/^(messages|history|smb_message_echoes)$/.test(String(field)))
          expect(unused, name).to.include(field ?? "unnamed");
      }
    }
    expect(all.length).to.be.greaterThan(200);
    expect(messages).to.be.greaterThan(90);
    expect(statuses).to.be.greaterThan(20);
  });

  describe("behind the door", () => {
    let cast: Cast;
    before(async () => {
      cast = await openCast();
    });
    after(() => cast.close());

    it("is stored once, whole, and nothing of it waits in quarantine", async () => {
      const bodies = all.map(({ post }) => Buffer.from(JSON.stringify(post, ownAddress)));
      const ids = new Set(
        all.flatMap(({ post }) =>
          translate(Buffer.from(JSON.stringify(post)), received).events.flatMap((event) =>
            event.type === "message" ? [event.externalId] : [],
          ),
        ),
      );
      await deliver(cast, ...bodies, ...bodies);
      const states = await rows(
        cast.platform.db,
        "select state, error, count(*)::int as n from inbound_events group by 1, 2",
      );
      expect(states).to.deep.equal([{ state: "done", error: null, n: bodies.length * 2 }]);
      const stored = await rows<{ external_id: string }>(
        cast.platform.db,
        "select external_id from messages",
      );
      expect(stored.map(({ external_id }) => external_id).filter((id) => !ids.has(id))).to.deep.equal([]);
      expect(new Set(stored.map((one) => one.external_id)).size).to.equal(stored.length);
    });
  });
});
