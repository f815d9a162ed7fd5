import { createHmac } from "node:crypto";
import { Pool } from "undici";

/** Of a sorted copy; `p` from 0 to 1. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

export interface Shot {
  method: "GET" | "POST";
  path: string;
  headers?: Record<string, string>;
  body?: Buffer;
}

export interface LoadResult {
  perSecond: number;
  /** Milliseconds, one per request. */
  times: number[];
  failures: number;
}

/** Sends shots with a fixed number in flight, until they are done or the time is up. */
export async function closedLoop(
  url: string,
  inFlight: number,
  next: (n: number) => Shot | null,
  milliseconds = Number.POSITIVE_INFINITY,
): Promise<LoadResult> {
  const pool = new Pool(url, { connections: inFlight, pipelining: 1 });
  const times: number[] = [];
  let failures = 0;
  let n = 0;
  const began = performance.now();
  async function worker(): Promise<void> {
    while (performance.now() - began < milliseconds) {
      const shot = next(n++);
      if (!shot) return;
      const at = performance.now();
      const { statusCode, body } = await pool.request(shot as never);
      await body.dump();
      times.push(performance.now() - at);
      if (statusCode >= 300) failures += 1;
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - began) / 1000;
  await pool.close();
  return { perSecond: times.length / seconds, times, failures };
}

/** Sends shots at a fixed rate, whatever the answers take: the wait in line counts. */
export async function openLoop(
  url: string,
  perSecond: number,
  seconds: number,
  next: (n: number) => Shot,
): Promise<LoadResult> {
  const pool = new Pool(url, { connections: 64, pipelining: 1 });
  const times: number[] = [];
  let failures = 0;
  const total = perSecond * seconds;
  const pending: Promise<void>[] = [];
  const began = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; sent < due; sent += 1) {
      const scheduled = began + (sent / perSecond) * 1000;
      pending.push(
        pool.request(next(sent) as never).then(async ({ statusCode, body }) => {
          await body.dump();
          times.push(performance.now() - scheduled);
          if (statusCode !== 200) failures += 1;
        }),
      );
    }
    await new Promise((done) => setTimeout(done, 2));
  }
  await Promise.all(pending);
  const spent = (performance.now() - began) / 1000;
  await pool.close();
  return { perSecond: times.length / spent, times, failures };
}

export const benchSecret = "bench-app-secret";

const sentences = [
  "Hola, ¿todavía tienen la silla ejecutiva en negro?",
  "Buenas tardes, quería saber cuándo llega mi pedido",
  "¿Me pueden mandar la factura por favor?",
  "Perfecto, muchas gracias por la atención",
  "El paquete llegó abierto y falta una pieza",
];

/** A signed delivery of one text, made before the clock starts. */
export function signedMessage(from: string, id: string, text?: string): Shot {
  const body = Buffer.from(
    JSON.stringify({
      object: "whatsapp_business_account",
      entry: [
        {
          id: "WB",
          changes: [
            {
              field: "messages",
              value: {
                messaging_product: "whatsapp",
                metadata: { display_phone_number: "525550001000", phone_number_id: "PNBENCH" },
                contacts: [{ profile: { name: `Cliente ${from.slice(-4)}` }, wa_id: from }],
                messages: [
                  {
                    from,
                    id,
                    timestamp: String(Math.floor(Date.now() / 1000)),
                    type: "text",
                    text: { body: text ?? sentences[id.length % sentences.length] },
                  },
                ],
              },
            },
          ],
        },
      ],
    }),
  );
  const signature = createHmac("sha256", benchSecret).update(body).digest("hex");
  return {
    method: "POST",
    path: "/webhooks/whatsapp",
    headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${signature}` },
    body,
  };
}
