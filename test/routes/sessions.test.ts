import { connect } from "node:net";
import { expect } from "chai";
import type supertest from "supertest";
import { changeRole, deactivateAgent } from "../../src/services/agents/agent.ts";
import { endSessions } from "../../src/services/agents/sessions.ts";
import { row } from "../../src/services/platform/database.ts";
import { password } from "../support/cast.ts";
import { eventually, type Hilo, startHilo, tokenIn } from "../support/hilo.ts";

describe("sessions", () => {
  let hilo: Hilo;
  beforeEach(async () => {
    hilo = await startHilo();
  });
  afterEach(() => hilo.close());

  const isIn = async (browser: ReturnType<typeof supertest.agent>) =>
    (await browser.get("/inbox")).status === 200;

  it("one's sessions are listed and ended one by one, and others' by who manages people", async () => {
    const [here, there] = [await hilo.as("ana"), await hilo.as("ana")];
    const page = await here.get("/settings/sessions").expect(200);
    const [first] = [...page.text.matchAll(/\/settings\/sessions\/([0-9a-f-]{36})\/end/g)];
    expect(page.text).to.not.contain(
      ((await hilo.cast.platform.db("sessions").select("sid")) as { sid: string }[])[0]?.sid,
    );
    await here.post(`/settings/sessions/${first?.[1]}/end`).expect(303);
    expect(await isIn(there)).to.equal(false);
    expect(await isIn(here)).to.equal(true);
    const bruno = await hilo.as("bruno");
    const theirs = await row<{ id: string }>(
      hilo.cast.platform.db,
      "select public_id as id from sessions where agent_id = ?",
      [hilo.cast.ids.ana],
    );
    expect((await bruno.post(`/settings/sessions/${theirs?.id}/end`)).status).to.equal(404);
    expect((await bruno.get(`/settings/agents/${hilo.cast.ids.ana}/sessions`)).status).to.equal(403);
    const diego = await hilo.as("diego");
    expect((await diego.get(`/settings/agents/${hilo.cast.ids.ana}/sessions`)).status).to.equal(200);
    await diego.post(`/settings/agents/${hilo.cast.ids.ana}/sessions/end`).expect(303);
    expect(await isIn(here)).to.equal(false);
    expect(await isIn(diego)).to.equal(true);
  });

  it("an ended session is not brought back by a request that is under way", async () => {
    const ana = await hilo.as("ana");
    const { db } = hilo.cast.platform;
    const [known] = await db("sessions").where({ agent_id: hilo.cast.ids.ana }).select("sid", "sess");
    await endSessions(hilo.cast.ana, hilo.cast.ids.ana, null, "none of these");
    // As the store writes at the end of such a request.
    await db.raw(
      "insert into sessions (sess, expire, sid) values (?, now() + interval '1 day', ?) on conflict (sid) do update set sess = excluded.sess, expire = excluded.expire",
      [JSON.stringify(known.sess), known.sid],
    );
    hilo.server.platform.memories.hear([{ type: "agent.changed", agentId: hilo.cast.ids.ana }]);
    expect(await isIn(ana)).to.equal(false);
  });

  it("a body that drips is acted on with the rights of its end", async () => {
    const diego = await hilo.as("diego");
    const page = await diego.get("/settings/profile");
    const cookie = await hilo.cookie("diego");
    const token = tokenIn(
      await (await fetch(`${hilo.url}/settings/profile`, { headers: { cookie } })).text(),
    );
    expect(page.status).to.equal(200);
    const body = new URLSearchParams({
      name: "Sock",
      email: "sock@firm.test",
      role: "admin",
      _token: token,
    }).toString();
    const { hostname, port } = new URL(hilo.url);
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.write(
      `POST /settings/agents HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, -1)}`,
    );
    await new Promise((done) => setTimeout(done, 200));
    await changeRole(hilo.cast.system, hilo.cast.ids.carmen, "admin");
    await deactivateAgent(hilo.cast.system, hilo.cast.ids.diego);
    hilo.server.platform.memories.hear([{ type: "agent.changed", agentId: hilo.cast.ids.diego }]);
    socket.write(body.slice(-1));
    await eventually(async () => answer.includes("HTTP/1.1"));
    socket.destroy();
    expect(answer)
      .to.match(/^HTTP\/1.1 303/)
      .and.contain("/login");
    expect(await row(hilo.cast.platform.db, "select 1 from agents where email = 'sock@firm.test'")).to.equal(
      null,
    );
  });

  it("what changes who may enter asks for the password again after a while", async () => {
    const diego = await hilo.as("diego");
    await hilo.cast.platform.db.raw(
      `update sessions set sess = jsonb_set(sess::jsonb, '{provedAt}', '1')::json where agent_id = ?`,
      [hilo.cast.ids.diego],
    );
    hilo.server.platform.memories.hear([{ type: "agent.changed", agentId: 0 }]);
    for (const path of ["/settings/agents", "/settings/roles", "/settings/second-factor"])
      expect((await diego.get(path)).headers.location, path).to.equal(
        `/confirm?next=${encodeURIComponent(path)}`,
      );
    const refused = await diego.post(`/settings/agents/${hilo.cast.ids.ana}/deactivation`);
    expect(refused.headers.location).to.match(/^\/confirm/);
    expect((await (await hilo.as("ana")).get("/inbox")).status).to.equal(200);
    const confirm = (typed: string) =>
      diego.post("/confirm").type("form").send({ password: typed, next: "/settings/agents" });
    expect((await confirm("wrong-password")).status).to.equal(422);
    await confirm(password).expect(303).expect("Location", "/settings/agents");
    expect((await diego.get("/settings/agents")).status).to.equal(200);
  });

  it("end while their owner's pages listen, a supervisor's too, and the server goes on", async () => {
    const open = await Promise.all(
      (["carmen", "carmen", "diego", "ana"] as const).map(async (who) =>
        fetch(`${hilo.url}/live`, { headers: { cookie: await hilo.cookie(who) } }),
      ),
    );
    const ends = open.map(async (answer) => {
      const reader = answer.body?.getReader();
      for (let one = await reader?.read(); one && !one.done; one = await reader?.read());
      return "ended";
    });
    const { carmen, diego, ana } = hilo.cast.ids;
    const server = hilo.server.platform;
    const system = { ...hilo.cast.diego, ...server, actor: hilo.cast.diego.actor };
    await endSessions(system, carmen, null, "none of these");
    await deactivateAgent(system, ana);
    await endSessions(system, diego, null, "none of these");
    expect(await Promise.all(ends)).to.deep.equal(["ended", "ended", "ended", "ended"]);
    expect((await fetch(`${hilo.url}/readyz`)).status).to.equal(200);
    await hilo.as("carmen");
  });
});
