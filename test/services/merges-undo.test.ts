import { expect } from "chai";
import { getContact } from "../../src/services/contacts/queries.ts";
import { updateContact } from "../../src/services/contacts/save-contact.ts";
import { getConversation } from "../../src/services/conversations/queries.ts";
import { reply } from "../../src/services/conversations/reply.ts";
import { reopen, resolve } from "../../src/services/conversations/status.ts";
import { mergeContacts } from "../../src/services/merges/merge.ts";
import { separateIdentity } from "../../src/services/merges/separate.ts";
import { undoMerge } from "../../src/services/merges/undo.ts";
import { rows } from "../../src/services/platform/database.ts";
import { eraseContact } from "../../src/services/privacy/erase-contact.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { write } from "../support/meta.ts";

describe("merges, undone after all kinds of things", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    cast.clock.advance(-60 * 1440);
  });
  after(() => cast.close());
  /** Whatever was done: every message stands with its identity's contact, in a conversation of that contact. */
  afterEach(async () => {
    const stray = await query(
      `select m.id, m.text from messages m join conversations c on c.id = m.conversation_id left join contact_identities i on i.id = m.identity_id
       where c.contact_id <> m.contact_id or i.contact_id <> m.contact_id`,
    );
    const ghosts = await query(
      "select c.id from conversations c where c.status <> 'resolved' and not exists (select 1 from messages m where m.conversation_id = c.id)",
    );
    expect({ stray, ghosts }).to.deep.equal({ stray: [], ghosts: [] });
  });

  let n = 0;
  const number = () => {
    n += 1;
    return `52155${30_000_000 + n}`;
  };
  const says = (from: string, message: string) => {
    cast.clock.advance(1);
    return write(cast, { from, name: `Persona ${from.slice(-2)}`, message, at: cast.clock.now });
  };
  const query = <T>(sql: string, ...bindings: unknown[]) => rows<T>(cast.platform.db, sql, bindings);
  const words = async (contactId: number) =>
    (
      await query<{ text: string }>(
        "select text from messages where contact_id = ? order by sent_at, id",
        contactId,
      )
    ).map(({ text }) => text);

  it("gives the kept one what they wrote in the other's conversation, and both can be erased", async () => {
    const [a, b] = [number(), number()];
    const kept = await says(a, "soy A");
    await resolve(cast.ana, kept.conversationId);
    cast.clock.advance(3 * 1440);
    const other = await says(b, "soy B");
    const { id } = await mergeContacts(cast.ana, kept.contactId, other.contactId);
    expect((await says(a, "A otra vez")).conversationId).to.equal(other.conversationId);
    await undoMerge(cast.ana, kept.contactId, id);
    expect(await words(kept.contactId)).to.deep.equal(["soy A", "A otra vez"]);
    expect(await words(other.contactId)).to.deep.equal(["soy B"]);
    expect((await getConversation(cast.ana, other.conversationId)).preview).to.equal("soy B");
    await eraseContact(cast.diego, kept.contactId);
    await eraseContact(cast.diego, other.contactId);
  });

  it("keeps one open conversation when an old one was reopened since", async () => {
    const [a, b] = [number(), number()];
    const old = await says(b, "vieja de B");
    await resolve(cast.ana, old.conversationId);
    cast.clock.advance(3 * 1440);
    const other = await says(b, "nueva de B");
    const kept = await says(a, "soy A");
    const { id } = await mergeContacts(cast.ana, kept.contactId, other.contactId);
    await resolve(cast.ana, kept.conversationId);
    await reopen(cast.ana, old.conversationId);
    await undoMerge(cast.ana, kept.contactId, id);
    const open = await query(
      "select id from conversations where contact_id = ? and status <> 'resolved'",
      other.contactId,
    );
    expect(open).to.deep.equal([{ id: old.conversationId }]);
    expect(await words(other.contactId)).to.deep.equal(["vieja de B", "nueva de B"]);
  });

  it("of two merges into one, the first undone leaves the other's waiting message in sight", async () => {
    const [a, b, c] = [number(), number(), number()];
    const kept = await says(a, "soy A");
    const second = await says(b, "soy B");
    const third = await says(c, "soy C");
    await reply(cast.ana, kept.conversationId, { text: "respuesta a A" });
    const last = await says(b, "B espera");
    await updateContact(cast.ana, second.contactId, { custom: { de_b: "b" } });
    await updateContact(cast.ana, third.contactId, { custom: { de_c: "c" } });
    const first = await mergeContacts(cast.ana, kept.contactId, second.contactId);
    const later = await mergeContacts(cast.ana, kept.contactId, third.contactId);
    await undoMerge(cast.ana, kept.contactId, first.id);
    const survivor = await getConversation(cast.ana, kept.conversationId);
    expect(survivor).to.deep.include({ status: "open", preview: "respuesta a A" });
    expect((await getContact(cast.ana, kept.contactId)).custom).to.deep.equal({ de_c: "c" });
    const theirs = await getConversation(cast.ana, last.conversationId);
    expect(theirs).to.deep.include({ status: "open", preview: "B espera", contactId: second.contactId });
    expect(theirs.waitingSince).to.not.equal(null);
    await undoMerge(cast.ana, kept.contactId, later.id);
    expect((await getContact(cast.ana, kept.contactId)).custom).to.deep.equal({});
    expect(await words(third.contactId)).to.deep.equal(["soy C"]);
  });

  it("after a number was taken off, leaves no open conversation without a word in it", async () => {
    const [a, b] = [number(), number()];
    const kept = await says(a, "soy A");
    const other = await says(b, "soy B");
    const { id } = await mergeContacts(cast.ana, kept.contactId, other.contactId);
    const [identity] = await query<{ id: number }>(
      "select id from contact_identities where external_id = ?",
      b,
    );
    const apart = await separateIdentity(cast.ana, kept.contactId, identity?.id ?? 0);
    await undoMerge(cast.ana, kept.contactId, id);
    expect(await words(apart)).to.deep.equal(["soy B"]);
    expect((await getConversation(cast.ana, other.conversationId)).status).to.equal("resolved");
  });

  it("takes what a person answered in time: a reply that waits for the merge is not lost", async () => {
    const [a, b] = [number(), number()];
    const kept = await says(a, "soy A");
    const other = await says(b, "soy B");
    await resolve(cast.ana, kept.conversationId);
    // What a merge does to the row, held open while the reply waits for it.
    const moving = await cast.platform.db.transaction();
    await moving.raw("update conversations set contact_id = ? where id = ?", [
      kept.contactId,
      other.conversationId,
    ]);
    await moving.raw("update messages set contact_id = ? where conversation_id = ?", [
      kept.contactId,
      other.conversationId,
    ]);
    await moving.raw("update contact_identities set contact_id = ? where contact_id = ?", [
      kept.contactId,
      other.contactId,
    ]);
    const answering = reply(cast.ana, other.conversationId, { text: "aquí estoy" });
    await new Promise((done) => setTimeout(done, 100));
    await moving.commit();
    expect((await answering).contactId).to.equal(kept.contactId);
  });
});
