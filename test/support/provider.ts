import type { Server } from "node:http";
import express, { type Request, type Response } from "express";

/** How the fake provider treats the next sends, one entry each; without one it accepts. */
export type Script =
  | { code: number; status?: number; retryAfter?: number; says?: string }
  | { lost: true }
  | { html: number }
  | { nonsense: true }
  | { delayMs: number };

export interface Sent {
  id: string;
  body: Record<string, unknown>;
}

export interface FakeProvider {
  url: string;
  /** Accepted sends, in order: what the person would have received. */
  accepted: Sent[];
  /** Everything that was asked of it. */
  asked: { method: string; path: string; body: unknown; authorization: string }[];
  script: Script[];
  media: Map<string, { bytes: Buffer; type: string }>;
  close: () => Promise<void>;
}

/** Speaks the Graph API on this machine. */
export async function startProvider(): Promise<FakeProvider> {
  const accepted: Sent[] = [];
  const asked: FakeProvider["asked"] = [];
  const script: Script[] = [];
  const media: FakeProvider["media"] = new Map();
  const app = express();
  app.use(express.json({ limit: "5mb" }));
  app.use((req, _res, next) => {
    asked.push({
      method: req.method,
      path: req.path,
      body: req.body,
      authorization: req.get("authorization") ?? "",
    });
    next();
  });
  app.post("/:version/:phone/messages", async (req: Request, res: Response) => {
    const body = req.body as Record<string, unknown>;
    if (body.status === "read") return void res.json({ success: true });
    const step = script.shift();
    if (step && "code" in step) {
      if (step.retryAfter !== undefined) res.set("Retry-After", String(step.retryAfter));
      res.status(step.status ?? 400);
      return void res.json({
        error: {
          message: `(#${step.code}) ${step.says ?? "Refused"}`,
          code: step.code,
          error_data: { details: step.says ?? "Because." },
        },
      });
    }
    if (step && "html" in step) return void res.status(step.html).send("<html>bad gateway</html>");
    if (step && "delayMs" in step) await new Promise((done) => setTimeout(done, step.delayMs));
    const id = `wamid.out.${accepted.length + 1}`;
    accepted.push({ id, body });
    if (step && "lost" in step) return void res.socket?.destroy();
    if (step && "nonsense" in step) return void res.send("not json");
    res.json({ messages: [{ id }], contacts: [{ input: body.to, wa_id: body.to }] });
  });
  app.post("/:version/:phone/media", (_req, res) => void res.json({ id: `uploaded-${asked.length}` }));
  app.post("/:version/:account/subscribed_apps", (_req, res) => void res.json({ success: true }));
  app.get("/file/:id", (req, res) => {
    const file = media.get(req.params.id);
    if (file) res.type(file.type).send(file.bytes);
    else res.status(404).end();
  });
  app.get("/:version/:id", (req, res) => {
    const { id } = req.params;
    if (id === "PN1")
      return void res.json({ display_phone_number: "+52 55 5000 1000", quality_rating: "GREEN" });
    if (!media.has(id)) return void res.status(400).json({ error: { code: 100, message: "Unknown" } });
    res.json({ url: `http://${req.get("host")}/file/${id}`, mime_type: media.get(id)?.type });
  });
  const server = await new Promise<Server>((done) => {
    const listening = app.listen(0, "127.0.0.1", () => done(listening));
  });
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    accepted,
    asked,
    script,
    media,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}
