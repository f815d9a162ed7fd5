import { connect, type Socket } from "node:net";
import { createFirm, signIn } from "./data.ts";
import { openLoop, percentile, signedMessage } from "./load.ts";
import type { Figure } from "./run.ts";
import type { World } from "./world.ts";

const slowSockets = 500;
const badLogins = 1000;
const seconds = 20;

/** 500 connections that dribble and 1,000 wrong passwords a second, each from another place: what Meta and agents feel of it. */
export async function flood(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("flood");
  await createFirm(url, 3);
  const hilo = await world.startHilo(url, { TRUST_PROXY: "1" });
  const cookie = await signIn(hilo.url, 1);
  const { hostname, port } = new URL(hilo.url);
  const sockets: Socket[] = [];
  const open = () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", () => {});
    socket.write("POST /login HTTP/1.1\r\nHost: x\r\n");
    sockets.push(socket);
  };
  for (let n = 0; n < slowSockets; n += 1) open();
  const dribble = setInterval(() => {
    for (const [at, socket] of sockets.entries()) {
      if (socket.destroyed || socket.closed) {
        sockets.splice(at, 1);
        open();
      } else socket.write("X-A: b\r\n");
    }
  }, 1000);
  const wrong = (n: number) => ({
    method: "POST" as const,
    path: "/login",
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-forwarded-for": `198.51.${Math.floor(n / 250) % 250}.${n % 250}`,
    },
    body: Buffer.from(`email=nobody${n}@x.test&password=wrong-password-${n}`),
  });
  const [webhooks, pages] = await Promise.all([
    openLoop(hilo.url, 50, seconds, (n) => signedMessage(`52155${50_000_000 + n}`, `flood.${n}`, "Hola")),
    openLoop(hilo.url, 10, seconds, () => ({ method: "GET", path: "/inbox", headers: { cookie } })),
    openLoop(hilo.url, badLogins, seconds, wrong),
  ]);
  clearInterval(dribble);
  for (const socket of sockets) socket.destroy();
  await hilo.stop();
  const ack = percentile(webhooks.times, 0.99);
  const page = percentile(pages.times, 0.95);
  const lost = webhooks.failures + pages.failures;
  return [
    { name: "flood.ack_p99", value: ack, unit: "ms", target: "< 3000", ok: ack < 3000 && lost === 0 },
    { name: "flood.page_p95", value: page, unit: "ms", target: "< 1000", ok: page < 1000 && lost === 0 },
  ];
}
