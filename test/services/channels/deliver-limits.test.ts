import { expect } from "chai";
import { backoffSeconds, deliver } from "../../../src/services/channels/deliver.ts";
import { fetchMedia } from "../../../src/services/channels/fetch-media.ts";
import { adviceFor } from "../../../src/services/channels/whatsapp/errors.ts";
import { mayHaveToken } from "../../../src/services/channels/whatsapp/media.ts";
import { reply } from "../../../src/services/conversations/reply.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { ChannelError } from "../../../src/services/platform/errors.ts";
import { type Cast, openCast } from "../../support/cast.ts";
import { deliver as arrive, delivery, wamid, write } from "../../support/meta.ts";
import { type FakeProvider, startProvider } from "../../support/provider.ts";

describe("deliver, limits and files", () => {
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

  const answer = (text: string) => reply(cast.ana, conversationId, { text });

  it("tries the other spelling once where development mode refuses the first, and remembers it", async () => {
    provider.script.push({ code: 131030 });
    await answer("Hola");
    await deliver(cast.system);
    expect(provider.accepted[0]?.body.to).to.equal("+525512345678");
    await answer("Otra");
    await deliver(cast.system);
    expect(provider.accepted[1]?.body.to).to.equal("+525512345678");
    const [identity] = await rows<{ external_id: string }>(
      cast.platform.db,
      "select external_id from contact_identities",
    );
    expect(identity?.external_id).to.equal("5215512345678");
  });

  it("answers a user id that has no phone", async () => {
    await arrive(
      cast,
      delivery({
        contacts: [{ user_id: "MX.77" }],
        messages: [
          {
            from_user_id: "MX.77",
            id: "u1",
            timestamp: String(Math.floor(Date.now() / 1000)),
            type: "text",
            text: { body: "x" },
          },
        ],
      }),
    );
    const other = await row<{ conversation_id: number }>(
      cast.platform.db,
      "select conversation_id from messages where external_id = 'u1'",
    );
    await reply(cast.ana, other?.conversation_id ?? 0, { text: "Hola" });
    await deliver(cast.system);
    expect(provider.accepted[0]?.body).to.include({ recipient: "MX.77" }).and.not.have.property("to");
  });

  it("respects the pair's limit before the provider complains", async () => {
    await cast.platform.db.raw("update service_windows set send_tokens = 2, send_tokens_at = now()");
    for (const text of ["1", "2", "3", "4"]) await answer(text);
    await deliver(cast.system);
    expect(provider.accepted).to.have.length(2);
    const waiting = await row<{ seconds: number }>(
      cast.platform.db,
      "select extract(epoch from min(due_at) - now())::float8 as seconds from messages where delivery = 'queued' and due_at > now()",
    );
    expect(waiting?.seconds).to.be.within(3, 6.1);
  });

  it("two processes send each message once", async () => {
    for (let n = 0; n < 8; n += 1) {
      const one = await write(cast, { from: `52155${30_000_000 + n}` });
      await reply(cast.ana, one.conversationId, { text: "a" });
      await reply(cast.ana, one.conversationId, { text: "b" });
    }
    await Promise.all([deliver(cast.system), deliver(cast.system), deliver(cast.system)]);
    const ids = provider.accepted.map(({ body }) => body.biz_opaque_callback_data);
    expect(ids).to.have.length(16);
    expect(new Set(ids).size).to.equal(16);
  });

  it("marks the inbox when the token is refused and pauses it when Meta asks", async () => {
    provider.script.push({ code: 190, status: 401 });
    await answer("Hola");
    await deliver(cast.system);
    expect(
      await row(cast.platform.db, "select authorization_lost_at is not null as lost from inboxes"),
    ).to.deep.equal({ lost: true });
    provider.script.push({ code: 80007, status: 429, retryAfter: 60 });
    await answer("Otra");
    await deliver(cast.system);
    expect(
      await row(
        cast.platform.db,
        "select paused_until > now() + interval '50 seconds' as paused from inboxes",
      ),
    ).to.deep.equal({ paused: true });
  });

  it("waits longer each time, as long as the provider says", () => {
    const error = (code: number, retryAfterSeconds: number | null = null) =>
      new ChannelError("x", { outcome: "retry", code, retryAfterSeconds });
    expect([1, 2, 3, 20].map((attempt) => backoffSeconds(attempt, error(131000), 0.5))).to.deep.equal([
      2, 4, 8, 512,
    ]);
    expect(backoffSeconds(3, error(131056), 0.5)).to.equal(64);
    expect(backoffSeconds(1, error(4, 30), 0)).to.equal(30);
  });

  it("knows what to do about every documented code", () => {
    const codes = {
      131047: "window_closed",
      131026: "unreachable",
      190: "authorize",
      210: "authorize",
      131056: "too_fast",
      131042: "account",
      132001: "template",
      131050: "opted_out",
      131049: "wait_a_day",
      131053: "media",
      131030: "not_allowed_yet",
      131016: "retry",
      100: "request",
      424242: "unknown",
    };
    for (const [code, advice] of Object.entries(codes))
      expect(adviceFor(Number(code)), code).to.equal(advice);
  });

  it("fetches files with the token, by content, and shows what failed", async () => {
    const png = Buffer.from(
      "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
      "base64",
    );
    provider.media.set("M1", { bytes: png, type: "text/html" });
    provider.media.set("M2", {
      bytes: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
      type: "image/svg+xml",
    });
    await write(cast, { message: { type: "image", image: { id: "M1", mime_type: "image/jpeg" } } });
    await write(cast, { message: { type: "image", image: { id: "M2", mime_type: "image/svg+xml" } } });
    await write(cast, { message: { type: "image", image: { id: "GONE", mime_type: "image/jpeg" } } });
    await fetchMedia(cast.system);
    const files = await rows<Record<string, unknown>>(
      cast.platform.db,
      "select state, media_type, thumbnail_key is not null as thumb, attempts from attachments order by id",
    );
    expect(files[0]).to.include({ state: "stored", media_type: "image/png", thumb: true });
    expect(files[1]).to.include({ state: "stored", thumb: false });
    expect(files[1]?.media_type).to.not.match(/^image/);
    expect(files[2]).to.include({ state: "failed", attempts: 1 });
  });

  it("gives the token to Meta's hosts only", () => {
    const api = "https://graph.facebook.com";
    for (const url of [
      "https://lookaside.fbsbx.com/x",
      "https://mmg.whatsapp.net/y",
      "https://graph.facebook.com/z",
    ])
      expect(mayHaveToken(url, api), url).to.equal(true);
    for (const url of [
      "http://lookaside.fbsbx.com/x",
      "https://fbsbx.com.evil.test/x",
      "https://evilfbsbx.com/x",
      "https://127.0.0.1/x",
      "https://lookaside.fbsbx.com:8443/x",
    ])
      expect(mayHaveToken(url, api), url).to.equal(false);
  });
});
