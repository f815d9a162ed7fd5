import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
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
}

/** Reads the installation's key, or makes it once in `DATA_DIR/secret.key` (mode 600). */
export function openSecrets(config: { secretKey: string | null; dataDir: string }): Secrets {
  const key = config.secretKey ?? keyFromFile(join(config.dataDir, "secret.key"));
  const derive = (purpose: string) =>
    Buffer.from(hkdfSync("sha256", key, "hilo", purpose, 32)).toString("base64url");
  const rowKey = Buffer.from(derive("rows"), "base64url");
  const printKey = derive("fingerprint");
  return {
    derive,
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
      const decipher = createDecipheriv("aes-256-gcm", rowKey, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
    },
  };
}

function keyFromFile(path: string): string {
  if (!existsSync(path)) {
    try {
      writeFileSync(path, `${randomBytes(32).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
  chmodSync(path, 0o600);
  const key = readFileSync(path, "utf8").trim();
  if (key.length < 32) throw new Error(`${path} holds no usable key: restore it from the backup`);
  return key;
}

/** A random secret of 256 bits for links and tokens. */
export const randomToken = (): string => randomBytes(32).toString("base64url");

/** What is stored of a random token: enough to recognise it, nothing to use. */
export const tokenHash = (token: string): string => createHash("sha256").update(token).digest("base64url");
