import { WorkersError } from '../workers.error.js';

/** Nobody answered the request before its deadline. If it still waited, it will not be run; if it ran, its signal was aborted. */
export class RequestTimeoutError extends WorkersError {
  readonly code = 'REQUEST_TIMEOUT';

  constructor(
    readonly worker: string,
    readonly timeoutMs: number,
  ) {
    super(
      `A request to worker "${worker}" was not answered within ${timeoutMs} ms. ` +
        `Give it longer (request(..., { timeout })), raise the worker's concurrency, or send a command and do not wait; before the application has started nobody answers.`,
    );
  }
}

/** The sender aborted its own request or command. If it still waited, it will not be run; if it ran, its signal was aborted. */
export class RequestAbortedError extends WorkersError {
  readonly code = 'REQUEST_ABORTED';

  constructor(
    readonly worker: string,
    cause: unknown,
  ) {
    super(`A message to worker "${worker}" was taken back by its sender.`, { cause });
  }
}

/** The channel is overloaded and refuses early; `retryAfterMs` says when to try again. Maps to HTTP 503 with Retry-After. */
export class OverloadedError extends WorkersError {
  readonly code = 'OVERLOADED';

  constructor(
    readonly worker: string,
    readonly channel: string,
    readonly why: string,
    readonly retryAfterMs: number,
  ) {
    super(
      `A message for worker "${worker}" was refused because channel "${channel}" is overloaded: ${why}. Try again in ${retryAfterMs} ms.`,
    );
  }
}
