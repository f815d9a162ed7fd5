import { argon2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { Invalid, TooMany } from "../platform/errors.ts";

const derive = promisify(argon2);

/** OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane. */
const cost = { memory: 19456, passes: 2, parallelism: 1, tagLength: 32 };

/** Longer ones only serve to keep the server busy. */
export const longestPassword = 256;
export const shortestPassword = 10;

/** `argon2id$memory$passes$nonce$tag`: the cost is stored, so that it can grow without locking anyone out. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await limited(() => derive("argon2id", { message: password, nonce, ...cost }));
  return ["argon2id", cost.memory, cost.passes, nonce.toString("base64url"), tag.toString("base64url")].join(
    "$",
  );
}

/** Of zxcvbn's 0 to 4: below two, a million guesses are enough (NIST SP 800-63B asks for a list of common ones). */
const weakest = 2;
/** What is looked at of a long one. */
const judged = 100;

/**
 * @param field of the form that shows the fault.
 * @param about words that somebody would try first: name, address, firm.
 * @throws Invalid when it is too short or long, or is among the first that anybody would guess.
 */
export async function checkPassword(
  password: string,
  about: readonly string[],
  field = "password",
): Promise<void> {
  if (password.length < shortestPassword || password.length > longestPassword)
    throw new Invalid({ [field]: "agents.password_length" });
  const words = about
    .flatMap((text) => [text, text.replaceAll(/\s/g, ""), ...text.split(/[\s@.]+/)])
    .filter((text) => text.length > 2);
  const score = await new Promise<number>((done, fail) => {
    const worker = new Worker(new URL("./guess-password.ts", import.meta.url), {
      workerData: { password: password.slice(0, judged), about: words.map((text) => text.toLowerCase()) },
    });
    worker.once("message", done).once("error", fail);
  });
  if (score < weakest) throw new Invalid({ [field]: "agents.password_common" });
}

/** Takes as long for an unknown person as for a wrong password. */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [kind, memory, passes, nonce, tag] = (
    stored ?? `argon2id$${cost.memory}$${cost.passes}$AAAAAAAAAAAAAAAAAAAAAA$AA`
  ).split("$");
  if (kind !== "argon2id" || !nonce || !tag || password.length > longestPassword) return false;
  const expected = Buffer.from(tag, "base64url");
  const given = await limited(() =>
    derive("argon2id", {
      message: password,
      nonce: Buffer.from(nonce, "base64url"),
      parallelism: 1,
      tagLength: 32,
      memory: Number(memory),
      passes: Number(passes),
    }),
  );
  return stored !== null && given.length === expected.length && timingSafeEqual(given, expected);
}

let running = 0;
const waiting: (() => void)[] = [];
/** As many as are checked in about a second. */
const longestQueue = 60;

/** So many passwords wait to be checked that another had better come later. */
export const isBusy = (): boolean => waiting.length >= longestQueue;

/** Two at a time: a flood of sign-ins must not take every core. */
async function limited<T>(work: () => Promise<T>): Promise<T> {
  if (waiting.length >= 2 * longestQueue) throw new TooMany(5);
  if (running >= 2) await new Promise<void>((resume) => waiting.push(resume));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}
