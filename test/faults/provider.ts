import { createServer, type IncomingMessage, type Server } from "node:http";
import { delivery, sign } from "../support/meta.ts";

/** Everything that reached "the person": our id without the attempt, in the order it was taken. */
export interface Reached {
  messageId: string;
  at: number;
}

export interface FaultyProvider {
  url: string;
  reached: Reached[];
  /** Where statuses are posted: any of these, tried until one takes them. */
  targets: string[];
  /** Messages whose statuses are still being told. */
  telling: () => number;
  close: () => Promise<void>;
}

/**
 * Accepts, refuses, cuts after accepting, delays; echoes statuses late, twice and out of order. A 500 of it means
 * "not taken", as Meta documents.
 */
export async function startFaultyProvider(random: () => number): Promise<FaultyProvider> {
  const reached: Reached[] = [];
  const targets: string[] = [];
  let n = 0;
  let closed = false;
  let telling = 0;

  async function tell(id: string, token: string): Promise<void> {
    const words = ["sent", "delivered", "read"].sort(() => random() - 0.5);
    for (const word of [...words, "delivered"]) {
      await new Promise((done) => setTimeout(done, random() * 400));
      const body = delivery({
        statuses: [
          {
            id,
            status: word,
            timestamp: String(Math.floor(Date.now() / 1000)),
            biz_opaque_callback_data: token,
          },
        ],
      });
      for (let tries = 0; tries < 200 && !closed; tries += 1) {
        const target = targets[Math.floor(random() * targets.length)] ?? "";
        const answer = await post(target, body).catch(() => 0);
        if (answer === 200) break;
        await new Promise((done) => setTimeout(done, 60));
      }
    }
  }

  const server: Server = createServer(async (req, res) => {
    const text = await read(req);
    const body = JSON.parse(text || "{}") as { biz_opaque_callback_data?: string; status?: string };
    const json = (status: number, answer: object) =>
      res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    if (body.status === "read") return void json(200, { success: true });
    await new Promise((done) => setTimeout(done, random() * 60));
    const dice = random();
    if (dice < 0.05) return void json(429, { error: { code: 131056, message: "slow down" } });
    if (dice < 0.1) return void json(500, { error: { code: 131000, message: "try again" } });
    n += 1;
    const id = `wamid.F${n}`;
    const token = body.biz_opaque_callback_data ?? "";
    reached.push({ messageId: token.split(".")[0] ?? "", at: Date.now() });
    telling += 1;
    void tell(id, token).finally(() => {
      telling -= 1;
    });
    if (dice < 0.13) return void res.socket?.destroy();
    json(200, { messages: [{ id }] });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === "object" && address ? address.port : 0}`,
    reached,
    targets,
    telling: () => telling,
    close: async () => {
      closed = true;
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

async function read(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/** One signed delivery. @returns the HTTP status. */
export async function post(target: string, body: Buffer): Promise<number> {
  const response = await fetch(`${target}/webhooks/whatsapp`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-hub-signature-256": sign(body) },
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(5000),
  });
  await response.text();
  return response.status;
}
