import { suggestion, WorkersError } from '../workers.error.js';
import { type Ending, inWords } from './body.js';

/** The file of an isolated handler does not export its class, so an isolate could not find it. */
export class HandlerNotExportedError extends WorkersError {
  readonly code = 'HANDLER_NOT_EXPORTED';

  constructor(
    readonly className: string,
    readonly file: string | undefined,
    readonly exported: readonly string[],
    cause?: unknown,
  ) {
    const found =
      cause === undefined ? `It exports no such class.${suggestion(className, exported)}` : 'There is no such file.';
    super(
      `${className} is to run in an isolate, which looks for it in ${file ?? 'the file that decorates it, and nobody knows which that is'}. ` +
        `${file === undefined ? '' : found} Export the class from the file it is decorated in; ` +
        ` in a bundle, say where it is with file: import.meta.url.`,
      cause === undefined ? undefined : { cause },
    );
  }
}

/** An isolate did not come to life; the `cause` says why. */
export class IsolateStartError extends WorkersError {
  readonly code = 'ISOLATE_NOT_STARTED';

  constructor(
    readonly worker: string,
    readonly isolate: string,
    why: string,
    cause?: unknown,
  ) {
    super(`Isolate ${isolate} of worker "${worker}" could not be started: ${why}`, { cause });
  }
}

/**
 * The isolate died while a handler was in it: nobody knows how far it came. Where the crash policy is `retry`, it was tried `attempt`
 * times.
 */
export class IsolateCrashedError extends WorkersError {
  readonly code = 'ISOLATE_CRASHED';

  constructor(
    readonly worker: string,
    readonly messageId: string,
    readonly isolate: string,
    readonly reason: Ending,
    readonly attempt: number,
    readonly maxAttempts: number,
  ) {
    super(
      `Isolate ${isolate} of worker "${worker}" died while it handled message ${messageId}: ${inWords(reason)} ` +
        `(attempt ${attempt} of ${maxAttempts}). ` +
        (maxAttempts === 1
          ? 'If the handler may run twice, set crash: { attempts: 2 } on its dispatch.'
          : 'Look at what the message makes the handler do.'),
    );
  }
}

/** Isolates died one after the other before any message was finished; until `retryAfterMs` have passed none is started. */
export class CrashLoopError extends WorkersError {
  readonly code = 'ISOLATE_CRASH_LOOP';

  constructor(
    readonly worker: string,
    readonly crashes: number,
    readonly retryAfterMs: number,
    cause: unknown,
  ) {
    super(
      `The isolates of worker "${worker}" died ${crashes} times in a row; none is started for ${retryAfterMs} ms. ` +
        `The last one: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

/** What only the host can do was asked for inside an isolate. */
export class NotInIsolateError extends WorkersError {
  readonly code = 'NOT_IN_ISOLATE';

  constructor(
    readonly asked: string,
    way: string,
  ) {
    super(`${asked} was asked for inside an isolate, where channels can only be put to. ${way}`);
  }
}
