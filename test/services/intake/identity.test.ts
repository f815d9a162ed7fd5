import { expect } from "chai";
import { deactivateAgent } from "../../../src/services/agents/agent.ts";
import { drain } from "../../../src/services/channels/drain.ts";
import { settleEarly } from "../../../src/services/channels/settle-early.ts";
import { assign } from "../../../src/services/conversations/assign.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { deliver, delivery, lucia, messageValue, seconds, store, wamid, write } from "../../support/meta.ts";

/** What a hostile review found, each kept from coming back. */
describe("receive, people who change", () => {
  let cast: Cast;
  beforeEach(async () => {
    cast = await openCast();
  });
  afterEach(() => cast.close());

  const people = () =>
    rows<{ contact_id: number; external_id: string }>(
      cast.platform.db,
      "select contact_id, external_id from contact_identities order by external_id",
    );
  const phones = () => rows<{ phone: string }>(cast.platform.db, "select phone from contacts order by id");
  const changed = (from: string, to: string, id: string, more = {}) =>
    delivery({
      messages: [
        {
          from,
          id,
          timestamp: seconds(new Date()),
          type: "system",
          system: { type: "user_changed_number", wa_id: to },
          ...more,
        },
      ],
    });
  const said = (ids: { from?: string; from_user_id?: string }, id = wamid(), at = new Date()) =>
    delivery({ messages: [{ ...ids, id, timestamp: seconds(at), type: "text", text: { body: "x" } }] });

  it("a changed user id keeps the person: phone, conversation and history", async () => {
    await deliver(cast, said({ from: lucia.wa_id, from_user_id: "MX.1" }));
    const change = { type: "user_changed_user_id", user_id: "MX.2", previous_user_id: "MX.1" };
    await deliver(
      cast,
      delivery({
        messages: [
          {
            from: lucia.wa_id,
            from_user_id: "MX.1",
            id: "s1",
            timestamp: seconds(new Date()),
            type: "system",
            system: change,
          },
        ],
      }),
    );
    await deliver(cast, said({ from_user_id: "MX.2" }));
    expect(await people()).to.deep.equal([
      { contact_id: 1, external_id: lucia.wa_id },
      { contact_id: 1, external_id: "MX.2" },
    ]);
  });

  it("a change told again moves nobody: not back, and not the next owner of the number", async () => {
    await deliver(cast, said({ from: "5215500000001" }));
    await deliver(cast, changed("5215500000001", "5215500000002", "c1"));
    await deliver(cast, changed("5215500000002", "5215500000001", "c2"));
    await deliver(cast, changed("5215500000001", "5215500000002", "c1"));
    expect(await people()).to.deep.equal([{ contact_id: 1, external_id: "5215500000001" }]);
    await deliver(cast, changed("5215500000001", "5215500000003", "c3"));
    await deliver(cast, said({ from: "5215500000001" }));
    await deliver(cast, changed("5215500000001", "5215500000003", "c3"));
    expect(await phones()).to.deep.equal([{ phone: "+5215500000003" }, { phone: "+5215500000001" }]);
  });

  it("a change to a number that somebody else has moves neither the identity nor the phone", async () => {
    await deliver(cast, said({ from: "5215500000001" }), said({ from: "5215500000002" }));
    await deliver(cast, changed("5215500000001", "5215500000002", "c1"));
    expect(await phones()).to.deep.equal([{ phone: "+5215500000001" }, { phone: "+5215500000002" }]);
  });

  it("one person stays one however their messages are batched", async () => {
    await store(
      cast,
      said({ from: lucia.wa_id, from_user_id: "MX.9" }),
      said({ from_user_id: "MX.9" }),
      said({ from: lucia.wa_id }),
    );
    await drain(cast.system);
    await deliver(cast, said({ from_user_id: "MX.9" }));
    expect(await row(cast.platform.db, "select count(*)::int as n from contacts")).to.deep.equal({ n: 1 });
    const before = new Date(Date.now() - 5000);
    await store(cast, said({ from: "5215511110000" }));
    await drain(cast.system);
    await store(
      cast,
      said({ from: "5215511110000" }, wamid(), before),
      changed("5215511110000", "5215511119999", "cc"),
    );
    await drain(cast.system);
    expect(await row(cast.platform.db, "select count(*)::int as n from contacts")).to.deep.equal({ n: 2 });
  });

  it("an emoji at the edge of the preview does not lose the message", async () => {
    await write(cast, { message: `${"a".repeat(159)}😀 y sigue` });
    expect(
      await row(
        cast.platform.db,
        "select count(*)::int as n from inbound_events where state = 'quarantined'",
      ),
    ).to.deep.equal({ n: 0 });
  });

  it("a status that crossed its message in two transactions is settled by the sweep", async () => {
    const { messageId } = await write(cast, { id: "w-late" });
    await cast.platform.db("early_events").insert({
      inbox_id: cast.inbox.id,
      external_id: "w-late",
      event: JSON.stringify({
        type: "edit",
        inboxId: cast.inbox.id,
        externalId: "w-late",
        at: new Date().toISOString(),
        text: "corregido",
      }),
    });
    expect(await settleEarly(cast.system)).to.equal(1);
    expect(
      await row(cast.platform.db, "select edited_text from messages where id = ?", [messageId]),
    ).to.deep.equal({ edited_text: "corregido" });
    expect(await settleEarly(cast.system)).to.equal(0);
  });

  it("a conversation of somebody who left reopens into the queue; what is weeks old begins anew", async () => {
    const { conversationId } = await write(cast);
    await assign(cast.ana, conversationId, { agentId: cast.ids.bruno });
    await resolve(cast.ana, conversationId);
    await deactivateAgent(cast.diego, cast.ids.bruno);
    await deliver(cast, delivery(messageValue({ at: new Date(Date.now() - 21 * 86_400_000) })));
    expect(
      await row(cast.platform.db, "select status from conversations where id = ?", [conversationId]),
    ).to.deep.equal({ status: "resolved" });
    await cast.platform.db.raw(
      "update conversations set status = 'resolved', resolved_at = now() where status = 'open'",
    );
    await cast.platform.db.raw(
      "update conversations set resolved_at = now() - interval '2 days' where id <> ?",
      [conversationId],
    );
    await write(cast);
    expect(
      await row(cast.platform.db, "select status, assignee_id from conversations where id = ?", [
        conversationId,
      ]),
    ).to.deep.equal({ status: "open", assignee_id: null });
  });
});
