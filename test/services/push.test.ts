import { createECDH, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { expect } from "chai";
import { getPushKeys, pushAlerts, subscribe } from "../../src/services/alerts/push.ts";
import { Invalid } from "../../src/services/platform/errors.ts";
import { escalate } from "../../src/services/routing/escalate.ts";
import { composePush } from "../../src/views/mail/alerts.ts";
import { openCast } from "../support/cast.ts";
import { write } from "../support/meta.ts";
import { openAlways, pass } from "../support/time.ts";

describe("push", () => {
  it("tells the browsers of whom was alerted, once, encrypted, and forgets those that are gone", async () => {
    const cast = await openCast();
    await openAlways(cast);
    const heard: { path: string; encoding: string; vapid: boolean; bytes: number }[] = [];
    const server = createServer((req, res) => {
      let bytes = 0;
      req.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      req.on("end", () => {
        const { url = "", headers } = req;
        const vapid = /^vapid t=.+k=/.test(headers.authorization ?? "");
        heard.push({ path: url, encoding: String(headers["content-encoding"]), vapid, bytes });
        res.writeHead(url === "/gone" ? 410 : 201).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`;
    const browser = () => {
      const pair = createECDH("prime256v1");
      pair.generateKeys();
      return { p256dh: pair.getPublicKey("base64url"), auth: randomBytes(16).toString("base64url") };
    };
    const { db } = cast.platform;
    for (const path of ["/here", "/gone"])
      await db("push_subscriptions").insert({
        agent_id: cast.ids.carmen,
        endpoint: base + path,
        ...browser(),
      });
    await write(cast);
    await pass(cast, 11);
    await escalate(cast.system);
    const inside = { ...cast.system, config: { ...cast.platform.config, internalOrigins: [base] } };
    const both = await Promise.all(
      [1, 2].map(() => pushAlerts(inside, composePush, "mailto:hilo@firm.test")),
    );
    expect(both.reduce((a, b) => a + b)).to.equal(1);
    expect(heard.map(({ path }) => path)).to.have.members(["/here", "/gone"]);
    for (const { encoding, vapid, bytes } of heard) {
      expect(encoding).to.equal("aes128gcm");
      expect(vapid).to.equal(true);
      expect(bytes).to.be.greaterThan(100);
    }
    expect(await db("push_subscriptions").select("endpoint")).to.deep.equal([{ endpoint: `${base}/here` }]);
    server.close();
    await cast.close();
  });

  it("asks nobody but the push services of browsers, and keeps one pair of keys", async () => {
    const cast = await openCast();
    const keys = { p256dh: "x", auth: "y" };
    for (const endpoint of [
      "http://fcm.googleapis.com/x",
      "https://10.0.0.1/x",
      "https://fcm.googleapis.com.evil.test/x",
      "https://fcm.googleapis.com:8443/x",
      "no",
    ])
      expect(
        await subscribe(cast.ana, { endpoint, ...keys }).catch((error: unknown) => error),
        endpoint,
      ).to.be.instanceOf(Invalid);
    await subscribe(cast.ana, { endpoint: "https://fcm.googleapis.com/fcm/send/abc", ...keys });
    const [a, b] = await Promise.all([getPushKeys(cast.system), getPushKeys(cast.system)]);
    expect(a).to.deep.equal(b);
    const stored = await cast.platform.db("push_keys").first();
    expect(stored?.private_key).not.to.contain(a.privateKey);
    await cast.close();
  });
});
