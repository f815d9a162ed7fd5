import { expect } from "chai";
import { connectWhatsApp } from "../../src/services/inboxes/connect.ts";
import { row } from "../../src/services/platform/database.ts";
import { whatsappInbox } from "../support/cast.ts";
import { type Hilo, startHilo, tokenIn } from "../support/hilo.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

describe("access: what is isolated, and odd questions", () => {
  let hilo: Hilo;
  before(async () => {
    hilo = await startHilo();
    const { cast } = hilo;
    const team = await row<{ id: number }>(cast.platform.db, "select id from teams where name = 'Soporte'");
    const hr = await connectWhatsApp(cast.diego, whatsappInbox("RH", "PN2"));
    await cast.platform.db("inboxes").where({ id: hr.id }).update({ isolated: true, team_id: team?.id });
    const said = messageValue({
      id: "hr1",
      from: "34600999888",
      name: "Persona Reservada",
      message: "asunto confidencial",
    });
    await deliver(cast, delivery(said, "messages", "PN2"));
  });
  after(() => hilo.close());

  it("no list, count, search or page of an outsider says a word of it", async () => {
    await write(hilo.cast, { message: "hola a todos" });
    for (const who of ["ana", "carmen", "diego"] as const) {
      const agent = await hilo.as(who);
      for (const path of [
        "/inbox?view=all",
        "/inbox/list?view=queue",
        "/contacts",
        "/contacts?q=reservada",
        "/search?q=confidencial",
        "/search?q=reservada",
        "/inbox?view=all&q=reservada",
      ]) {
        const { text } = await agent.get(path).expect(200);
        expect(text, `${who} ${path}`).to.not.match(/Persona Reservada|asunto confidencial/);
      }
    }
    const bruno = await hilo.as("bruno");
    expect((await bruno.get("/inbox?view=all")).text).to.contain("Persona Reservada");
    expect((await bruno.get("/search?q=confidencial")).text).to.contain("Persona Reservada");
  });

  it("ids of any odd shape are not found, never an error of ours", async () => {
    const ana = await hilo.as("ana");
    for (const id of ["0", "-1", "1e3", "abc", "99999999999999999999", "%00", "1;drop"]) {
      expect((await ana.get(`/conversations/${id}`)).status, id).to.be.oneOf([400, 404]);
    }
  });

  it("another site cannot act with an agent's session", async () => {
    const ana = await hilo.as("ana");
    const { conversationId } = await write(hilo.cast);
    const path = `/conversations/${conversationId}/resolution`;
    await ana.post(path).set("Sec-Fetch-Site", "cross-site").expect(403);
    await ana.post(path).set("Origin", "https://evil.test").expect(403);
    await ana.post(path).set("Sec-Fetch-Site", "same-origin").expect(303);
  });

  it("a browser acts only with the token of its own session's pages", async () => {
    const cookie = await hilo.cookie("ana");
    const other = await hilo.as("ana");
    const theirs = tokenIn((await other.get("/settings/profile")).text);
    const page = await fetch(`${hilo.url}/settings/profile`, { headers: { cookie } });
    const html = await page.text();
    const own = tokenIn(html);
    expect(own)
      .to.match(/^[\w-]{43}$/)
      .and.not.equal(theirs);
    const forms = [
      ...html.matchAll(
        /<form\b[^>]*method="post"[^>]*>(<input type="hidden" name="_token" value="([^"]+)">)?/g,
      ),
    ];
    expect(forms.length).to.be.greaterThan(2);
    expect(forms.filter(([, , token]) => token !== own)).to.deep.equal([]);
    const form = { name: "Ana Torres", locale: "es", timeZone: "UTC", availability: "online" };
    const send = (token: string | null, how: "header" | "field" = "field") =>
      fetch(`${hilo.url}/settings/profile`, {
        method: "POST",
        redirect: "manual",
        headers: { cookie, ...(token !== null && how === "header" ? { "x-form-token": token } : {}) },
        body: new URLSearchParams({
          ...form,
          ...(token !== null && how === "field" ? { _token: token } : {}),
        }),
      }).then(({ status }) => status);
    expect(await send(null)).to.equal(403);
    expect(await send("")).to.equal(403);
    expect(await send(theirs)).to.equal(403);
    expect(await send(own)).to.equal(303);
    expect(await send(own, "header")).to.equal(303);
    // A form with a file carries it in its address, and a new id of the session changes nothing.
    const diego = await hilo.as("diego");
    expect((await diego.get("/imports")).text).to.match(/action="\/imports\/contacts\?_token=[\w-]{43}"/);
  });

  it("arrays and objects where one value belongs, and missing fields, are refused with words", async () => {
    const ana = await hilo.as("ana");
    const { conversationId } = await write(hilo.cast);
    for (const form of ["", "text=a&text=b", "text[x]=1", "client_token=no"]) {
      const { status } = await ana
        .post(`/conversations/${conversationId}/messages`)
        .set("HX-Request", "true")
        .send(form);
      expect(status, form).to.equal(422);
    }
    expect(
      (await ana.post(`/conversations/${conversationId}/assignment`).send("agent_id=1&agent_id=2")).status,
    ).to.equal(422);
    expect(
      (await ana.post(`/conversations/${conversationId}/snooze`).send("preset=x&until=y")).status,
    ).to.equal(422);
  });
});
