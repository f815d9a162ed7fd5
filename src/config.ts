import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

const root = resolve(import.meta.dirname, "..");
const flag = z.enum(["0", "1", "true", "false"]).transform((value) => value === "1" || value === "true");

const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
  DATABASE_URL: z.string().min(1).optional(),
  DATABASE_REPLICA_URL: z.string().min(1).optional(),
  DATA_DIR: z.string().min(1).default("data"),
  SECRET_KEY: z
    .string()
    .refine((text) => text.split(",").every((key) => key.trim().length >= 32), "needs at least 32 characters")
    .optional(),
  ROLE: z.enum(["all", "web", "worker"]).default("all"),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  TRUST_PROXY: z.string().default(""),
  ADMIN_EMAIL: z.email().optional(),
  ADMIN_PASSWORD: z.string().min(10, "needs at least 10 characters").max(256).optional(),
  WHATSAPP_API_URL: z.url({ protocol: /^https?$/ }).default("https://graph.facebook.com"),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  INTERNAL_ORIGINS: z.string().default("").transform(origins).pipe(z.array(z.string())),
  METRICS_TOKEN: z.string().min(16, "needs at least 16 characters").optional(),
  DEMO: flag.default(false),
  FAULTS_CRASH_AT: z.enum(["after-claim", "after-call", "before-record"]).optional(),
});

export type Config = ReturnType<typeof readConfig>;

/**
 * The one reader of the environment. Relative folders count from the project, not from where the command
 * was typed, so that Hilo finds its data from any folder.
 *
 * @throws Error that lists every fault, one a line.
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`Hilo cannot start, the configuration has faults:\n${faults.join("\n")}`);
  }
  const values = parsed.data;
  const dataDir = resolve(root, values.DATA_DIR);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return {
    port: values.PORT,
    host: values.HOST,
    baseUrl: values.BASE_URL?.replace(/\/$/, "") ?? null,
    databaseUrl: values.DATABASE_URL ?? null,
    replicaUrl: values.DATABASE_REPLICA_URL ?? null,
    dataDir,
    secretKey: values.SECRET_KEY ?? null,
    runsWeb: values.ROLE !== "worker",
    runsWorker: values.ROLE !== "web",
    logLevel: values.LOG_LEVEL,
    trustProxy: trustProxy(values.TRUST_PROXY),
    admin:
      values.ADMIN_EMAIL && values.ADMIN_PASSWORD
        ? { email: values.ADMIN_EMAIL, password: values.ADMIN_PASSWORD }
        : null,
    whatsappApiUrl: values.WHATSAPP_API_URL.replace(/\/$/, ""),
    smtpUrl: values.SMTP_URL ?? null,
    /** Where this process answers itself, whatever stands before it. */
    ownUrl: `http://${ownHost(values.HOST)}:${values.PORT}`,
    /** Inside the network, and asked all the same when somebody types an address of theirs. */
    internalOrigins: values.INTERNAL_ORIGINS,
    metricsToken: values.METRICS_TOKEN ?? null,
    demo: values.DEMO,
    faultsCrashAt: values.FAULTS_CRASH_AT ?? null,
  };
}

/** A list of `https://host:port`, without a path. */
function origins(value: string, context: z.RefinementCtx): string[] {
  const given = value.split(",").flatMap((one) => one.trim() || []);
  for (const one of given)
    if (!/^https?:$/.test(URL.parse(one)?.protocol ?? "") || URL.parse(one)?.origin !== one)
      context.addIssue({
        code: "custom",
        message: `${one} is not an origin such as https://id.firm.lan:8443`,
      });
  return given;
}

/** Hop count or a list of addresses, never "every proxy": anybody could then choose their own address. */
function trustProxy(value: string): number | string[] | false {
  if (value === "" || value === "false") return false;
  if (/^\d+$/.test(value)) return Number(value);
  return value.split(",").map((address) => address.trim());
}

/** Where a server that listens on `host` is reached from this machine. */
function ownHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
