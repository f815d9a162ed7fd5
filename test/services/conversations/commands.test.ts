import { expect } from "chai";
import { deactivateAgent } from "../../../src/services/agents/agent.ts";
import { assign } from "../../../src/services/conversations/assign.ts";
import { getDrafts, saveDraft } from "../../../src/services/conversations/drafts.ts";
import { countInbox, listInbox } from "../../../src/services/conversations/list.ts";
import { addNote } from "../../../src/services/conversations/note.ts";
import { getConversation } from "../../../src/services/conversations/queries.ts";
import { isEmoji } from "../../../src/services/conversations/react.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import {
  reopen,
  resolve,
  setPending,
  snooze,
  wakeSnoozed,
} from "../../../src/services/conversations/status.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { Invalid } from "../../../src/services/platform/errors.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { write } from "../../support/meta.ts";

async function refusal(work: Promise<unknown>): Promise<Error> {
  return work.then(
    () => new Error("was allowed"),
    (error: Error) => error,
  );
}

describe("conversation commands", () => {
  let cast: Cast;
  let id: number;
  beforeEach(async () => {
    cast = await openCast();
    id = (await write(cast)).conversationId;
  });
  afterEach(() => cast.close());

  const audited = async () =>
    (
      await rows<{ act: string }>(
        cast.platform.db,
        "select act from audit_events where conversation_id = ? order by id",
        [id],
      )
    ).map(({ act }) => act);
  const list = (view: "mine" | "queue" | "all", more = {}) =>
    listInbox(cast.ana, { view, status: null, unread: false, search: "", limit: 50, ...more }).then(
      ({ rows: found }) => found.map((one) => one.id),
    );

  it("a reply queues a message, takes the conversation, ends the waiting and is audited", async () => {
    const message = await reply(cast.ana, id, { text: "  Sí, hasta las 20 h  " });
    expect(message).to.include({ delivery: "queued", text: "Sí, hasta las 20 h", authorName: "Ana Torres" });
    const after = await getConversation(cast.ana, id);
    expect(after).to.include({ assigneeId: cast.ids.ana, waitingSince: null, unreadCount: 0 });
    expect(after.firstResponseAt).to.be.instanceOf(Date);
    expect(await audited()).to.have.members(["message.sent", "conversation.assigned"]);
  });

  it("the same form twice makes one message, also at the same moment", async () => {
    const clientToken = "7f9c24e8-3b12-4f6a-9d0e-1a2b3c4d5e6f";
    const both = await Promise.all([1, 2, 3].map(() => reply(cast.ana, id, { text: "Hola", clientToken })));
    expect(new Set(both.map((message) => message.id)).size).to.equal(1);
  });

  for (const [name, text, key] of [
    ["nothing", "", "composer.empty"],
    ["only spaces and NUL", " \0 \n", "composer.empty"],
    ["4097 characters", "a".repeat(4097), "composer.too_long"],
  ] as const) {
    it(`refuses a reply of ${name}`, async () => {
      const error = await refusal(reply(cast.ana, id, { text }));
      expect(error).to.be.instanceOf(Invalid);
      expect((error as Invalid).fields).to.deep.equal({ text: key });
    });
  }

  it("takes 4096 emoji, right-to-left text and lone surrogates", async () => {
    expect((await reply(cast.ana, id, { text: "🙌".repeat(4096) })).text).to.have.length(8192);
    expect((await reply(cast.ana, id, { text: "مرحبا" })).text).to.equal("مرحبا");
    expect((await reply(cast.ana, id, { text: "a\ud83d b\0c" })).text).to.equal("a\ufffd bc");
  });

  it("refuses to write when the window is closed or the conversation resolved", async () => {
    await cast.platform.db.raw("update service_windows set ends_at = now() - interval '1 minute'");
    expect(await refusal(reply(cast.ana, id, { text: "x" }))).to.have.nested.property(
      "fields.text",
      "composer.window_closed",
    );
    await resolve(cast.ana, id);
    expect((await refusal(reply(cast.ana, id, { text: "x" }))).name).to.equal("Conflict");
  });

  it("resolves once, reopens, and does not reopen beside another open one", async () => {
    await resolve(cast.ana, id);
    await resolve(cast.ana, id);
    expect(await audited()).to.deep.equal(["conversation.resolved"]);
    await reopen(cast.ana, id);
    expect((await getConversation(cast.ana, id)).status).to.equal("open");
    await resolve(cast.ana, id);
    await cast.platform.db("conversations").update({ resolved_at: new Date(Date.now() - 48 * 3600_000) });
    await write(cast);
    expect((await refusal(reopen(cast.ana, id))).message).to.equal("conversation.other_open");
  });

  it("snoozes until a time, wakes at it, and refuses the past", async () => {
    const until = new Date(cast.clock.now.getTime() + 3600_000);
    await snooze(cast.ana, id, until);
    expect(await wakeSnoozed(cast.system)).to.equal(0);
    await cast.platform.db.raw("update conversations set snoozed_until = now() - interval '1 second'");
    expect(await Promise.all([wakeSnoozed(cast.system), wakeSnoozed(cast.system)])).to.have.members([0, 1]);
    expect(await refusal(snooze(cast.ana, id, new Date(0)))).to.be.instanceOf(Invalid);
    expect((await setPending(cast.ana, id)).status).to.equal("pending");
  });

  it("assigns to active agents only, and gives a leaver's conversations back", async () => {
    await assign(cast.carmen, id, { agentId: cast.ids.bruno });
    expect((await getConversation(cast.ana, id)).assigneeName).to.equal("Bruno Vega");
    await deactivateAgent(cast.diego, cast.ids.bruno);
    expect((await getConversation(cast.ana, id)).assigneeId).to.equal(null);
    expect(await refusal(assign(cast.ana, id, { agentId: cast.ids.bruno }))).to.be.instanceOf(Invalid);
    expect(await refusal(assign(cast.ana, id, { agentId: 999_999 }))).to.be.instanceOf(Invalid);
  });

  it("keeps the last administrator", async () => {
    expect((await refusal(deactivateAgent(cast.system, cast.ids.diego))).message).to.equal(
      "agents.last_admin",
    );
    expect((await refusal(deactivateAgent(cast.diego, cast.ids.diego))).message).to.equal(
      "agents.not_yourself",
    );
    expect((await refusal((async () => deactivateAgent(cast.ana, cast.ids.bruno))())).name).to.equal(
      "Forbidden",
    );
  });

  it("a note never becomes a message, and is written once", async () => {
    const clientToken = "7f9c24e8-3b12-4f6a-9d0e-1a2b3c4d5e70";
    const one = await addNote(cast.ana, id, { text: "No pedirle las fotos otra vez", clientToken });
    const two = await addNote(cast.ana, id, { text: "No pedirle las fotos otra vez", clientToken });
    expect(two.id).to.equal(one.id);
    expect(
      await row(cast.platform.db, "select count(*)::int as n from messages where direction = 'outbound'"),
    ).to.deep.equal({ n: 0 });
  });

  it("drafts belong to one agent and one kind, and leave with what was sent", async () => {
    await saveDraft(cast.ana, id, { kind: "reply", text: "Hola Luc" });
    await saveDraft(cast.ana, id, { kind: "note", text: "llamar" });
    expect(await getDrafts(cast.ana, id)).to.deep.equal({ reply: "Hola Luc", note: "llamar" });
    expect(await getDrafts(cast.bruno, id)).to.deep.equal({ reply: "", note: "" });
    await reply(cast.ana, id, { text: "Hola Lucía" });
    expect(await getDrafts(cast.ana, id)).to.deep.equal({ reply: "", note: "llamar" });
  });

  it("lists mine, the queue by waiting, all by activity; searches names without accents and phones", async () => {
    const second = await write(cast, {
      from: "34600112233",
      name: "Núria Ferrer",
      at: new Date(Date.now() - 600_000),
    });
    expect(await list("queue")).to.deep.equal([second.conversationId, id]);
    expect(await list("all")).to.deep.equal([id, second.conversationId]);
    await assign(cast.ana, id, { agentId: cast.ids.ana });
    expect(await list("mine")).to.deep.equal([id]);
    expect(await list("all", { search: "nuria" })).to.deep.equal([second.conversationId]);
    expect(await list("all", { search: "600 11" })).to.deep.equal([second.conversationId]);
    expect(await list("all", { search: "100%_" })).to.deep.equal([]);
    expect(await countInbox(cast.ana)).to.deep.equal({ mine: 1, queue: 1, all: 2, unread: 1 });
  });

  it("knows one emoji from anything else", () => {
    for (const good of ["👍", "❤️", "👩‍👩‍👧", "🇲🇽", ""]) expect(isEmoji(good), good).to.equal(true);
    for (const bad of ["a", "👍👍", "<b>", " "]) expect(isEmoji(bad), bad).to.equal(false);
  });
});
