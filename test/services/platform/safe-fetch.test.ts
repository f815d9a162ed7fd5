import { createServer, type RequestListener, type Server } from "node:http";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { FetchRefused, isAskable, openSafeFetch } from "../../../src/services/platform/safe-fetch.ts";
import { rejected } from "../../support/hilo.ts";

describe("asking addresses that somebody typed", () => {
  const servers: Server[] = [];
  let hits = 0;
  /** Listens inside, and counts who comes. */
  const listen = async (answer: RequestListener, host = "127.0.0.1"): Promise<number> => {
    const server = createServer((req, res) => {
      hits += 1;
      answer(req, res);
    });
    server.on("connection", () => {
      hits += 1;
    });
    await new Promise<void>((done) => server.listen(0, host, done));
    servers.push(server);
    const address = server.address();
    return typeof address === "object" && address ? address.port : 0;
  };
  beforeEach(() => {
    hits = 0;
  });
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  const outside = openSafeFetch({ internalOrigins: [] });

  it("69: refuses every spelling of an inside address, when it is saved and when it is asked", async () => {
    const port = await listen((_req, res) => res.end("canary"));
    const spellings = [
      "127.0.0.1",
      "127.1",
      "127.0.1",
      "2130706433",
      "0x7f000001",
      "0x7f.1",
      "017700000001",
      "0177.0.0.1",
      "0.0.0.0",
      "0",
      "[::1]",
      "[::]",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "[64:ff9b::127.0.0.1]",
      "[2002:7f00:1::]",
      "[fe80::1]",
      "[fc00::1]",
      "10.0.0.1",
      "172.16.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "100.64.0.1",
      "224.0.0.1",
      "255.255.255.255",
      "127。0。0。1",
      "①②⑦.0.0.1",
    ];
    for (const host of spellings) {
      expect(isAskable(`https://${host}/`, []), host).to.equal(false);
      for (const url of [`https://${host}/`, `https://${host}:${port}/`, `http://${host}:${port}/`])
        expect(await rejected(outside(url)), url).to.be.instanceOf(Error);
    }
    for (const url of [
      "http://example.com/",
      "https://example.com:8443/",
      "ftp://example.com/",
      "https://a:b@example.com/",
      "file:///etc/passwd",
      "no",
    ])
      expect(isAskable(url, []), url).to.equal(false);
    expect(isAskable("https://id.example.com/realms/x", [])).to.equal(true);
    expect(hits).to.equal(0);
  });

  it("71: a name is checked when it is connected to; one that points inside too is not asked at all", async () => {
    await listen((_req, res) => res.end("canary"));
    for (const inside of [
      [{ address: "127.0.0.1", family: 4 }],
      [{ address: "::1", family: 6 }],
      [
        { address: "93.184.216.34", family: 4 },
        { address: "10.0.0.1", family: 4 },
      ],
      [],
    ]) {
      let asked = 0;
      const flips = openSafeFetch({
        internalOrigins: [],
        resolve: async () => {
          asked += 1;
          return inside;
        },
      });
      const error = (await rejected(flips("https://rebind.example/"))) as Error;
      expect(error.cause).to.be.instanceOf(FetchRefused);
      expect(asked).to.equal(1);
    }
    expect(hits).to.equal(0);
  });

  it("70: a redirect is an answer, not a way further", async () => {
    const inside = await listen((_req, res) => res.end("canary"));
    const port = await listen((_req, res) =>
      res.writeHead(302, { location: `http://127.0.0.1:${inside}/` }).end(),
    );
    const origin = `http://127.0.0.1:${port}`;
    hits = 0;
    const answer = await openSafeFetch({ internalOrigins: [origin] })(`${origin}/`);
    expect(answer.status).to.equal(302);
    expect(hits, "its own connection and request").to.equal(2);
  });

  it("72: what is endless, slow or unpacks into too much ends at its limits", async () => {
    const sent = { bytes: 0 };
    const port = await listen((req, res) => {
      if (req.url === "/slow") {
        res.write("a");
        return;
      }
      if (req.url === "/silent") return;
      if (req.url === "/gzip") {
        res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(5_000_000)));
        return;
      }
      if (req.url === "/small") {
        res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("good"));
        return;
      }
      const more = () => {
        while (!res.destroyed && res.write(Buffer.alloc(65_536))) sent.bytes += 65_536;
      };
      res.on("drain", more);
      more();
    });
    const origin = `http://127.0.0.1:${port}`;
    const limited = openSafeFetch({ internalOrigins: [origin], patience: 1000, largest: 100_000 });
    for (const path of ["/endless", "/gzip"])
      expect(await rejected(limited(origin + path)), path).to.be.instanceOf(FetchRefused);
    for (const path of ["/slow", "/silent"])
      expect(await rejected(limited(origin + path)), path).to.be.instanceOf(Error);
    expect(await (await limited(`${origin}/small`)).text()).to.equal("good");
    // What the kernel's buffers took, and no more.
    expect(sent.bytes).to.be.lessThan(50_000_000);
  });
});
