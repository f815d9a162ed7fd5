import type { MessageKey, MessageValues } from "./message-key.ts";

/** Base of what a service throws on purpose. The key is translated in `routes/errors.ts`, never here. */
export class ServiceError extends Error {
  override name = "ServiceError";
  readonly key: MessageKey;
  readonly values: MessageValues;
  constructor(key: MessageKey, values: MessageValues = {}) {
    super(key);
    this.key = key;
    this.values = values;
  }
}

/** It does not exist, or the actor may not know that it does. */
export class NotFound extends ServiceError {
  override name = "NotFound";
  constructor(key: MessageKey = "error.not_found") {
    super(key);
  }
}

/** The actor sees it but may not do this. */
export class Forbidden extends ServiceError {
  override name = "Forbidden";
  constructor(key: MessageKey = "error.forbidden") {
    super(key);
  }
}

/** The thing is not in a state that allows the act. */
export class Conflict extends ServiceError {
  override name = "Conflict";
}

/** Too much of it at once; `seconds` later it can be done. */
export class TooMany extends ServiceError {
  override name = "TooMany";
  readonly seconds: number;
  constructor(seconds: number) {
    super("error.too_many");
    this.seconds = seconds;
  }
}

/** What was given cannot be taken; one key for each faulty field. */
export class Invalid extends ServiceError {
  override name = "Invalid";
  readonly fields: Record<string, MessageKey>;
  constructor(fields: Record<string, MessageKey>, values: MessageValues = {}) {
    super("error.invalid", values);
    this.fields = fields;
  }
}

/**
 * How a provider's answer to a send is to be taken.
 * `retry`: certainly not delivered, worth another try; `final`: certainly not delivered, do not try by itself;
 * `unknown`: it may have been delivered.
 */
export type ChannelOutcome = "retry" | "final" | "unknown";

/** A provider did not take what we sent. */
export class ChannelError extends Error {
  override name = "ChannelError";
  readonly outcome: ChannelOutcome;
  /** Provider's error code, or null when there was no answer. */
  readonly code: number | null;
  /** Seconds that the provider asked us to wait, or null. */
  readonly retryAfterSeconds: number | null;
  /** The provider asked the whole address to slow down, not this message alone. */
  readonly throttlesInbox: boolean;
  /** The provider no longer accepts the access token. */
  readonly needsAuthorization: boolean;
  constructor(
    message: string,
    detail: {
      outcome: ChannelOutcome;
      code?: number | null;
      retryAfterSeconds?: number | null;
      throttlesInbox?: boolean;
      needsAuthorization?: boolean;
    },
  ) {
    super(message);
    this.outcome = detail.outcome;
    this.code = detail.code ?? null;
    this.retryAfterSeconds = detail.retryAfterSeconds ?? null;
    this.throttlesInbox = detail.throttlesInbox ?? false;
    this.needsAuthorization = detail.needsAuthorization ?? false;
  }
}
