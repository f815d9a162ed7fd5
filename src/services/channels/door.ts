import { createHmac, timingSafeEqual } from "node:crypto";
import type { Knex } from "knex";
import { listAppSecrets } from "../inboxes/queries.ts";
import type { Channel } from "../inboxes/types.ts";
import type { Secrets } from "../platform/secrets.ts";

/** Configured app secrets are read anew after this long at the latest, so that a changed one dies everywhere. */
const secretsLiveMs = 5_000;

export type Verdict =
  | { state: "verified"; fingerprint: string }
  | { state: "refused" }
  | { state: "not_configured" };

export interface Door {
  /** Checks `X-Hub-Signature-256` over the raw bytes. */
  verify: (body: Buffer, signature: string | undefined) => Promise<Verdict>;
  /** Resolves once the delivery is durable. @throws when it could not be stored. */
  store: (channel: Channel, body: Buffer, fingerprint: string) => Promise<void>;
  /** The configured secrets changed. */
  forget: () => void;
}

/**
 * Where deliveries enter: checked, stored whole, not understood. Deliveries that arrive while one insert is under
 * way share the next one, so that a burst costs few commits.
 *
 * @param stored called after each commit.
 */
export function openDoor(db: Knex, secrets: Secrets, stored: () => void): Door {
  let known: { at: number; list: Promise<{ fingerprint: string; appSecret: string }[]> } | null = null;
  const appSecrets = () => {
    if (!known || known.at < Date.now() - secretsLiveMs) {
      known = { at: Date.now(), list: listAppSecrets(db, secrets) };
      known.list.catch(() => {
        known = null;
      });
    }
    return known.list;
  };
  const insert = shareInserts(db, stored);
  return {
    async verify(body, signature) {
      const list = await appSecrets();
      if (list.length === 0) return { state: "not_configured" };
      const given = Buffer.from(signature ?? "", "latin1");
      if (given.length !== 71 || !signature?.startsWith("sha256=")) return { state: "refused" };
      for (const { fingerprint, appSecret } of list) {
        const expected = `sha256=${createHmac("sha256", appSecret).update(body).digest("hex")}`;
        if (timingSafeEqual(given, Buffer.from(expected, "latin1")))
          return { state: "verified", fingerprint };
      }
      return { state: "refused" };
    },
    store: (channel, body, fingerprint) => insert({ channel, body, fingerprint }),
    forget() {
      known = null;
    },
  };
}

interface Delivery {
  channel: Channel;
  body: Buffer;
  fingerprint: string;
}

const largestInsertBytes = 8 * 1024 * 1024;

function shareInserts(db: Knex, stored: () => void): (delivery: Delivery) => Promise<void> {
  type Waiting = Delivery & { resolve: () => void; reject: (error: unknown) => void };
  let waiting: Waiting[] = [];
  let busy = false;
  async function flush(): Promise<void> {
    busy = true;
    while (waiting.length > 0) {
      let bytes = 0;
      const end = waiting.findIndex((one, index) => {
        bytes += one.body.length;
        return index > 0 && bytes > largestInsertBytes;
      });
      const batch = end === -1 ? waiting : waiting.slice(0, end);
      waiting = end === -1 ? [] : waiting.slice(end);
      try {
        await db.raw(
          `insert into inbound_events (channel, body, secret_fingerprint)
           select * from unnest(?::text[], ?::bytea[], ?::text[])`,
          [
            batch.map((one) => one.channel),
            batch.map((one) => one.body),
            batch.map((one) => one.fingerprint),
          ],
        );
        for (const one of batch) one.resolve();
        stored();
      } catch (error) {
        for (const one of batch) one.reject(error);
      }
    }
    busy = false;
  }
  return (delivery) =>
    new Promise((resolve, reject) => {
      waiting.push({ ...delivery, resolve, reject });
      if (!busy) void flush();
    });
}
