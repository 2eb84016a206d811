import { WorkersError } from '../workers.error.js';

/** An inline handler held the event loop. Move it to a thread or a process, or split the work. */
export class HandlerBlockedError extends WorkersError {
  readonly code = 'HANDLER_BLOCKED';

  constructor(
    readonly worker: string,
    readonly messageId: string,
    readonly blockedMs: number,
    readonly guardMs: number,
    readonly location: string | undefined,
  ) {
    super(
      `Worker "${worker}" held the event loop for ${blockedMs.toFixed(1)} ms on message ${messageId}` +
        `${location === undefined ? '' : ` at ${location}`}; the guard allows ${guardMs} ms. ` +
        `Run the handler in a thread or a process (dispatch), or split the work. (guard: 'report' only tells; 'off' is silent.)`,
    );
  }
}
