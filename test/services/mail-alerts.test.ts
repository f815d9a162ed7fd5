import { expect } from "chai";
import { mailAlerts } from "../../src/services/alerts/mail-alerts.ts";
import { openMailer } from "../../src/services/platform/mailer.ts";
import { escalate } from "../../src/services/routing/escalate.ts";
import { composeAlerts } from "../../src/views/mail/alerts.ts";
import { openCast } from "../support/cast.ts";
import { write } from "../support/meta.ts";
import { startSmtp } from "../support/smtp.ts";
import { openAlways, pass } from "../support/time.ts";

describe("mail of alerts", () => {
  it("goes once to whoever has not looked, without what the contact wrote", async () => {
    const cast = await openCast();
    const smtp = await startSmtp();
    const mailer = openMailer(smtp.url);
    await openAlways(cast);
    const { conversationId } = await write(cast, { message: "algo privado" });
    await pass(cast, 11);
    await escalate(cast.system);
    const mail = () => mailAlerts(cast.system, mailer, (one) => composeAlerts(one, "https://hilo.test"));
    expect(await mail()).to.equal(0);
    await cast.platform.db.raw("update alerts set created_at = created_at - interval '1 minute'");
    await cast.platform.db("alerts").where({ agent_id: cast.ids.carmen }).update({ seen_at: new Date() });
    expect((await Promise.all([mail(), mail()])).reduce((a, b) => a + b)).to.equal(1);
    expect(smtp.mails).to.have.length(1);
    expect(smtp.mails[0])
      .to.contain("To: diego@firm.test")
      .and.contain(`https://hilo.test/conversations/${conversationId}`)
      .and.not.contain("privado");
    mailer.close();
    await smtp.close();
    await cast.close();
  });
});
