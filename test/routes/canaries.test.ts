import { type ChildProcess, spawn } from "node:child_process";
import { createHmac, randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { expect } from "chai";
import { generate } from "otplib";
import supertest from "supertest";
import { row, rows } from "../../src/services/platform/database.ts";
import { decisions, place } from "../access/decisions.ts";
import { cloneDatabase, type TestDatabase } from "../support/database.ts";
import { dataFolder, eventually, tokenIn } from "../support/hilo.ts";
import { delivery, messageValue } from "../support/meta.ts";
import { type FakeProvider, startProvider } from "../support/provider.ts";

/** Secrets that are found again wherever they turn up. */
const canary = (name: string) => `Canary${name}${randomBytes(12).toString("hex")}`;

describe("secret canaries", () => {
  const secrets: Record<string, string> = {
    password: canary("Pass"),
    wrongPassword: canary("Wrong"),
    accessToken: canary("Access"),
    appSecret: canary("App"),
    verifyToken: canary("Verify"),
    newToken: canary("Newer"),
    smtp: canary("Smtp"),
    invited: canary("Invited"),
  };
  let database: TestDatabase;
  let provider: FakeProvider;
  let child: ChildProcess;
  let url = "";
  let log = "";
  let admin: ReturnType<typeof supertest.agent>;
  /** Everything that was answered, but for what shows a secret once and on purpose. */
  const answers: string[] = [];

  before(async () => {
    database = await cloneDatabase();
    provider = await startProvider();
    child = spawn(process.execPath, [resolve(import.meta.dirname, "../../src/server.ts")], {
      env: {
        ...process.env,
        PORT: "0",
        HOST: "127.0.0.1",
        DATABASE_URL: database.url,
        DATA_DIR: dataFolder("canaries"),
        WHATSAPP_API_URL: provider.url,
        ADMIN_EMAIL: "diego@firm.test",
        ADMIN_PASSWORD: secrets.password,
        SMTP_URL: `smtp://hilo:${secrets.smtp}@127.0.0.1:9?from=hilo@firm.test`,
        LOG_LEVEL: "trace",
      },
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        log += chunk.toString();
      });
    url = await eventually(async () => /"url":"(http:[^"]+)","msg":"Hilo is ready"/.exec(log)?.[1]);
    admin = supertest.agent(url);
  });
  after(async () => {
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await gone;
    await provider.close();
    await database.drop();
  });

  /** A form of a page, sent. @param isSecret shows a secret once: kept apart. */
  async function send(path: string, form: Record<string, string>, isSecret = false): Promise<string> {
    const { text, status, headers } = await admin.post(path).type("form").send(form);
    if (!isSecret) answers.push(`${path} ${status} ${JSON.stringify(headers)} ${text}`);
    return text;
  }

  it("are in no log, error, page, answer, export or row", async () => {
    const { db } = database;
    await send("/login", { email: "diego@firm.test", password: secrets.wrongPassword ?? "" });
    await send("/login", { email: secrets.wrongPassword ?? "", password: "x" });
    await admin
      .post("/login")
      .type("form")
      .send({ email: "diego@firm.test", password: secrets.password })
      .expect(303);
    admin.set("X-Form-Token", tokenIn((await admin.get("/settings/profile")).text));
    const made = await send(
      "/settings/tokens",
      { name: "t", agent: "diego@firm.test", days: "30", all: "1" },
      true,
    );
    secrets.apiToken = /hilo_([\w-]{30,})/.exec(made)?.[1] ?? "";
    const invited = await send("/settings/agents", { name: "N", email: "n@firm.test", role: "agent" }, true);
    secrets.link = /\/passwords\/([\w-]{30,})/.exec(invited)?.[1] ?? "";
    const call = (method: string, path: string, body: object) =>
      fetch(`${url}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer hilo_${secrets.apiToken}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      }).then(async (answer) => answers.push(await answer.text()));
    await call("POST", "/inboxes", {
      channel: "whatsapp",
      name: "Ventas",
      whatsapp: {
        phone_number_id: "PN1",
        business_account_id: "W",
        access_token: secrets.accessToken,
        app_secret: secrets.appSecret,
        verify_token: secrets.verifyToken,
      },
    });
    await call("POST", "/inboxes", { channel: "whatsapp", whatsapp: { access_token: secrets.accessToken } });
    await call("PATCH", "/contacts/1", { name: { access_token: secrets.accessToken } });
    const body = delivery(messageValue({ message: "Hola" }));
    const signature = createHmac("sha256", secrets.appSecret ?? "")
      .update(body)
      .digest("hex");
    for (const sum of [signature, "0".repeat(64)])
      answers.push(
        await (
          await fetch(`${url}/webhooks/whatsapp`, {
            method: "POST",
            headers: { "content-type": "application/json", "x-hub-signature-256": `sha256=${sum}` },
            body: Uint8Array.from(body),
          })
        ).text(),
      );
    const asked = await fetch(
      `${url}/webhooks/whatsapp?hub.mode=subscribe&hub.verify_token=${secrets.verifyToken}x&hub.challenge=1`,
    );
    answers.push(await asked.text());
    const { id } = await eventually(async () =>
      row<{ id: number }>(db, "select id from conversations limit 1"),
    );
    // A provider that repeats the token in what it complains of.
    provider.script.push(
      { code: 190, says: `Bad token ${secrets.accessToken}` },
      { code: 1, status: 500, says: `Bearer ${secrets.accessToken}` },
    );
    await send(`/conversations/${id}/messages`, { text: "Hola" });
    await send(`/conversations/${id}/messages`, { text: "Otra" });
    await eventually(async () =>
      row(db, "select 1 from messages where delivery = 'failed' or delivery_error is not null limit 1"),
    );
    await send("/settings/inboxes/1", { name: "Ventas", accessToken: secrets.newToken ?? "", team_id: "" });
    await send("/settings/inboxes/1/check", {});
    const offer = await send("/settings/second-factor", {}, true);
    secrets.totp = (/<code>([A-Z2-7 ]{20,})<\/code>/.exec(offer)?.[1] ?? "").replaceAll(" ", "");
    const codes = await send(
      "/settings/second-factor/confirmation",
      { code: await generate({ secret: secrets.totp ?? "" }) },
      true,
    );
    secrets.recovery = /<code>([a-z2-7-]{19})<\/code>/.exec(codes)?.[1] ?? "";
    const stranger = supertest.agent(url);
    answers.push((await stranger.get(`/passwords/${secrets.link}x`)).text);
    answers.push(
      (await stranger.post(`/passwords/${secrets.link}`).type("form").send({ password: secrets.invited }))
        .text,
    );
    answers.push((await stranger.get(`/set-up/${secrets.link}`)).text);
    await admin.get("/settings/profile").set("Cookie", "hilo=s%3Abroken");
    // A row that no code of ours leaves: an error with everything that surrounds it.
    await db.raw("alter table topics rename to topics_away");
    await send("/settings/topics", { name: secrets.password ?? "", steps: "" });
    await db.raw("alter table topics_away rename to topics");
    for (const decision of decisions) {
      // The page of an inbox shows the verify token, which its owner types into the provider's page.
      const shows = decision.path === "/settings/inboxes/:id";
      if (decision.method !== "get" || shows || /live|logout|evidence|second-factor/.test(decision.path))
        continue;
      const ids = {
        id: String(decision.of === "conversation" ? id : 1),
        version: "x",
        name: "x",
        kind: "contacts",
      };
      const answer = await admin
        .get(place(decision.path, { ...ids, field: "email", token: "x" }))
        .buffer(true);
      answers.push(answer.text ?? String(answer.body));
    }
    expect(Object.values(secrets).filter((one) => one.length < 16)).to.deep.equal([]);
    const tables = await rows<{ name: string }>(
      db,
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    const places: Record<string, string> = { log, answers: answers.join("\n") };
    for (const { name } of tables) {
      const { rows: found } = await db.raw(`select string_agg(t::text, E'\\n') as all from "${name}" t`);
      places[`table ${name}`] = found[0].all ?? "";
    }
    expect(places["table inboxes"]).to.contain("Ventas");
    expect(log).to.contain("a request failed");
    const found: string[] = [];
    for (const [name, secret] of Object.entries(secrets))
      for (const [where, text] of Object.entries(places)) {
        const forms = [
          secret,
          Buffer.from(secret).toString("base64"),
          Buffer.from(secret).toString("hex"),
          encodeURIComponent(secret),
        ];
        if (forms.some((form) => text.includes(form))) found.push(`${name} in ${where}`);
      }
    expect(found).to.deep.equal([]);
  });
});
