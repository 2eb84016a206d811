import { inspect, types } from 'node:util';

/**
 * Why a message was not done.
 *
 * The rule behind `retryable`: before the handler was entered any fault may be tried again; after, an unknown outcome is not
 * blamed on the message but is not known to be harmless either (`Lost`, where the channel's policy decides). A handler's own
 * `PermanentError` or `RetryableError` is believed. (Taxonomy after tasker's failure classification, seed 003.)
 */
export interface Fault {
  readonly kind: FaultKind;
  readonly retryable: boolean;
  /** What was thrown, or the library's own error that says what happened; always an `Error`. */
  readonly error: Error;
  /** Asked for by a `RetryableError`: not before this many milliseconds have passed. */
  readonly retryAfterMs?: number;
}

/** The closed list of fault kinds, each with whether it is retryable when nobody says otherwise. */
export const FAULT_KINDS = {
  handler_error: true,
  handler_timeout: true,
  handler_blocked: false,
  handler_not_found: false,
  serialization_error: false,
  validation_error: false,
  isolate_crashed: true,
  aborted: true,
} as const satisfies Record<string, boolean>;

export type FaultKind = keyof typeof FAULT_KINDS;

/** Thrown by a handler: trying again cannot help. The message fails for good. */
export class PermanentError extends Error {
  override name = 'PermanentError';
}

/** Thrown by a handler: trying again may help, `afterMs` from now at the earliest where the channel can retry. */
export class RetryableError extends Error {
  override name = 'RetryableError';
  readonly afterMs: number | undefined;

  constructor(message: string, options: ErrorOptions & { afterMs?: number } = {}) {
    super(message, options);
    this.afterMs = options.afterMs;
  }
}

/** The fault of a handler that threw `thrown`, whatever that is. */
export function thrownFault(thrown: unknown): Fault {
  const error = asError(thrown);
  if (error instanceof RetryableError) {
    const after = error.afterMs === undefined ? {} : { retryAfterMs: error.afterMs };
    return { kind: 'handler_error', retryable: true, error, ...after };
  }
  return { kind: 'handler_error', retryable: !(error instanceof PermanentError), error };
}

/** A fault of a kind with its usual `retryable`. */
export function fault(kind: FaultKind, error: Error): Fault {
  return { kind, retryable: FAULT_KINDS[kind], error };
}

/**
 * `thrown` itself when it is an `Error` that can be read; otherwise an `Error` whose message shows it and whose `cause` is it. Never
 * throws, whatever was thrown: a getter or a proxy may.
 */
export function asError(thrown: unknown): Error {
  try {
    // An error of another realm (a vm context, some test runners) is an error too.
    const isError = thrown instanceof Error || types.isNativeError(thrown);
    if (isError && typeof thrown.message === 'string') return thrown;
    return new Error(typeof thrown === 'string' ? thrown : describe(thrown), { cause: thrown });
  } catch {
    return new Error('A value that is not an Error and cannot be shown was thrown', { cause: thrown });
  }
}

function describe(thrown: unknown): string {
  return `A value that is not an Error was thrown: ${inspect(thrown, { depth: 1, breakLength: Infinity })}`;
}
