import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { parseArgs } from "node:util";
import { readConfig } from "./config.ts";
import { openPlatform } from "./server.ts";
import { createAgent } from "./services/agents/agent.ts";
import { createApiToken } from "./services/agents/api-tokens.ts";
import { seal } from "./services/audit/seal.ts";
import { sealHash, verify } from "./services/audit/verify.ts";
import { loadDemo } from "./services/demo/load.ts";
import { demoAgents } from "./services/demo/week.ts";
import { isServing, rotateSecrets } from "./services/inboxes/rotate-secrets.ts";
import { type Context, systemContext } from "./services/platform/context.ts";
import { Invalid, ServiceError } from "./services/platform/errors.ts";
import { addKey, openSecrets, randomToken } from "./services/platform/secrets.ts";
import { markAll } from "./services/reports/keep-facts.ts";
import { isTextKey, translateFor } from "./views/i18n.ts";

interface Command {
  usage: string;
  run: (ctx: Context, options: Record<string, string | boolean | undefined>) => Promise<number>;
}

/** The `hilo` command. Each command calls a service, whether the server runs or not. */
const commands: Record<string, Command> = {
  "user create": {
    usage: "user create --email EMAIL --name NAME --role agent|supervisor|admin [--password-stdin]",
    async run(ctx, options) {
      const password = await readPassword(options["password-stdin"] === true);
      const agent = await createAgent(ctx, {
        email: required(options, "email"),
        name: required(options, "name"),
        role: required(options, "role"),
        password,
      });
      print(`Created ${agent.email} (${agent.roleName}).`);
      return 0;
    },
  },
  "token create": {
    usage: "token create --name NAME --agent EMAIL",
    async run(ctx, options) {
      const token = await createApiToken(ctx, {
        name: required(options, "name"),
        email: required(options, "agent"),
      });
      print("Keep this token: it is shown only once.");
      print(token);
      return 0;
    },
  },
  "facts rebuild": {
    usage: "facts rebuild",
    async run(ctx) {
      print(`${await markAll(ctx)} conversations will be measured anew within a few minutes.`);
      return 0;
    },
  },
  "audit verify": {
    usage: "audit verify [--seal NUMBER]",
    async run(ctx, options) {
      await seal(ctx);
      const result = await verify(ctx);
      if (typeof options.seal === "string")
        print(`Seal ${options.seal}: ${await sealHash(ctx, options.seal)}`);
      if (result.fault) {
        print(`Broken: ${result.fault}`);
        return 1;
      }
      print(
        `Intact: ${result.auditEvents} audit events and ${result.messages} messages in ${result.seals} seals.`,
      );
      return 0;
    },
  },
  "secrets rotate": {
    usage: "secrets rotate",
    async run(ctx) {
      if (await isServing(ctx)) {
        print("Stop Hilo first: a process that runs knows the old key only.");
        return 1;
      }
      // With SECRET_KEY=new,old the new one is there already.
      if (!ctx.config.secretKey) addKey(ctx.config.dataDir);
      const n = await rotateSecrets({ ...ctx, secrets: openSecrets(ctx.config) });
      print(`${n} stored secrets are encrypted with the new key. Back it up, then start Hilo.`);
      print("The keys before it stay behind it: seals of their time are proved with them.");
      return 0;
    },
  },
  "demo load": {
    usage: "demo load",
    async run(ctx) {
      const password = randomToken().slice(0, 16);
      await loadDemo(ctx, password);
      print("The demo's weeks are loaded. Its people, all with the password on the last line:");
      for (const { email } of demoAgents) print(email);
      print(password);
      return 0;
    },
  },
};

function required(options: Record<string, string | boolean | undefined>, name: string): string {
  const value = options[name];
  if (typeof value !== "string" || value.trim() === "") throw new Error(`--${name} is missing.`);
  return value;
}

async function readPassword(fromInput: boolean): Promise<string> {
  if (fromInput) {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return Buffer.concat(chunks)
      .toString("utf8")
      .replace(/\r?\n$/, "");
  }
  if (!process.stdin.isTTY)
    throw new Error("Nobody is there to type a password: give it with --password-stdin.");
  process.stderr.write("Password (at least 10 characters, not shown): ");
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input: process.stdin, output: silent, terminal: true });
  try {
    return await line.question("");
  } finally {
    line.close();
    process.stderr.write("\n");
  }
}

const print = (text: string) => process.stdout.write(`${text}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    strict: true,
    options: {
      email: { type: "string" },
      name: { type: "string" },
      role: { type: "string" },
      agent: { type: "string" },
      seal: { type: "string" },
      "password-stdin": { type: "boolean" },
    },
  });
  const command = commands[positionals.slice(0, 2).join(" ")];
  if (!command || positionals.length > 2) {
    print(
      `Usage:\n${Object.values(commands)
        .map(({ usage }) => `  hilo ${usage}`)
        .join("\n")}`,
    );
    return positionals.length === 0 ? 0 : 2;
  }
  const config = readConfig({ LOG_LEVEL: "warn", ...process.env });
  const { platform, close } = await openPlatform(config, 4);
  try {
    return await command.run({ ...systemContext(platform), source: "cli" }, values);
  } finally {
    await close();
  }
}

/** What a person can read of an error; the rest of it is for the log. */
function words(error: unknown): string {
  const t = translateFor("en");
  if (error instanceof Invalid)
    return Object.values(error.fields)
      .map((key) => (isTextKey(key) ? t(key, error.values) : key))
      .join(" ");
  if (error instanceof ServiceError && isTextKey(error.key)) return t(error.key, error.values);
  return error instanceof Error ? error.message : String(error);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${words(error)}\n`);
  process.exitCode = 1;
}
