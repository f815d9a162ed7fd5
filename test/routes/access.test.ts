import { expect } from "chai";
import type { Router } from "express";
import pg from "pg";
import { createApp } from "../../src/app.ts";
import { openDoor } from "../../src/services/channels/door.ts";
import { connectWhatsApp } from "../../src/services/inboxes/connect.ts";
import { row } from "../../src/services/platform/database.ts";
import { whatsappInbox } from "../support/cast.ts";
import { type Hilo, startHilo } from "../support/hilo.ts";
import { deliver, delivery, messageValue, write } from "../support/meta.ts";

interface Route {
  method: string;
  path: string;
}

/** What anybody may ask for. */
const open =
  /^\/(healthz|readyz|metrics|assets\/|push-worker\.js$|webhooks\/|login$|login\/code$|passwords|set-up)/;

function routesOf(router: Router): Route[] {
  return (router as unknown as { stack: Layer[] }).stack.flatMap((layer) => {
    if (layer.route)
      return Object.keys(layer.route.methods).map((method) => ({ method, path: layer.route?.path ?? "" }));
    return layer.handle && "stack" in layer.handle ? routesOf(layer.handle as Router) : [];
  });
}
interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle?: object;
}

describe("access: every route, every role, every visibility", () => {
  let hilo: Hilo;
  let routes: Route[];
  let secret: { conversation: number; message: number; contact: number };
  before(async () => {
    hilo = await startHilo();
    const { cast } = hilo;
    const pool = new pg.Pool({ connectionString: cast.database.url });
    const bell = { onFacts() {}, onGap() {}, isHearing: () => false, close: async () => {} };
    const parts = {
      platform: cast.platform,
      bell,
      door: openDoor(cast.platform.db, cast.platform.secrets, () => {}),
      sessionPool: pool,
      logins: [],
    };
    const app = createApp(parts);
    routes = routesOf(app.express.router as unknown as Router);
    app.live.close();
    await pool.end();
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
    const found = await row<{ id: number; conversation_id: number; contact_id: number }>(
      cast.platform.db,
      "select id, conversation_id, contact_id from messages where external_id = 'hr1'",
    );
    secret = {
      conversation: found?.conversation_id ?? 0,
      message: found?.id ?? 0,
      contact: found?.contact_id ?? 0,
    };
  });
  after(() => hilo.close());

  const fill = (path: string) => {
    const id = path.startsWith("/messages")
      ? secret.message
      : /contacts/.test(path)
        ? secret.contact
        : secret.conversation;
    return path
      .replace(":external_id", "x1")
      .replace(":token", "x")
      .replace(":version", "x")
      .replace(":name", "x")
      .replace(":field", "email")
      .replace(":id", String(id))
      .replaceAll(/:\w+/g, "1");
  };

  it("finds the routes", () => {
    expect(routes.length).to.be.greaterThan(60);
  });

  it("strangers see nothing but what is open", async () => {
    const wrong: string[] = [];
    for (const { method, path } of routes) {
      if (open.test(path)) continue;
      const response = await fetch(hilo.url + fill(path), {
        method: method.toUpperCase(),
        redirect: "manual",
      });
      await response.body?.cancel();
      const refused = path.startsWith("/api/")
        ? response.status === 401
        : response.status === 303 && response.headers.get("location")?.startsWith("/login") === true;
      if (!refused) wrong.push(`${method} ${path}: ${response.status}`);
    }
    expect(wrong).to.deep.equal([]);
  });

  it("an agent outside the team meets 404 wherever an isolated conversation is named", async () => {
    const ana = await hilo.as("ana");
    const bruno = await hilo.as("bruno");
    const named = routes.filter(({ path }) => /^\/(conversations|messages|contacts)\/:id/.test(path));
    const wrong: string[] = [];
    for (const { method, path } of named) {
      const body = {
        text: "x",
        kind: "reply",
        emoji: "👍",
        agent_id: "",
        preset: "hour",
        name: "x",
        phone: "",
        email: "",
        company: "",
        jobTitle: "",
        tags: "",
      };
      const act = ana[method as "get"](fill(path)).redirects(0);
      const response = method === "get" ? await act : await act.send(body);
      if (response.status !== 404) wrong.push(`${method} ${path}: ${response.status}`);
      if (method === "get") {
        const theirs = await bruno.get(fill(path)).redirects(0);
        // What hangs on the conversation is not there; taking everything out is for others than agents.
        const isThere = !/:id\/.*:|export|erasure/.test(path);
        if (isThere && theirs.status >= 400) wrong.push(`team member, ${path}: ${theirs.status}`);
      }
    }
    expect(named.length).to.be.greaterThan(15);
    expect(wrong).to.deep.equal([]);
  });

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

  it("settings and audit are for those who may", async () => {
    const pages = {
      "/settings/agents": ["diego"],
      "/settings/inboxes": ["diego"],
      "/settings/inbound-events": ["diego"],
      "/audit": ["diego"],
      "/settings": ["ana", "carmen", "diego"],
    };
    for (const [path, allowed] of Object.entries(pages)) {
      for (const who of ["ana", "carmen", "diego"] as const) {
        const { status } = await (await hilo.as(who)).get(path);
        expect(status, `${who} ${path}`).to.equal(allowed.includes(who) ? 200 : 403);
      }
    }
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
