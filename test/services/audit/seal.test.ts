import { expect } from "chai";
import { seal, verify } from "../../../src/services/audit/seal.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { resolve } from "../../../src/services/conversations/status.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { write } from "../../support/meta.ts";

describe("seals", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
    const { conversationId } = await write(cast, { message: "Hola" });
    await reply(cast.ana, conversationId, { text: "Buenas" });
    await seal(cast.system);
    await resolve(cast.ana, conversationId);
    await seal(cast.system);
  });
  after(() => cast.close());

  it("prove that nothing was changed, and stay valid when a message is delivered", async () => {
    await cast.platform.db.raw(
      "update messages set delivery = 'read', external_id = 'w' where direction = 'outbound'",
    );
    const result = await verify(cast.system);
    expect(result).to.include({ seals: 2, messages: 2, fault: null });
    expect(result.auditEvents).to.be.greaterThan(5);
  });

  for (const [name, change, back] of [
    [
      "a changed message",
      "update messages set text = 'otra' where id = 1",
      "update messages set text = 'Hola' where id = 1",
    ],
    [
      "a changed audit event",
      "alter table audit_events disable trigger user; update audit_events set actor_id = 1 where id = 3",
      "update audit_events set actor_id = null where id = 3",
    ],
    [
      "a removed audit event",
      "alter table audit_events disable trigger user; create table kept as select * from audit_events where id = 2; delete from audit_events where id = 2",
      "insert into audit_events overriding system value select * from kept",
    ],
  ] as const) {
    it(`find ${name}`, async () => {
      await cast.platform.db.raw(change);
      const found = await verify(cast.system);
      await cast.platform.db.raw(back);
      expect(found.fault).to.be.a("string");
      expect((await verify(cast.system)).fault).to.equal(null);
    });
  }
});
