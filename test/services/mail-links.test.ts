import { expect } from "chai";
import { invite, requestReset } from "../../src/services/agents/links.ts";
import { mailLinks } from "../../src/services/agents/mail-links.ts";
import type { Context } from "../../src/services/platform/context.ts";
import { row } from "../../src/services/platform/database.ts";
import { openMailer } from "../../src/services/platform/mailer.ts";
import { composeLink } from "../../src/views/mail/links.ts";
import { type Cast, openCast } from "../support/cast.ts";
import { startSmtp } from "../support/smtp.ts";

describe("links by mail", () => {
  let cast: Cast;
  let smtp: Awaited<ReturnType<typeof startSmtp>>;
  const withMail = (ctx: Context): Context => ({ ...ctx, config: { ...ctx.config, smtpUrl: smtp.url } });
  beforeEach(async () => {
    cast = await openCast();
    smtp = await startSmtp();
  });
  afterEach(async () => {
    await smtp.close();
    await cast.close();
  });
  const send = async () => {
    const mailer = openMailer(smtp.url);
    const sent = await mailLinks(cast.system, mailer, (link) => composeLink(link, "https://hilo.test"));
    mailer.close();
    return sent;
  };

  it("go once, four processes at once, and leave nothing of themselves in the database", async () => {
    const { token } = await invite(withMail(cast.diego), {
      name: "Nora Paz",
      email: "nora@firm.test",
      role: "agent",
    });
    await requestReset(withMail(cast.system), "ANA@firm.test ");
    await requestReset(withMail(cast.system), "nadie@firm.test");
    const sent = await Promise.all([send(), send(), send(), send()]);
    expect(sent.reduce((sum, n) => sum + n, 0)).to.equal(2);
    expect(smtp.mails).to.have.length(2);
    const invitation = smtp.mails.find((mail) => mail.includes("nora@firm.test"));
    expect(invitation?.replaceAll("=\n", "")).to.contain(`/passwords/${token}`);
    expect(await row(cast.platform.db, "select 1 from agent_links where sealed_token is not null")).to.equal(
      null,
    );
    expect(await send()).to.equal(0);
  });

  it("line ends and other odd signs in names and firms make no header and no recipient", async () => {
    const odd = "Nora\r\nBcc: otra@evil.test\r\n\r\n<b>x</b>\u2028y\u0000z";
    await cast.platform.db("firm").update({ name: odd.replaceAll("\0", "") });
    await invite(withMail(cast.diego), {
      name: odd.replaceAll("\0", ""),
      email: "nora@firm.test",
      role: "agent",
    });
    await send();
    const [mail = ""] = smtp.mails;
    const [head = ""] = mail.split("\n\n");
    expect(head.split("\n").filter((line) => /^bcc:/i.test(line))).to.deep.equal([]);
    expect(head.match(/^To: .*$/gm)).to.deep.equal(["To: nora@firm.test"]);
    expect(head.match(/^Subject:/gm)).to.have.length(1);
    expect(head).to.match(/^Content-Type: text\/plain/m);
  });
});
