import { expect } from "chai";
import { drain } from "../../../src/services/channels/drain.ts";
import { connectWhatsApp } from "../../../src/services/inboxes/connect.ts";
import { systemContext } from "../../../src/services/platform/context.ts";
import { openDatabase, row, rows } from "../../../src/services/platform/database.ts";
import { type Cast, openCast, whatsappInbox } from "../../support/cast.ts";
import { deliver, delivery, lucia, messageValue, seconds, store, wamid, write } from "../../support/meta.ts";

describe("receive, kinds and races", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  const count = async (table: string, where = "true") =>
    (await row<{ n: number }>(cast.platform.db, `select count(*)::int as n from ${table} where ${where}`))?.n;
  const conversation = (id: number) =>
    row<Record<string, unknown>>(cast.platform.db, "select * from conversations where id = ?", [id]);
  it("shows a reaction on its message, changes it and takes it back, in any order of arrival", async () => {
    const target = wamid();
    const react = (emoji: string, at: Date) =>
      delivery(messageValue({ at, message: { type: "reaction", reaction: { message_id: target, emoji } } }));
    const start = Date.now() - 60_000;
    await deliver(cast, react("👍", new Date(start)));
    await write(cast, { id: target, at: new Date(start - 1000) });
    expect(await rows(cast.platform.db, "select emoji from message_reactions")).to.deep.equal([
      { emoji: "👍" },
    ]);
    await deliver(cast, react("❤️", new Date(start + 2000)), react("😂", new Date(start + 1000)));
    expect(await rows(cast.platform.db, "select emoji from message_reactions")).to.deep.equal([
      { emoji: "❤️" },
    ]);
    await deliver(cast, react("", new Date(start + 3000)));
    expect(await count("message_reactions", "emoji <> ''")).to.equal(0);
    await deliver(cast, react("👍", new Date(start + 500)));
    expect(await count("message_reactions", "emoji <> ''")).to.equal(0);
    expect(await count("conversations", "unread_count = 1")).to.equal(1);
  });

  it("keeps the first words of an edited message and shows the last", async () => {
    const id = wamid();
    const { messageId } = await write(cast, { id, message: "a las 5" });
    await write(cast, {
      message: {
        type: "edit",
        edit: { original_message_id: id, message: { type: "text", text: { body: "a las 6" } } },
      },
    });
    await write(cast, { message: { type: "revoke", revoke: { original_message_id: id } } });
    const stored = await row<Record<string, unknown>>(
      cast.platform.db,
      "select text, edited_text, revoked_at from messages where id = ?",
      [messageId],
    );
    expect(stored).to.include({ text: "a las 5", edited_text: "a las 6" });
    expect(stored?.revoked_at).to.be.instanceOf(Date);
  });

  it("links a reply to the message it answers", async () => {
    const id = wamid();
    const first = await write(cast, { id });
    const answer = await write(cast, {
      message: { type: "text", text: { body: "a esto" }, context: { id, from: lucia.wa_id } },
    });
    const stored = await row(cast.platform.db, "select reply_to_id from messages where id = ?", [
      answer.messageId,
    ]);
    expect(stored).to.deep.equal({ reply_to_id: first.messageId });
  });

  it("takes what the firm's phone wrote as an answer", async () => {
    const { conversationId } = await write(cast);
    const echo = {
      message_echoes: [
        {
          from: "525550001000",
          to: lucia.wa_id,
          id: wamid(),
          timestamp: seconds(new Date(Date.now() + 2000)),
          type: "text",
          text: { body: "Sí, abrimos" },
        },
      ],
    };
    await deliver(cast, delivery(echo, "smb_message_echoes"));
    expect(await conversation(conversationId)).to.include({
      unread_count: 0,
      waiting_since: null,
      preview_author: "phone",
    });
    expect(await count("service_windows")).to.equal(1);
  });

  it("fills the past without opening, counting or notifying", async () => {
    const messages = [
      { from: lucia.wa_id, id: "h1", timestamp: "1780000001", type: "text", text: { body: "hace meses" } },
    ];
    await deliver(cast, delivery({ history: [{ threads: [{ id: lucia.wa_id, messages }] }] }, "history"));
    expect(await count("conversations", "status = 'resolved' and unread_count = 0")).to.equal(1);
    expect(await count("service_windows")).to.equal(0);
    const { conversationId } = await write(cast);
    expect(await conversation(conversationId)).to.include({ status: "open", unread_count: 1 });
    expect(await count("conversations")).to.equal(2);
  });

  it("fills the placeholder of a file from the history when the file follows, once", async () => {
    const placeholder = {
      history: [
        {
          threads: [
            {
              id: lucia.wa_id,
              messages: [{ from: lucia.wa_id, id: "h9", timestamp: "1780000001", type: "media_placeholder" }],
            },
          ],
        },
      ],
    };
    const file = {
      messages: [
        {
          from: lucia.wa_id,
          id: "h9",
          timestamp: "1780000001",
          type: "image",
          image: { id: "M", mime_type: "image/jpeg" },
        },
      ],
    };
    await deliver(cast, delivery(placeholder, "history"));
    await deliver(cast, delivery(file, "history"));
    await deliver(cast, delivery(file, "history"), delivery(placeholder, "history"));
    expect(await rows(cast.platform.db, "select kind from messages")).to.deep.equal([{ kind: "image" }]);
    expect(await count("attachments")).to.equal(1);
  });

  it("keeps an isolated inbox's conversations apart from the shared one", async () => {
    const team = await row<{ id: number }>(cast.platform.db, "select id from teams where name = 'Soporte'");
    const hr = await connectWhatsApp(cast.diego, whatsappInbox("RH", "PN2"));
    await cast.platform.db("inboxes").where({ id: hr.id }).update({ isolated: true, team_id: team?.id });
    const shared = await write(cast);
    await deliver(cast, delivery(messageValue({ id: "hr1" }), "messages", "PN2"));
    const isolated = await row<{ conversation_id: number; contact_id: number }>(
      cast.platform.db,
      "select conversation_id, contact_id from messages where external_id = 'hr1'",
    );
    expect(isolated?.contact_id).to.equal(shared.contactId);
    expect(isolated?.conversation_id).to.not.equal(shared.conversationId);
  });

  it("quarantines what it cannot read, keeps the rest of the batch, and replays", async () => {
    await store(
      cast,
      Buffer.from("{broken"),
      delivery(messageValue({ id: "ok" })),
      delivery(messageValue(), "messages", "UNKNOWN"),
    );
    await drain(cast.system);
    const states = await rows<{ state: string; error: string | null }>(
      cast.platform.db,
      "select state, error from inbound_events order by id",
    );
    expect(states.map(({ state }) => state)).to.deep.equal(["quarantined", "done", "quarantined"]);
    expect(states[2]?.error).to.contain("unmatched").and.contain("UNKNOWN");
    expect(await count("messages")).to.equal(1);
  });

  it("isolates the poison event of a batch that the database refuses", async () => {
    await cast.platform.db.raw("alter table messages add constraint poison check (text <> 'veneno')");
    const bodies = Array.from({ length: 9 }, (_, n) =>
      delivery(messageValue({ message: n === 4 ? "veneno" : `sano ${n}` })),
    );
    await deliver(cast, ...bodies);
    expect(await count("messages")).to.equal(8);
    expect(await count("inbound_events", "state = 'quarantined'")).to.equal(1);
  });

  it("two processes at once: one row per id, one contact, one open conversation (T-R02)", async () => {
    const second = systemContext({
      ...cast.platform,
      db: openDatabase(cast.database.url, { size: 4, name: "second" }),
    });
    for (let round = 0; round < 12; round += 1) {
      const bodies = Array.from({ length: 40 }, (_, n) =>
        delivery(messageValue({ from: `52155${String(20_000_000 + (n % 8))}`, id: `r${round}-${n % 20}` })),
      );
      await store(cast, ...bodies.sort(() => Math.random() - 0.5));
      await Promise.all([drain(cast.system), drain(second), drain(cast.system)]);
    }
    await second.db.destroy();
    expect(await count("inbound_events", "state <> 'done'")).to.equal(0);
    expect(await count("messages")).to.equal(240);
    expect(await count("contacts")).to.equal(8);
    expect(await count("conversations")).to.equal(8);
    expect(
      await row(cast.platform.db, "select sum(unread_count)::int as n from conversations"),
    ).to.deep.equal({ n: 240 });
  });

  it("orders a thread by the provider's time, then by arrival, however it is shuffled (T-R04)", async () => {
    const at = Date.now() - 600_000;
    const bodies = Array.from({ length: 30 }, (_, n) =>
      delivery(
        messageValue({ id: `o${n}`, at: new Date(at + Math.floor(n / 10) * 1000), message: String(n) }),
      ),
    );
    for (const body of bodies.sort(() => Math.random() - 0.5)) await deliver(cast, body);
    const thread = await rows<{ text: string; sent_at: Date; id: number }>(
      cast.platform.db,
      "select text, sent_at, id from messages order by sent_at, id",
    );
    const inversions = thread.filter(
      (message, index) =>
        index > 0 && Math.floor(Number(message.text) / 10) < Math.floor(Number(thread[index - 1]?.text) / 10),
    );
    expect(inversions).to.deep.equal([]);
    expect(await row(cast.platform.db, "select left(preview, 1) as p from conversations")).to.deep.equal({
      p: "2",
    });
  });
});
