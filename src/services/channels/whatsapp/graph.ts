import { z } from "zod";
import { ChannelError } from "../../platform/errors.ts";
import { providerError } from "./content.ts";
import { refusal } from "./errors.ts";

/** Meta, Graph API changelog: the newest version on 29 July 2026. */
export const graphVersion = "v26.0";

/** Longer than Meta ever needs; a lease outlives it. Milliseconds. */
const answerTimeoutMs = 30_000;

const graphError = z.looseObject({
  error: z.looseObject({
    code: z.coerce.number().catch(0),
    message: z.string().optional().catch(undefined),
    title: z.string().optional().catch(undefined),
    details: z.string().optional().catch(undefined),
    error_data: z.looseObject({ details: z.string().optional() }).optional().catch(undefined),
  }),
});

/**
 * One call of the Graph API, judged by whether it may have had an effect.
 *
 * @throws ChannelError: `retry` or `final` when Meta refused or was never reached, `unknown` when the answer was lost.
 */
export async function graph(
  url: string,
  token: string,
  request: { method: "GET" | "POST"; json?: unknown; form?: FormData },
): Promise<unknown> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      method: request.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(request.json === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(request.json === undefined ? {} : { body: JSON.stringify(request.json) }),
      ...(request.form ? { body: request.form } : {}),
      redirect: "error",
      signal: AbortSignal.timeout(answerTimeoutMs),
    });
    // What a refusal repeats of the request is kept and shown; the token is not.
    text = (await response.text()).replaceAll(token, "[token]");
  } catch (error) {
    throw networkError(error);
  }
  const body = parse(text);
  if (response.ok && body !== undefined) return body;
  const refused = graphError.safeParse(body);
  if (refused.success) {
    throw refusal(response.status, providerError(refused.data.error), retryAfter(response));
  }
  if (response.status === 429) throw refusal(429, { code: 4, title: "429" }, retryAfter(response));
  const outcome = response.ok || response.status >= 500 ? "unknown" : "final";
  throw new ChannelError(`HTTP ${response.status} without an explanation`, { outcome });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds; Meta sends a number, HTTP also allows a date. */
function retryAfter(response: Response): number | null {
  const value = response.headers.get("retry-after");
  if (!value) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0), 3600) : null;
}

/** Failures before the first byte left: nothing can have been delivered. */
const neverSent = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

function networkError(error: unknown): ChannelError {
  const cause = (error as { cause?: { code?: string; errors?: { code?: string }[] } }).cause;
  const code = cause?.code ?? cause?.errors?.[0]?.code ?? "";
  return neverSent.has(code)
    ? new ChannelError(`WhatsApp could not be reached (${code})`, { outcome: "retry" })
    : new ChannelError("WhatsApp's answer was lost", { outcome: "unknown" });
}
