import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { expect } from "chai";
import { eventually, type Hilo, startHilo } from "../support/hilo.ts";
import { delivery, messageValue, sign } from "../support/meta.ts";

describe("the database is away", () => {
  let hilo: Hilo;
  let wire: Server;
  let port = 0;
  const sockets = new Set<Socket>();
  before(async () => {
    hilo = await startHilo(async (url) => {
      const database = new URL(url);
      const target = Number(database.port);
      wire = createServer((near) => {
        const far = connect(target, "127.0.0.1");
        for (const socket of [near, far]) {
          sockets.add(socket);
          socket.on("error", () => {});
          socket.on("close", () => sockets.delete(socket));
        }
        near.pipe(far).pipe(near);
      });
      await back();
      database.port = String(port);
      return database.href;
    });
  });
  after(async () => {
    if (!wire.listening) await back();
    await hilo.close();
    away();
  });

  function away(): void {
    wire.close();
    for (const socket of sockets) socket.destroy();
  }
  const back = () =>
    new Promise<void>((done) => {
      wire.listen(port, "127.0.0.1", () => {
        port = (wire.address() as AddressInfo).port;
        done();
      });
    });

  it("answers 503 in words and to Meta, and recovers by itself", async () => {
    const body = delivery(messageValue({ message: "¿Siguen ahí?" }));
    const post = () =>
      fetch(`${hilo.url}/webhooks/whatsapp`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-hub-signature-256": sign(body) },
        body: new Uint8Array(body),
      });
    const ana = await hilo.as("ana");
    away();

    await eventually(async () => (await ana.get("/inbox").set("Accept-Language", "es")).status === 503);
    const spanish = await ana.get("/inbox").set("Accept-Language", "es");
    expect(spanish.text).to.contain("La base de datos no responde").and.contain("</html>");
    const english = await ana.get("/inbox").set("Accept-Language", "en");
    expect(english.text).to.contain('lang="en"').and.not.contain("La base de datos");
    expect((await post()).status).to.equal(503);
    await hilo.anonymous.get("/readyz").expect(503);
    await hilo.anonymous.get("/healthz").expect(200);

    await back();
    await eventually(async () => (await post()).status === 200);
    await eventually(async () => (await ana.get("/inbox?view=queue")).text.includes("¿Siguen ahí?"));
  });
});
