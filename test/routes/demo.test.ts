import { once } from "node:events";
import { createServer } from "node:net";
import { expect } from "chai";
import supertest from "supertest";
import { readConfig } from "../../src/config.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import { openSetUp } from "../../src/services/agents/set-up.ts";
import { systemContext } from "../../src/services/platform/context.ts";
import { row } from "../../src/services/platform/database.ts";
import { cloneDatabase, type TestDatabase } from "../support/database.ts";
import { dataFolder, eventually, tokenIn } from "../support/hilo.ts";

/** The demo speaks to itself, so its port is known before it starts. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}

describe("demo, loaded from set-up", () => {
  let database: TestDatabase;
  let server: RunningServer;
  let owner: ReturnType<typeof supertest.agent>;
  before(async () => {
    database = await cloneDatabase();
    const config = readConfig({
      PORT: String(await freePort()),
      DATABASE_URL: database.url,
      DATA_DIR: dataFolder("demo"),
      LOG_LEVEL: process.env.LOG_LEVEL,
    });
    server = await startServer(config);
    owner = supertest.agent(server.url);
    const token = await openSetUp(systemContext(server.platform));
    await owner.get("/demo/phone").expect(303);
    await owner
      .post(`/set-up/${token}`)
      .type("form")
      .send({
        firmName: "Mi Tienda",
        locale: "es",
        timeZone: "America/Mexico_City",
        country: "MX",
        name: "Laura Gil",
        email: "laura@tienda.test",
        password: "una-clave-larga-1",
      })
      .expect(303);
  });
  after(async () => {
    await server.stop();
    await database.drop();
  });

  it("goes from the set-up page to two blue ticks, and lets nobody else in", async () => {
    owner.set("X-Form-Token", tokenIn((await owner.get("/settings/profile")).text));
    const offered = await owner.get("/set-up-done").expect(200);
    expect(offered.text).to.contain("/set-up-done/demo").and.not.contain("/demo/phone");
    await owner.post("/set-up-done/demo").expect(303);
    const loaded = await owner.get("/set-up-done").expect(200);
    expect(loaded.text).to.contain("/demo/phone").and.not.contain("/set-up-done/demo");
    await owner.post("/demo/phone").type("form").send({ who: "34600112233", text: "Hola" }).expect(303);
    const { db } = server.platform;
    const message = await eventually(() =>
      row<{ conversation_id: number }>(db, "select conversation_id from messages where text = 'Hola'"),
    );
    await owner
      .post(`/conversations/${message.conversation_id}/messages`)
      .type("form")
      .send({ text: "¿En qué te ayudo?", client_token: "3b241101-e2bb-4255-8caf-4136c566a962" })
      .expect(303);
    await eventually(() =>
      row(db, "select 1 from messages where text = ? and delivery = 'read'", ["¿En qué te ayudo?"]),
    );
    await eventually(() => row(db, "select 1 from attachments where state = 'stored'"));
    const admins = await row<{ n: number }>(
      db,
      "select count(*)::int as n from agents where role_id = (select id from roles where name = 'admin')",
    );
    expect(admins?.n).to.equal(1);
    await supertest(server.url).get("/demo/phone").expect("Location", /login/);
    await supertest(server.url).get("/demo/graph/v26.0/100200300400500").expect(401);
    await owner.post("/set-up-done/demo").expect(303);
    expect(await row(db, "select 1 from inboxes offset 1")).to.equal(null);
  });
});
