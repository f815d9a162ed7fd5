import type { ProviderError } from "../../conversations/types.ts";
import { ChannelError, type ChannelOutcome } from "../../platform/errors.ts";

/** What a person can do about a failure. Each has its words in the locales, `failure.<advice>`. */
export type Advice =
  | "retry"
  | "too_fast"
  | "authorize"
  | "account"
  | "unreachable"
  | "not_allowed_yet"
  | "opted_out"
  | "wait_a_day"
  | "window_closed"
  | "media"
  | "template"
  | "request"
  | "unknown";

/** Meta, Cloud API "Error codes", 12 December 2025. */
const advice: [Advice, ReadonlySet<number>][] = [
  ["retry", new Set([1, 2, 131000, 131016, 131057, 133004])],
  ["too_fast", new Set([4, 80007, 130429, 131048, 131056, 133016])],
  ["authorize", new Set([0, 3, 10, 190, 131005, 133010, 131045])],
  ["account", new Set([368, 131031, 130497, 131042, 131037, 131064])],
  ["unreachable", new Set([131026, 131021, 137000, 131062])],
  ["not_allowed_yet", new Set([131030])],
  ["opted_out", new Set([131050])],
  ["wait_a_day", new Set([131049, 130472])],
  ["window_closed", new Set([131047])],
  ["media", new Set([131052, 131053])],
  ["request", new Set([33, 100, 131008, 131009, 131051])],
];

export function adviceFor(code: number): Advice {
  if (code >= 200 && code <= 299) return "authorize";
  if (code >= 132000 && code <= 132999) return "template";
  return advice.find(([, codes]) => codes.has(code))?.[0] ?? "unknown";
}

/** Codes that slow the whole number down, not one recipient. */
const throttlesInbox = new Set([4, 80007, 130429, 131048, 133016]);
const worthRetrying = new Set<Advice>(["retry", "too_fast"]);

/** Meta refused: nothing was sent. Whether another try is worth it depends on the code, else on the status. */
export function refusal(
  status: number,
  error: ProviderError,
  retryAfterSeconds: number | null,
): ChannelError {
  const kind = adviceFor(error.code);
  const retry =
    worthRetrying.has(kind) ||
    error.code === 131053 ||
    status === 429 ||
    (kind === "unknown" && status >= 500);
  const outcome: ChannelOutcome = retry ? "retry" : "final";
  return new ChannelError([error.title, error.details].filter(Boolean).join(" · ").slice(0, 500), {
    outcome,
    code: error.code,
    retryAfterSeconds,
    throttlesInbox: throttlesInbox.has(error.code),
    needsAuthorization: kind === "authorize",
  });
}
