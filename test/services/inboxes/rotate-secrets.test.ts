import { mkdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { generate } from "otplib";
import { confirmTotp, offerTotp, takeCode } from "../../../src/services/agents/second-factor.ts";
import { seal } from "../../../src/services/audit/seal.ts";
import { verify } from "../../../src/services/audit/verify.ts";
import { findConnectedInbox } from "../../../src/services/inboxes/queries.ts";
import { rotateSecrets } from "../../../src/services/inboxes/rotate-secrets.ts";
import { row, rows } from "../../../src/services/platform/database.ts";
import { addKey, openSecrets } from "../../../src/services/platform/secrets.ts";
import { appSecret, type Cast, openCast } from "../../support/cast.ts";
import { dataFolder, rejected } from "../../support/hilo.ts";
import { store, write } from "../../support/meta.ts";

describe("another key of the installation", () => {
  let cast: Cast;
  before(async () => {
    cast = await openCast();
  });
  after(() => cast.close());

  it("opens everything again, the old one nothing any more; what waits is still found, and old seals are still proved", async () => {
    const { db } = cast.platform;
    const { dataDir } = cast.platform.config;
    const old = cast.platform.secrets;
    const offer = await offerTotp(cast.ana);
    await confirmTotp(cast.ana, await generate({ secret: offer.secret }));
    await offerTotp(cast.bruno);
    await write(cast);
    await seal(cast.system);
    await store(cast, Buffer.from("{}"));
    const oldPrint = old.fingerprint(appSecret);
    const columns =
      "select secrets as s from inboxes union all select totp_secret from agents where totp_secret is not null";
    const before = (await rows<{ s: string }>(db, columns)).map(({ s }) => s);

    addKey(dataDir);
    const lines = readFileSync(`${dataDir}/secret.key`, "utf8").trim().split("\n");
    expect(lines).to.have.length(2);
    const both = openSecrets(cast.platform.config);
    for (const text of before) expect(both.decrypt(text)).to.equal(old.decrypt(text));
    expect(await rotateSecrets({ ...cast.system, secrets: both })).to.equal(3);
    expect(await rotateSecrets({ ...cast.system, secrets: both }), "the same again").to.equal(3);

    const fresh = openSecrets({ secretKey: lines[0] ?? "", dataDir: "" });
    const inbox = await findConnectedInbox(db, fresh, cast.inbox.id);
    expect(inbox).to.not.equal(null);
    const after = (await rows<{ s: string }>(db, columns)).map(({ s }) => s);
    for (const text of after) {
      expect(() => fresh.decrypt(text)).to.not.throw();
      expect(() => old.decrypt(text)).to.throw("another key");
    }
    const code = await generate({ secret: offer.secret, epoch: Math.floor(Date.now() / 1000) + 30 });
    expect(await takeCode(db, fresh, cast.ids.ana, code)).to.equal(true);
    const prints = await row<{ old: number; now: number }>(
      db,
      "select count(*) filter (where secret_fingerprint = ?)::int as old, count(*) filter (where secret_fingerprint = ?)::int as now from inbound_events",
      [oldPrint, fresh.fingerprint(appSecret)],
    );
    expect(prints?.old).to.equal(0);
    expect(prints?.now).to.be.greaterThan(0);

    await seal({ ...cast.system, secrets: both });
    expect((await verify({ ...cast.system, secrets: both })).fault).to.equal(null);
    expect(
      (await verify({ ...cast.system, secrets: openSecrets({ secretKey: "x".repeat(40), dataDir: "" }) }))
        .fault,
    ).to.match(/not made by this installation/);
  });

  it("changes nothing when one of the values is of neither key", async () => {
    const { db } = cast.platform;
    const before = await rows(db, "select id, secrets from inboxes order by id");
    const folder = dataFolder("elsewhere");
    mkdirSync(folder, { recursive: true });
    const wrong = openSecrets({ secretKey: null, dataDir: folder });
    expect(String(await rejected(rotateSecrets({ ...cast.system, secrets: wrong })))).to.contain(
      "another key",
    );
    expect(await rows(db, "select id, secrets from inboxes order by id")).to.deep.equal(before);
  });
});
