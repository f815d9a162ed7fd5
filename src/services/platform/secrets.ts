import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Secrets {
  /** AES-256-GCM with a fresh nonce; the text begins with the scheme's version. */
  encrypt: (plain: string) => string;
  /** @throws Error when the key is another one or the text was changed. */
  decrypt: (sealed: string) => string;
  /** Keyed fingerprint: the same secret gives the same text, and the text gives nothing back. */
  fingerprint: (value: string) => string;
  /** A key for one purpose, so that cookies and rows never share one. */
  derive: (purpose: string) => string;
  /** The same of every key there has been, the newest first: what was marked before a rotation is still known. */
  deriveAll: (purpose: string) => string[];
}

/**
 * Reads the installation's keys, or makes the first one in `DATA_DIR/secret.key` (mode 600). The newest comes first, one a
 * line there, with commas between them in `SECRET_KEY`: it encrypts, all of them decrypt.
 */
export function openSecrets(config: { secretKey: string | null; dataDir: string }): Secrets {
  const keys = config.secretKey ? config.secretKey.split(",") : keysFromFile(fileOf(config.dataDir));
  const deriveAll = (purpose: string) =>
    keys.map((key) => Buffer.from(hkdfSync("sha256", key.trim(), "hilo", purpose, 32)).toString("base64url"));
  const derive = (purpose: string) => deriveAll(purpose)[0] ?? "";
  const rowKeys = deriveAll("rows").map((key) => Buffer.from(key, "base64url"));
  const [rowKey = Buffer.alloc(0)] = rowKeys;
  const printKey = derive("fingerprint");
  return {
    derive,
    deriveAll,
    fingerprint: (value) => createHmac("sha256", printKey).update(value).digest("base64url"),
    encrypt(plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", rowKey, nonce);
      const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
      return `v1.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url")}`;
    },
    decrypt(text) {
      const [version, body] = text.split(".");
      if (version !== "v1" || !body) throw new Error("a stored secret has an unknown form");
      const bytes = Buffer.from(body, "base64url");
      for (const key of rowKeys) {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
        decipher.setAuthTag(bytes.subarray(12, 28));
        try {
          return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
        } catch {
          // Of another key, or changed: the mark fits none of them then.
        }
      }
      throw new Error("a stored secret is of another key, or was changed");
    },
  };
}

const fileOf = (dataDir: string) => join(dataDir, "secret.key");

/** A new key before those there are. Whole or not at all: the file is replaced by its successor. */
export function addKey(dataDir: string): void {
  const path = fileOf(dataDir);
  const next = `${path}.next`;
  writeFileSync(next, `${[randomBytes(32).toString("base64url"), ...keysFromFile(path)].join("\n")}\n`, {
    mode: 0o600,
  });
  renameSync(next, path);
}

function keysFromFile(path: string): string[] {
  if (!existsSync(path)) {
    try {
      writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  chmodSync(path, 0o600);
  const keys = readFileSync(path, "utf8").trim().split(/\s+/);
  if (keys.some((key) => key.length < 32))
    throw new Error(`${path} holds no usable key: restore it from the backup`);
  return keys;
}

/** A random secret of 256 bits for links and tokens. */
export const randomToken = (): string => randomBytes(32).toString("base64url");

/** What is stored of a random token: enough to recognise it, nothing to use. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("base64url");
