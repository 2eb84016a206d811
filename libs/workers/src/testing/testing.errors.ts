import { WorkersError } from '../workers.error.js';

/** A test waited for something that did not happen in time. The message says for what, and what there was instead. */
export class WaitedTooLongError extends WorkersError {
  readonly code = 'WAITED_TOO_LONG';

  constructor(
    readonly limitMs: number,
    what: string,
  ) {
    super(`Waited ${limitMs} ms for ${what}`);
  }
}

/** The workers do not run, so what a test asks for would never happen. */
export class WorkersNotRunningError extends WorkersError {
  readonly code = 'WORKERS_NOT_RUNNING';

  constructor(asked: string, state: string) {
    super(
      `${asked} was asked for, and the workers are ${state}. ` +
        `Call it between app.init() (or WorkerGateway.start(), with autoStart: false) and app.close().`,
    );
  }
}
