import type { LookupAddress } from "node:dns";
import { lookup as dnsLookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import ipaddr from "ipaddr.js";
import { Agent, fetch } from "undici";

/** The longest that an answer may take, its body too. Milliseconds. */
const patienceMs = 10_000;
/** The most that is read of an answer, after it is unpacked. Bytes. */
const largestAnswer = 1024 * 1024;

/** What is asked of addresses that somebody typed. */
export interface Egress {
  /** Origins inside the network that whoever installed Hilo allows, as `https://id.firm.lan:8443`; http too. */
  internalOrigins: readonly string[];
  /** Every address of a name; the machine's own resolver by itself. */
  resolve?: (host: string) => Promise<LookupAddress[]>;
  /** Milliseconds; ten seconds by itself. */
  patience?: number;
  /** Bytes; one megabyte by itself. */
  largest?: number;
}

export type SafeFetch = (url: string, init?: RequestInit) => Promise<Response>;

/** The address is not one of the world outside, or says more than anybody may. */
export class FetchRefused extends Error {
  override name = "FetchRefused";
}

/**
 * `fetch` for addresses that somebody typed: https to a public address on the usual port, looked up once and connected to as
 * it was looked up; no redirect is followed, and an answer ends at its limits.
 */
export function openSafeFetch(egress: Egress): SafeFetch {
  const { resolve = (host) => dnsLookup(host, { all: true }) } = egress;
  const { patience = patienceMs, largest = largestAnswer } = egress;
  const limits = { headersTimeout: patience, bodyTimeout: patience, maxHeaderSize: 64 * 1024 };
  const outside = new Agent({ ...limits, connect: { lookup: publicOnly(resolve), timeout: patience } });
  const inside = new Agent({ ...limits, connect: { timeout: patience } });

  return async (text, init = {}) => {
    const url = new URL(text);
    if (url.username || url.password) throw new FetchRefused("an address with a password in it");
    const isInternal = egress.internalOrigins.includes(url.origin);
    if (!isInternal) mustBeOutside(url);
    const timeout = AbortSignal.timeout(patience);
    const answer = await fetch(url, {
      ...(init as object),
      redirect: "manual",
      dispatcher: isInternal ? inside : outside,
      signal: init.signal ? AbortSignal.any([init.signal, timeout]) : timeout,
    });
    const body = await readUpTo(largest, answer.body);
    const isBare = [101, 204, 205, 304].includes(answer.status);
    return new Response(isBare ? null : body, {
      status: answer.status,
      statusText: answer.statusText,
      headers: [...answer.headers],
    });
  };
}

const opened = new WeakMap<readonly string[], SafeFetch>();

/** The one of this installation; its connections are shared. */
export function safeFetchOf({ internalOrigins }: Pick<Egress, "internalOrigins">): SafeFetch {
  const known = opened.get(internalOrigins) ?? openSafeFetch({ internalOrigins });
  opened.set(internalOrigins, known);
  return known;
}

/** Whether an address may be asked at all, as far as can be told before it is looked up. */
export function isAskable(text: string, internalOrigins: readonly string[]): boolean {
  const url = URL.parse(text);
  if (!url || url.username || url.password) return false;
  if (internalOrigins.includes(url.origin)) return true;
  try {
    mustBeOutside(url);
    return true;
  } catch {
    return false;
  }
}

function mustBeOutside(url: URL): void {
  if (url.protocol !== "https:" || url.port !== "") throw new FetchRefused("only https on its usual port");
  // The parser has already made one spelling of decimal, octal and hexadecimal addresses.
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(host) && !isPublic(host)) throw new FetchRefused("not an address of the world outside");
}

/** Not loopback, private, link-local, shared, reserved, nor one that hides such an address in a longer one. */
const isPublic = (address: string): boolean => ipaddr.parse(address).range() === "unicast";

/** Looked up and checked at the moment of connecting: a name that changes its mind in between changes nothing. */
function publicOnly(resolve: NonNullable<Egress["resolve"]>): LookupFunction {
  return (host, options, done) => {
    resolve(host).then(
      (found) => {
        const wanted = found.filter(({ family }) => !options.family || family === options.family);
        const [first] = wanted;
        if (!first) return done(new FetchRefused("the name has no address"), "", 0);
        // One that points inside is reason enough: nobody means to reach both.
        if (!wanted.every(({ address }) => isPublic(address)))
          return done(new FetchRefused("the name points inside"), "", 0);
        if (options.all) return done(null, wanted);
        done(null, first.address, first.family);
      },
      (error: unknown) => done(error as NodeJS.ErrnoException, "", 0),
    );
  };
}

async function readUpTo(
  largest: number,
  body: AsyncIterable<Uint8Array> | null,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > largest) throw new FetchRefused("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
